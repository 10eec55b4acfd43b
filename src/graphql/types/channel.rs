//! `ChannelPreference`: on which channel a person answers. What was asked for comes first and stays apart from what was
//! learned. Deliberately absent: sending anything; consent is checked again where something is sent.

use std::sync::Arc;

use async_graphql::{Enum, InputObject, Object, SimpleObject};

use super::behavior::count;
use super::consent::ConsentState;
use crate::actions::wishes::Recorded;
use crate::domain::metric::Language;
use crate::domain::model::channel::preference::{Affinity, Preference};
use crate::domain::model::channel::{Channel, person};
use crate::domain::model::history::{History, Minutes, instant};
use crate::graphql::scalars::{TimestamptzScalar, UuidScalar};
use crate::insight::{Consent, Learned, allowed};

/// A way to reach a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Channel")]
pub enum CustomerChannel {
    /// `WhatsApp`.
    Whatsapp,
    /// E-mail.
    Email,
    /// Text message.
    Sms,
    /// The chat on the operator's site.
    Webchat,
    /// A call.
    Phone,
    /// A letter; only ever asked for.
    Post,
    /// A push notification; only ever asked for.
    Push,
}

/// One channel of a person.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(rename_fields = "snake_case")]
pub struct ChannelAffinity {
    /// Which.
    channel: CustomerChannel,
    /// How well it probably goes, in (0, 1): 1 is an answer every time.
    rate: f64,
    /// The chance that it is the best of those that were tried on this person, of the usable ones, too, while fewer than
    /// two were; 0 where it is not usable.
    confidence: f64,
    /// Messages that were read or answered, bookings made by phone.
    responded: i32,
    /// All messages, all bookings.
    based_on: i32,
    /// The last time that the person read or answered.
    last_response_at: Option<TimestamptzScalar>,
    /// The person can be reached there, as far as is known.
    reachable: bool,
    /// What the person says about marketing there; null when nothing is known.
    consent: Option<ConsentState>,
    /// Reachable and not refused.
    usable: bool,
}

impl From<&Affinity> for ChannelAffinity {
    fn from(one: &Affinity) -> Self {
        Self {
            channel: one.channel.into(),
            rate: one.rate,
            confidence: one.confidence,
            responded: count(one.responded),
            based_on: count(one.tried),
            last_response_at: one.last_response.and_then(instant).map(Into::into),
            reachable: one.reachable,
            consent: one.consent.map(Into::into),
            usable: one.usable,
        }
    }
}

/// On which channel a person answers.
pub struct ChannelPreference {
    found: Preference,
    learned: Arc<Learned>,
    language: Language,
}

impl ChannelPreference {
    /// The preference of a person at an instant, from what was asked for and what may be learned.
    #[must_use]
    pub fn new(
        stated: Option<Channel>,
        history: Option<&History>,
        learned: Arc<Learned>,
        consents: &[Consent],
        now: Minutes,
        language: Language,
    ) -> Self {
        let allowed = allowed(consents).asking(stated);
        let found = person::of(history, &learned.habits, &allowed, now);
        Self {
            found,
            learned,
            language,
        }
    }
}

/// On which channel a person answers.
#[Object(rename_fields = "snake_case", rename_args = "snake_case")]
impl ChannelPreference {
    /// The channel to use: what was asked for, else what was learned; null when neither is known.
    async fn channel(&self) -> Option<CustomerChannel> {
        self.found.channel().map(Into::into)
    }

    /// What the person asked for.
    async fn stated_channel(&self) -> Option<CustomerChannel> {
        self.found.stated.map(Into::into)
    }

    /// What was learned; null below three messages or bookings, where no channel is usable, and where the best one was never
    /// tried on the person.
    async fn learned_channel(&self) -> Option<CustomerChannel> {
        self.found.learned.map(Into::into)
    }

    /// The chance that the learned channel is the best one.
    async fn confidence(&self) -> Option<f64> {
        self.found.confidence()
    }

    /// Sure enough to tell others: a confidence of at least .7, and nothing was asked for.
    async fn resolved(&self) -> bool {
        self.found.resolved()
    }

    /// How many messages and bookings it rests on.
    async fn based_on(&self) -> i32 {
        count(self.found.based_on())
    }

    /// All channels that something can be told about: usable ones first, the best first.
    async fn ranked(&self) -> Vec<ChannelAffinity> {
        self.found.ranked.iter().map(Into::into).collect()
    }

    /// The hour of the day, 0 to 23 in the operator's zone, at which the person mostly reads and writes; null when none
    /// stands out.
    async fn best_hour(&self) -> Option<i32> {
        self.found.best_hour.map(|best| count(best.hour))
    }

    /// Share of reading and writing within an hour of it.
    async fn best_hour_share(&self) -> Option<f64> {
        self.found.best_hour.map(|best| best.share)
    }

    /// Why, in one sentence.
    async fn reason(
        &self,
        #[graphql(desc = "In which language; the person's unless told.")] locale: Option<String>,
    ) -> String {
        let language = told(locale.as_deref(), self.language);
        person::told(&self.found, &self.learned.habits, language)
    }

    /// The version of the tenant's habits it was judged by; null while nothing was learned.
    async fn model_version(&self) -> Option<i32> {
        self.learned.habits_version
    }
}

/// The language asked for, else another.
pub(super) fn told(locale: Option<&str>, otherwise: Language) -> Language {
    let asked = locale.filter(|told| !told.trim().is_empty());
    asked.map_or(otherwise, |told| Language::of(Some(told)))
}

/// By which channel a customer asked to be reached.
#[derive(Clone, Debug, InputObject)]
#[graphql(rename_fields = "snake_case")]
pub struct StateChannelPreferenceInput {
    /// Who asked.
    pub(in crate::graphql) person_profile_id: UuidScalar,
    /// By which channel; null takes back what was asked for before.
    pub(in crate::graphql) channel: Option<CustomerChannel>,
    /// When it was said; now unless told, never in the future. The latest one holds.
    pub(in crate::graphql) said_at: Option<TimestamptzScalar>,
    /// How it was said, in a word: `FORM`, `PHONE`, `PAPER`.
    pub(in crate::graphql) source: String,
    /// Names what was said, such as the number of the form; the same key again is the same wish. It is not kept.
    pub(in crate::graphql) idempotency_key: String,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum StateChannelPreferenceStatus {
    /// It is written down.
    Recorded,
    /// It was written down before, under the same key.
    AlreadyRecorded,
    /// There is no such customer.
    UnknownPerson,
    /// The key names something else that was said.
    KeyReused,
    /// It is said to have been said in the future.
    WrongTime,
}

/// The outcome of writing down what a customer asked for.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(rename_fields = "snake_case")]
pub struct StateChannelPreferencePayload {
    /// What became of it.
    status: StateChannelPreferenceStatus,
}

impl From<Recorded> for StateChannelPreferencePayload {
    fn from(recorded: Recorded) -> Self {
        use StateChannelPreferenceStatus as Status;
        let status = match recorded {
            Recorded::Done => Status::Recorded,
            Recorded::Known => Status::AlreadyRecorded,
            Recorded::UnknownPerson => Status::UnknownPerson,
            Recorded::KeyReused => Status::KeyReused,
            Recorded::WrongTime => Status::WrongTime,
        };
        Self { status }
    }
}
