//! Everything that a request may cost, in one place.

/// Limits of one request. None of them grows with the number of aliases of a join field.
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
            definitions: 100,
        }
    }
}
