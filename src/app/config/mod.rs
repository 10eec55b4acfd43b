//! The configuration: everything the environment decides, read once, in one place.
//!
//! One struct a section, one variable a field. What is unset has a default; what is misspelt is refused rather than
//! ignored. Deliberately absent: configuration files, and defaults anywhere else.

mod reader;
mod unknown;
mod server;
mod database;
mod contacts;
mod privacy;
mod outbound;
mod limits;
mod schedule;
mod telemetry;
mod secrets;
mod kept;
mod files;

use std::collections::BTreeMap;
use std::fmt;

pub use contacts::ContactsConfig;
pub use database::DatabaseConfig;
pub use files::MadeUp;
pub use kept::{Secrets, SecretsError};
pub use limits::LimitsConfig;
pub use outbound::OutboundConfig;
pub use privacy::PrivacyConfig;
pub use reader::{Entry, Origin, Switch};
pub use schedule::ScheduleConfig;
pub use secrets::{SecretPair, SecretSource, SecretsConfig};
pub use server::ServerConfig;
pub use telemetry::TelemetryConfig;

use reader::Reader;

/// The whole configuration of a process.
#[derive(Debug)]
pub struct Config {
    /// Where the doors listen.
    pub server: ServerConfig,
    /// The database, or where to keep one of our own.
    pub database: DatabaseConfig,
    /// What the doors ask for, and the key that other keys derive from.
    pub secrets: SecretsConfig,
    /// Communications of contacts that are no known persons (yet).
    pub contacts: ContactsConfig,
    /// Until when erasures have to be done.
    pub privacy: PrivacyConfig,
    /// Who is told what happens.
    pub outbound: OutboundConfig,
    /// When jobs come round, and how long things are kept.
    pub schedule: ScheduleConfig,
    /// What one request, one client and one tenant may cost.
    pub limits: LimitsConfig,
    /// Logs.
    pub telemetry: TelemetryConfig,
    entries: Vec<Entry>,
}

/// Why the configuration cannot be used: every problem at once.
#[derive(Debug, thiserror::Error)]
#[error("the configuration cannot be used:{}", list(.problems))]
pub struct ConfigError {
    /// One sentence each, naming the variable.
    pub problems: Vec<String>,
}

impl Config {
    /// Reads the environment of this process.
    pub fn from_environment() -> Result<Self, ConfigError> {
        let mut variables = BTreeMap::new();
        for (name, value) in std::env::vars_os() {
            // A name or value that is no text is met again below, as missing or unknown.
            if let (Ok(name), Ok(value)) = (name.into_string(), value.into_string()) {
                variables.insert(name, value);
            }
        }
        let names: Vec<&str> = variables.keys().map(String::as_str).collect();
        Self::read(&|name| variables.get(name).cloned(), &names)
    }

    /// Reads every variable through `lookup`; of `names`, those that begin with `CI_` and mean nothing are refused.
    ///
    /// An empty value counts as unset.
    pub fn read(
        lookup: &dyn Fn(&str) -> Option<String>,
        names: &[&str],
    ) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(lookup);
        let server = ServerConfig::read(&mut reader);
        let database = DatabaseConfig::read(&mut reader);
        let secrets = SecretsConfig::read(&mut reader);
        let contacts = ContactsConfig::read(&mut reader);
        let privacy = PrivacyConfig::read(&mut reader);
        let outbound = OutboundConfig::read(&mut reader);
        let schedule = ScheduleConfig::read(&mut reader);
        let limits = LimitsConfig::read(&mut reader);
        let telemetry = TelemetryConfig::read(&mut reader);
        let (entries, mut problems) = reader.finish();
        problems.extend(unknown::problems(names, &entries, lookup("CI").is_some()));
        if !problems.is_empty() {
            return Err(ConfigError { problems });
        }
        Ok(Self {
            server,
            database,
            secrets,
            contacts,
            privacy,
            outbound,
            schedule,
            limits,
            telemetry,
            entries,
        })
    }

    /// Every variable with its value, secrets masked, in reading order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

/// What `config print` shows: `NAME=value`, where it came from, and what it means.
impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for entry in &self.entries {
            writeln!(f, "# {} [{}]", entry.meaning, entry.origin)?;
            writeln!(f, "{}={}", entry.name, entry.shown)?;
        }
        Ok(())
    }
}

fn list(problems: &[String]) -> String {
    problems
        .iter()
        .flat_map(|problem| ["\n  ", problem.as_str()])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let variables: BTreeMap<&str, &str> = variables.iter().copied().collect();
        let names: Vec<&str> = variables.keys().copied().collect();
        Config::read(
            &|name| variables.get(name).map(|value| (*value).to_owned()),
            &names,
        )
    }

    #[test]
    fn nothing_set_means_the_documented_defaults() {
        let config = read(&[]).unwrap();
        assert_eq!(config.server.address().to_string(), "127.0.0.1:8090");
        assert_eq!(config.database.data_dir.to_str(), Some(".data"));
        assert!(config.database.url.is_none());
        assert_eq!(config.contacts.quarantine_days, 3);
    }

    #[test]
    fn a_misspelt_variable_is_refused_with_the_name_that_was_meant() {
        let error = read(&[("CI_PROT", "1")]).unwrap_err().to_string();
        assert!(
            error.contains("CI_PROT") && error.contains("CI_PORT"),
            "{error}"
        );
        let error = read(&[("CI_WEBHOOK_SECRET_PREVIOUS_FIEL", "x")])
            .unwrap_err()
            .to_string();
        assert!(error.contains("CI_WEBHOOK_SECRET_PREVIOUS_FILE"), "{error}");
    }

    #[test]
    fn a_build_servers_own_variables_are_no_mistake_but_a_misspelling_still_is() {
        assert!(read(&[("CI", "true"), ("CI_PIPELINE_SOURCE", "push")]).is_ok());
        assert!(read(&[("CI_PIPELINE_SOURCE", "push")]).is_err());
        assert!(read(&[("CI", "true"), ("CI_WEBHOOK_SECRTE", "x")]).is_err());
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let error = read(&[
            ("CI_PORT", "many"),
            ("CI_CONTACTS_QUARANTINE_DAYS", "-1"),
            ("CI_BIND", "x"),
        ]);
        assert_eq!(error.unwrap_err().problems.len(), 3);
    }

    #[test]
    fn printing_shows_every_variable_and_no_secret() {
        let printed = read(&[
            ("CI_WEBHOOK_SECRET", "hush-hush"),
            ("DATABASE_URL", "postgres://me:hush-hush@db.example/ci"),
        ])
        .unwrap()
        .to_string();
        assert!(!printed.contains("hush-hush"), "{printed}");
        assert!(printed.contains("db.example"), "{printed}");
        for name in [
            "CI_PORT=8090",
            "CI_DATA_DIR=.data",
            "CI_GATEWAY_SECRET_PREVIOUS=",
            "CI_MASTER_KEY=",
        ] {
            assert!(printed.contains(name), "{name} in {printed}");
        }
    }

    #[test]
    fn every_limit_is_shown_also_those_that_cannot_be_set() {
        let config = read(&[
            ("CI_GRAPHQL_DEPTH", "17"),
            ("CI_HTTP_HEAD_TIMEOUT_MS", "250"),
        ])
        .unwrap();
        assert_eq!(config.limits.graphql.depth, 17);
        assert_eq!(config.limits.http.head_timeout.as_millis(), 250);
        let printed = config.to_string();
        for line in [
            "[environment]\nCI_GRAPHQL_DEPTH=17",
            "[default]\nCI_GRAPHQL_ALIASES=100",
            "[fixed]\npage=200",
            "CI_DATABASE_STATEMENT_TIMEOUT_MS=30000",
        ] {
            assert!(printed.contains(line), "{line} in {printed}");
        }
        assert!(read(&[("CI_GRAPHQL_DEPTH", "3")]).is_err());
    }

    #[test]
    fn a_secret_and_its_file_twin_may_not_both_be_set() {
        let error = read(&[("CI_MASTER_KEY", "a"), ("CI_MASTER_KEY_FILE", "/b")]).unwrap_err();
        assert!(error.problems[0].contains("CI_MASTER_KEY_FILE"), "{error}");
    }

    #[test]
    fn localhost_is_a_loopback_address() {
        assert!(
            read(&[("CI_BIND", "localhost")])
                .unwrap()
                .server
                .is_loopback()
        );
        assert!(read(&[("CI_BIND", "::1")]).unwrap().server.is_loopback());
        assert!(
            !read(&[("CI_BIND", "0.0.0.0")])
                .unwrap()
                .server
                .is_loopback()
        );
    }
}
