//! The ledger of tables: for every table of the schema, where in it a person occurs, what an erasure does with that,
//! how long it is kept and what a person gets of it.
//!
//! A test holds it against the live catalogue: a table that is missing here, or a column that could hold an id or a
//! body and is not declared, fails. Deliberately absent: statements; `scan` makes them from this.

pub use super::tables::TABLES;

/// How a person occurs in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occurs {
    /// The id itself, in a `uuid` column (which may hold ids of other things, too).
    Id,
    /// The id's 16 bytes, somewhere in a body in postcard form (behind its length, the byte 16).
    Body,
    /// The id written out, in `text` or `jsonb`.
    Text,
    /// The id written out, in JSON kept as `bytea`.
    Written,
    /// Only the nameless tag of an erased person.
    Tag,
}

/// What an erasure does with the rows that name the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Erased {
    /// They are deleted.
    Deleted,
    /// Their own rows are deleted, in those about others the name becomes a nameless mark.
    Veiled,
    /// The row stays, what it holds of the delivery goes.
    Emptied,
    /// They are folded behind the fence, which lets no name through.
    Folded,
    /// The name is a place in work under way, and goes when that ends.
    Passing,
    /// Nothing names the person there.
    Nothing,
}

/// How a table is part of what a person can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Export {
    /// Under this name.
    As(&'static str),
    /// Not at all, because …
    Not(&'static str),
}

/// What the ledger says about one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    /// Its name, without the schema.
    pub name: &'static str,
    /// The room that writes it.
    pub room: &'static str,
    /// What it holds of a person, in words.
    pub holds: &'static str,
    /// The column that says whose row it is; none where a person occurs only inside of bodies, or not at all.
    pub person: Option<&'static str>,
    /// Every column in which a person may occur, the above among them.
    pub occurs: &'static [(&'static str, Occurs)],
    /// Columns that look as if a person could occur in them (ids, tags, bodies, texts), and none does.
    pub nobody: &'static [&'static str],
    /// What an erasure does.
    pub erased: Erased,
    /// How long it is kept.
    pub kept: &'static str,
    /// What the person gets of it.
    pub export: Export,
}

impl Table {
    /// Whether rows of it can name a person at all.
    #[must_use]
    pub fn names_persons(&self) -> bool {
        self.occurs.iter().any(|(_, how)| *how != Occurs::Tag)
    }
}

/// What the ledger says about a table, if it is in it.
#[must_use]
pub fn of(name: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.name == name)
}
