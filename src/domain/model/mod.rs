//! Models: what probably comes next, learnt from what came before.
//!
//! Pure: no clock, no randomness but a stored seed, no order of hash maps; logarithms and their kin come from `libm`,
//! so that every machine learns the same. Absent on purpose: where models are stored and when they are trained.

pub mod special;
pub mod simplex;
pub mod dropout;
pub mod spend;
pub mod history;
pub mod message;
