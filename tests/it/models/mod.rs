//! Models: how versions are kept, who speaks since when, training and what it comes to.

mod golden;
mod registry;
