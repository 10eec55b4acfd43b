//! Everything that a request may cost, in one place.

/// Limits of one request. Aliases of a join field cost nothing more, up to a number that only memory sets.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Longest body, in bytes. Hasura sends one alias per key in one text: 5,000 keys are about 600 kB.
    pub body_bytes: usize,
    /// Deepest nesting of fields; introspection needs 15.
    pub depth: usize,
    /// Deepest nesting of brackets of any kind: what the parser's recursion can follow on its stack.
    pub nesting: usize,
    /// Most fields below the root, identical selections counted once; introspection needs about 200.
    pub distinct_fields: usize,
    /// Most fields in all, equal ones counted each time: far above any join (5,000 keys with every field are 600,000),
    /// so that only what could exhaust memory is refused.
    pub all_fields: usize,
    /// Most uses of root fields that no join reaches.
    pub lists: usize,
    /// Most operations and fragments in one document.
    pub definitions: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 16 * 1024 * 1024,
            depth: 24,
            nesting: 64,
            distinct_fields: 2_000,
            all_fields: 2_000_000,
            lists: 20,
            definitions: 100,
        }
    }
}
