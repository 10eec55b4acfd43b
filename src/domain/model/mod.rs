//! Models: what probably comes next and what people like, learnt from what came before.
//!
//! Every model is a plain value: trained from numbers, stored as bytes, asked with numbers. Pure: no clock, no randomness
//! but a stored seed, no order of hash maps; logarithms and their kin come from `libm`, so that every machine learns the
//! same. Absent on purpose: where models are stored and when they are trained.

pub mod history;
pub mod message;

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
pub mod clusters;
