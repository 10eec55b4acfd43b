//! Composition only: configuration, commands, wiring, shutdown.
