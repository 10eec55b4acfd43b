//! Read models that change because time passed or something was learned.

pub mod training;
pub mod scoring;
