//! What people and doors can do: one intent, one file.

pub mod desks;
pub mod receive;
pub mod backfill;
pub mod dead_letters;
pub mod cron;
pub mod models;
pub mod model_settings;
pub mod consents;
pub mod wishes;
mod record;
