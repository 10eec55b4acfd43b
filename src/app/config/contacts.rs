//! Communications of contacts that no person is known for.

use super::reader::Reader;

/// How long such communications wait for a person.
#[derive(Clone, Debug)]
pub struct ContactsConfig {
    /// `CI_CONTACTS_QUARANTINE_DAYS`, default 3: days that a contact's messages wait, without any contact detail, for
    /// its link to a person. 0 discards them at once, which makes the result depend on the order of arrival.
    pub quarantine_days: u16,
}

impl ContactsConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let days = reader.number(
            "CI_CONTACTS_QUARANTINE_DAYS",
            3,
            0..=400,
            "days that messages of a contact without a person wait for one; 0 discards them at once",
        );
        Self {
            quarantine_days: u16::try_from(days).unwrap_or(u16::MAX),
        }
    }
}
