//! Logs: how much, and in which form.

use super::reader::Reader;
use crate::telemetry::logs::Format;

/// What is logged.
#[derive(Clone, Debug)]
pub struct TelemetryConfig {
    /// `CI_LOG`, default `info`: a filter as `tracing-subscriber` understands it, such as `info,sqlx=debug`.
    pub filter: String,
    /// `CI_LOG_FORMAT`, default `plain`; or `json`, one object a line.
    pub format: Format,
}

impl TelemetryConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            filter: reader.value(
                "CI_LOG",
                "info".to_owned(),
                "log filter, such as info,sqlx=debug",
            ),
            format: reader.value(
                "CI_LOG_FORMAT",
                Format::Plain,
                "plain, or json: one object a line",
            ),
        }
    }
}
