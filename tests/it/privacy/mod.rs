//! The rights of persons: the ledger of tables against the live schema, and erasures with everything in their way.

mod ledger;
