//! Log lines: to standard error, filtered, plain for people or JSON for machines.
//!
//! Deliberately absent: personal data. A subject is named by its [tag](super::subject::Tagger) only.

use std::fmt;
use std::io::IsTerminal;
use std::str::FromStr;

use tracing_subscriber::EnvFilter;

/// What always holds, whatever the filter says, unless it names the same target: libraries speak up only about trouble.
const QUIET_LIBRARIES: &str =
    "sqlx=warn,hyper=warn,h2=warn,reqwest=warn,rustls=warn,async_graphql=warn";

/// How a line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people; coloured on a terminal.
    Plain,
    /// One JSON object a line.
    Json,
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "plain" => Ok(Self::Plain),
            "json" => Ok(Self::Json),
            _ => Err("it is neither plain nor json".to_owned()),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "plain",
            Self::Json => "json",
        })
    }
}

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum LogsError {
    /// The filter is malformed.
    #[error("the log filter {filter:?} cannot be read")]
    Filter {
        /// The filter.
        filter: String,
        /// What is wrong with it.
        #[source]
        source: tracing_subscriber::filter::ParseError,
    },
    /// A subscriber is there already.
    #[error("logging is set up already")]
    Taken(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Sets up logging for the whole process; once.
pub fn init(filter: &str, format: Format) -> Result<(), LogsError> {
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(parse(filter)?)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    match format {
        Format::Plain => subscriber.try_init(),
        Format::Json => subscriber.json().flatten_event(true).try_init(),
    }
    .map_err(LogsError::Taken)
}

/// Later directives win over earlier ones for the same target.
fn parse(filter: &str) -> Result<EnvFilter, LogsError> {
    EnvFilter::try_new(format!("{QUIET_LIBRARIES},{filter}")).map_err(|source| LogsError::Filter {
        filter: filter.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_adds_to_the_quiet_libraries_and_can_wake_them() {
        assert!(parse("info").unwrap().to_string().contains("sqlx=warn"));
        let woken = parse("info,sqlx=debug").unwrap().to_string();
        assert!(
            woken.contains("sqlx=debug") && !woken.contains("sqlx=warn"),
            "{woken}"
        );
        assert!(matches!(parse("info,=="), Err(LogsError::Filter { .. })));
    }
}
