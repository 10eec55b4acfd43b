//! The database itself: where it comes from, how it is reached and migrated, and what its errors mean.
