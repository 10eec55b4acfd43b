//! Composition only: configuration, commands, wiring, shutdown.
//!
//! The one floor that reads the environment and, with `workers`, spawns tasks.

pub mod config;
mod cli;
mod commands;
mod database;
mod doors;
mod progress;
mod office;
mod parts;
mod readiness;
mod rights;
mod upkeep;
mod signals;
pub mod wiring;
pub mod hasura_metadata;

use std::process::ExitCode;

use clap::Parser;

pub use database::Database;

/// Runs the command line of this process to its end.
#[must_use]
pub fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.into()),
    };
    match runtime.block_on(commands::run(cli)) {
        Ok(code) => code,
        Err(error) => fail(&error),
    }
}

/// Says why and what lies behind it, on standard error.
#[expect(
    clippy::print_stderr,
    reason = "the last words of a command, when logging may not be up"
)]
fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {error:#}");
    ExitCode::FAILURE
}
