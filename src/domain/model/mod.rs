//! What is learned: models that a tenant's history trains, and how good they are.
//!
//! Every model is a plain value: trained from numbers, stored as bytes, asked with numbers. The same input gives the
//! same bytes on every machine: no clock, no randomness but a stored seed, no hash-map order, logarithms from `libm`.
//! Absent on purpose: where the numbers come from and where the models are kept.

pub mod seed;
pub mod wilson;
pub mod interactions;
pub mod ranking;
pub mod co_counts;
pub mod popularity;
pub mod again;
pub mod also_booked;
pub mod ease;
pub mod tune;
