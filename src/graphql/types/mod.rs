//! The types of the schema, by topic.

pub mod money;
pub mod behavior;
pub mod engagement;
pub mod forecast;
pub mod connection;
pub mod activity;
pub mod insight;
pub mod explanation;
pub mod list;
pub mod dead_letter;
pub mod consent;
pub mod audit;
pub mod export;
pub mod model;
pub mod model_settings;
pub mod erasure;
pub mod retention;
pub mod channel;
pub mod recommendation;
pub mod tour;
