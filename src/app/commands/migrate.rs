//! `customer-intelligence migrate`.

use super::super::{Database, config::Config};
use super::say;
use crate::db::migrate;

pub(super) async fn run(config: &Config) -> anyhow::Result<()> {
    let database = Database::open(&config.database).await?;
    let applied = migrate::run(database.options()).await;
    database.close().await?;
    match applied? {
        0 => say("the schema is up to date\n"),
        1 => say("1 migration applied\n"),
        many => say(&format!("{many} migrations applied\n")),
    }
}
