//! Everything that a request may cost, in one place.
//!
//! Two classes of callers. Those whom Hasura names a role for send remote joins: one alias a key, thousands of them, all with
//! one selection; equal selections are charged once, and what counts each time has a bound that only memory sets. Those
//! without a role that means anything may read the schema and nothing else, and get what that needs. Nobody gets here
//! without the gateway secret.

/// Limits of one request.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Longest body, in bytes. Hasura sends one alias per key in one text: 5,000 keys are about 600 kB.
    pub body_bytes: usize,
    /// Deepest nesting of brackets of any kind: what the parser's recursion can follow on its stack.
    pub nesting: usize,
    /// Most operations and fragments in one document.
    pub definitions: usize,
    /// Most tokens of a document, counted before it is parsed, besides those that each key of a join brings.
    pub tokens: usize,
    /// Tokens that each use of a join field brings: every field of an insight is about 200.
    pub tokens_per_key: usize,
    /// Deepest nesting of fields; introspection needs 15.
    pub depth: usize,
    /// Most fields below the root, identical selections counted once; introspection needs about 200.
    pub distinct_fields: usize,
    /// Complexity: most values that the answer could have, each alias and each place of a page counted: far above any join
    /// (5,000 keys with every field are 600,000), so that only what could exhaust memory is refused.
    pub values: usize,
    /// Most uses of root fields that no join reaches: each is a statement of its own.
    pub lists: usize,
    /// Most aliases beside those of join fields, identical selections counted once.
    pub aliases: usize,
    /// Most directives.
    pub directives: usize,
    /// How often lists of the schema may nest in introspection: they refer to each other without end.
    pub introspection_lists: usize,
    /// The same for callers without a role that means anything.
    pub stranger: Stranger,
    /// How often a tenant may ask.
    pub rate: Rate,
}

/// What is left of a document for those who may only read the schema.
#[derive(Clone, Debug)]
pub struct Stranger {
    /// Most tokens.
    pub tokens: usize,
    /// Most aliases, each counted.
    pub aliases: usize,
    /// Most root fields.
    pub roots: usize,
    /// Most fields, each counted.
    pub fields: usize,
}

/// A bucket of requests that fills again by itself; one for each tenant, and one for requests that name none.
///
/// A request takes one, and one more for each use of a root field that no join reaches beyond the first.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// So many a second in the long run; 0 for no limit at all.
    pub requests_per_second: u32,
    /// So many at once.
    pub burst: u32,
}

/// Most persons, letters and the like on a page of a root list.
pub const MOST_LISTED: u32 = 200;
/// Most activities on a page of a timeline.
pub const MOST_ACTIVITIES: u32 = 100;

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 16 * 1024 * 1024,
            nesting: 64,
            definitions: 100,
            tokens: 20_000,
            tokens_per_key: 1_000,
            depth: 24,
            distinct_fields: 2_000,
            values: 1_000_000,
            lists: 20,
            aliases: 100,
            directives: 50,
            introspection_lists: 2,
            stranger: Stranger {
                tokens: 2_000,
                aliases: 15,
                roots: 10,
                fields: 300,
            },
            rate: Rate {
                requests_per_second: 1_000,
                burst: 2_000,
            },
        }
    }
}
