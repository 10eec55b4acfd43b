//! What this service itself writes down about the channel that somebody asked for; the platform has no place for it.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::versions::version;
use crate::domain::model::channel::Channel;
use crate::domain::source::{Field, Fields, Flags, SourceKey, SourceKind, Value, Version};

/// "Reach me by this one", or that none is asked for any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelWish {
    /// Names what is recorded: the same again is the same.
    pub id: Uuid,
    /// Whose wish.
    pub person: Uuid,
    /// The channel; none takes back what was asked for before.
    pub channel: Option<Channel>,
    /// When it was said.
    pub said_at: DateTime<Utc>,
    /// The form, call or paper.
    pub source: String,
}

impl ChannelWish {
    /// The row it stands for.
    #[must_use]
    pub const fn key(&self) -> SourceKey {
        SourceKey::new(SourceKind::ChannelWish, self.id)
    }

    /// What a version of it carries.
    #[must_use]
    pub fn fields(&self) -> Fields {
        let channel = self.channel.map(|one| Value::Text(one.name().to_owned()));
        let mut fields = vec![
            (Field::Person, Value::Id(self.person)),
            (Field::ChannelType, channel.unwrap_or(Value::Null)),
            (Field::Origin, Value::Text(self.source.clone())),
        ];
        fields.sort_unstable_by_key(|(field, _)| *field);
        fields
    }

    /// As a version.
    #[must_use]
    pub fn version(&self) -> Version {
        let flags = Flags {
            canonical: true,
            ..Flags::default()
        };
        version(self.key(), self.said_at, self.fields(), flags)
    }
}
