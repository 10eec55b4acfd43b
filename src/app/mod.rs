//! Composition only: configuration, commands, wiring, shutdown.

pub mod config;
