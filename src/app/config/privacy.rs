//! Until when erasures have to be done.

use chrono::TimeDelta;

use super::reader::Reader;

/// Times of erasures.
#[derive(Clone, Debug)]
pub struct PrivacyConfig {
    /// `CI_ERASURE_DUE_DAYS`, default 30: days from asking for an erasure until it has to be done.
    pub due: TimeDelta,
    /// `CI_ERASURE_ALARM_DAYS`, default 25: days from asking until whoever runs the service is warned.
    pub alarm: TimeDelta,
}

impl PrivacyConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let mut days = |name, default, meaning| {
            TimeDelta::days(reader.number(name, default, 1..=365, meaning).into())
        };
        Self {
            due: days(
                "CI_ERASURE_DUE_DAYS",
                30,
                "days from asking for an erasure until it has to be done",
            ),
            alarm: days(
                "CI_ERASURE_ALARM_DAYS",
                25,
                "days from asking for an erasure until whoever runs the service is warned",
            ),
        }
    }
}
