//! Deliveries that are durable but not yet understood, and the dead letters that never will be.
