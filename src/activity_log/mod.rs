//! The append-only log: one row is one version of one source row as it concerns one person.
