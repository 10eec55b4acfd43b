//! One file a subcommand.

pub(super) mod audit;
pub(super) mod backfill;
pub(super) mod dead_letters;
pub(super) mod demo;
pub(super) mod doctor;
pub(super) mod erase;
pub(super) mod export;
pub(super) mod hasura;
pub(super) mod lab;
mod migrate;
pub(super) mod outbox;
pub(super) mod purposes;
pub(super) mod rebuild;
pub(super) mod retain;
pub(super) mod train;
pub(super) mod verify;
mod serve;

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, ensure};

use super::Database;
use super::cli::{Cli, Command, ConfigCommand};
use super::config::{Config, MadeUp, Secrets};
use crate::domain::clock::Clock;
use crate::projections::Settings;
use crate::resolve::fence::Pepper;
use crate::resolve::fence_file::FenceFile;
use crate::telemetry::logs;
use crate::workers::{self, Folding};

/// Runs what the command line says.
pub(super) async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let config = Config::from_environment()?;
    logs::init(&config.telemetry.filter, config.telemetry.format)?;
    // Fails only where a provider is chosen already, which is then as good.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    match cli.command.unwrap_or(Command::Serve) {
        Command::Doctor(options) => return Box::pin(doctor::run(config, options)).await,
        Command::Export(options) => return Box::pin(export::run(config, options)).await,
        Command::Serve => serve::run(config).await,
        Command::Demo(options) => Box::pin(demo::run(config, options)).await,
        Command::Schema => say(&crate::graphql::sdl()),
        Command::Access => say(&crate::graphql::access::document()),
        Command::Migrate => migrate::run(&config).await,
        Command::Rebuild(options) => rebuild::run(&config, options).await,
        Command::Verify(options) => verify::run(&config, options).await,
        Command::Erase(options) => Box::pin(erase::run(config, options)).await,
        Command::Retain(options) => Box::pin(retain::run(config, options)).await,
        Command::Train(options) => Box::pin(train::run(&config, options)).await,
        Command::Audit(command) => Box::pin(audit::run(config, command)).await,
        Command::Backfill(options) => Box::pin(backfill::run(config, options)).await,
        Command::DeadLetters(command) => Box::pin(dead_letters::run(&config, command)).await,
        Command::Purposes(command) => purposes::run(&config, command).await,
        Command::Outbox(command) => outbox::run(&config, command).await,
        Command::Hasura(arguments) => hasura::run(&arguments),
        Command::Lab(command) => lab::run(&command),
        Command::Config {
            command: None | Some(ConfigCommand::Print),
        } => say(&config.to_string()),
    }?;
    Ok(ExitCode::SUCCESS)
}

/// What folding needs, for commands.
fn folding(database: &Database, config: &Config) -> Folding {
    Folding {
        pool: database.pool(&config.database.pool()),
        clock: Clock::system(),
        settings: Settings {
            quarantine_days: config.contacts.quarantine_days.into(),
            ..Settings::default()
        },
    }
}

/// The secrets, unless the key by which erased persons are known would be a new one.
fn keys_of_the_service(config: &mut Config) -> anyhow::Result<Secrets> {
    let secrets = Secrets::load(config)?;
    let new_key = |made: &MadeUp| made.new && made.variable == "CI_MASTER_KEY";
    ensure!(
        config.database.url.is_none() || !secrets.made_up().iter().any(new_key),
        "CI_MASTER_KEY is not set here, and with another key than the service's nobody would stay erased"
    );
    Ok(secrets)
}

/// What a command that erases works with.
fn eraser(
    database: &Database,
    config: &Config,
    secrets: &Secrets,
    file: FenceFile,
) -> workers::Context {
    let folding = folding(database, config);
    workers::Context {
        pool: folding.pool,
        clock: folding.clock,
        pepper: Pepper::new(&secrets.derive("fence")).kept_in(file),
        settings: folding.settings,
    }
}

/// Prints to standard output. A reader that has gone away (such as `head`) is no failure.
pub(super) fn say(text: &str) -> anyhow::Result<()> {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("standard output cannot be written"),
    }
}
