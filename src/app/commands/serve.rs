//! `customer-intelligence serve`: opens the doors and keeps them open until told to stop.

use secrecy::ExposeSecret;

use super::super::Database;
use super::super::config::{Config, Secrets};
use super::super::signals;
use super::super::wiring::{Extras, Service};
use super::say;

pub(super) async fn run(mut config: Config) -> anyhow::Result<()> {
    let secrets = Secrets::load(&mut config)?;
    let greeting = greeting(&secrets);
    let database = Database::open(&config.database).await?;
    let service = Service::start(config, secrets, database, Extras::default()).await?;
    say(&format!(
        "listening on http://{}\n{greeting}",
        service.address()
    ))?;
    service.run_until(signals::stop()).await
}

/// Tells the secrets that were made up, since nobody else knows them. Only ever on loopback.
pub(super) fn greeting(secrets: &Secrets) -> String {
    let told = secrets
        .made_up()
        .iter()
        .filter(|secret| secret.variable != "CI_MASTER_KEY");
    told.flat_map(|made_up| {
        let (name, value) = (made_up.variable, made_up.value.expose_secret());
        [name, "=", value, "  # made up; kept in the data folder\n"]
    })
    .collect()
}
