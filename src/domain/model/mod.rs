//! Models: what probably comes next and what people like, learnt from what came before.
//!
//! A model is a plain value, trained from many people's histories, and holds nothing of any of them; a person is scored
//! by it at an instant. Pure: no clock, no randomness but a stored seed, no order of hash maps; logarithms and their kin
//! come from `libm`, so that every machine learns the same. Absent on purpose: where versions of models are kept (that
//! is `models`) and when they are trained.

pub mod registry;
pub mod history;
pub mod message;
pub mod histories;

pub mod special;
pub mod simplex;
pub mod dropout;
pub mod spend;
pub mod quality;
pub mod logistic;
pub mod calibrate;
pub mod facts;
pub mod renewal;
pub mod reason;
pub mod churn;
mod window;
pub mod backtest;
pub mod train;
#[cfg(test)]
mod planted;

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
pub mod channel;
pub mod engagement;
pub mod habits;
pub mod sentiment;
pub mod settings;
pub mod standing;
pub mod tours;
