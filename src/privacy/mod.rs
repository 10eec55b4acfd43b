//! The rights of persons. Deliberately absent: deciding whether a request is lawful, which is the operator's.

pub mod export;
