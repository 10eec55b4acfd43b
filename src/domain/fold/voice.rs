//! What the person says and allows: messages, feedback, abandoned checkouts, consent.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::entity::{Entities, Entity};
use crate::domain::activity::Role;
use crate::domain::consent::{self, Follows, Recorded, State, Statement};
use crate::domain::insight::{Feedback, Measured, Standing};
use crate::domain::message::{ANALYTICS, MARKETING, is_unopposed};
use crate::domain::model::channel::Channel;
use crate::domain::reference::Reference;
use crate::domain::source::{Field, SourceKind, Value};

/// How many ratings the satisfaction looks back.
const RATINGS: usize = 5;

/// A message that counts, without a word of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Talk {
    /// When it was.
    pub at: DateTime<Utc>,
    /// From the person, as opposed to the operator.
    pub inbound: bool,
    /// It arrived.
    pub delivered: bool,
    /// It did not arrive.
    pub failed: bool,
    /// When it was read.
    pub read: Option<DateTime<Utc>>,
    /// The kind of channel, if the message itself names it.
    pub channel: Option<String>,
    /// The operator's account that it went through.
    pub account: Option<Uuid>,
}

/// An answer about a trip: a score, a rating or both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Told {
    /// When it was given.
    pub at: DateTime<Utc>,
    /// 0 to 10.
    pub nps: Option<i64>,
    /// 1 to 5.
    pub rating: Option<i64>,
    /// The tour it is about.
    pub template_id: Option<Uuid>,
    /// Where that went.
    pub region: Option<String>,
}

/// How a person can be reached, as the profile last told; the addresses themselves are never known here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ways {
    /// An e-mail address is known.
    pub email: Option<bool>,
    /// A phone number is known.
    pub phone: Option<bool>,
}

/// All about words.
#[derive(Debug, Default)]
pub struct Voice {
    /// Messages that count.
    pub talk: Vec<Talk>,
    /// When own checkouts expired.
    pub abandoned: Vec<DateTime<Utc>>,
    /// Scores and ratings.
    pub feedback: Feedback,
    /// The same one by one, by time.
    pub answers: Vec<Told>,
    /// Feedback of any kind was given, also without a score or a rating.
    pub gave_feedback: bool,
    /// Consent, objection, locale.
    pub standing: Standing,
    /// How the person can be reached.
    pub ways: Ways,
    /// The latest message, feedback or checkout.
    pub last_touch: Option<DateTime<Utc>>,
}

/// Collects what the person said; `root` is whose consent and locale hold.
#[must_use]
pub fn facts(entities: &Entities<'_>, reference: &Reference, root: Uuid) -> Voice {
    let abandoned = abandoned(entities);
    let (talk, last_message) = messages(entities, reference.quarantine_days);
    let given = given(entities);
    let last_feedback = given
        .iter()
        .filter_map(|one| one.at(Field::SubmittedAt))
        .max();
    let moments = [last_message, last_feedback, abandoned.iter().max().copied()];
    Voice {
        talk,
        feedback: feedback(&given),
        answers: given
            .iter()
            .filter_map(|one| told(one, entities, reference))
            .collect(),
        gave_feedback: own_feedback(entities).next().is_some(),
        standing: standing(entities, root),
        ways: ways(entities, root),
        last_touch: moments.into_iter().flatten().max(),
        abandoned,
    }
}

fn abandoned(entities: &Entities<'_>) -> Vec<DateTime<Utc>> {
    let sessions = entities.of(SourceKind::CheckoutSession);
    let expired = sessions
        .filter(|one| one.exists() && one.mine() && one.text(Field::Status) == Some("EXPIRED"));
    let when = expired.filter_map(|one| {
        one.at(Field::ExpiresAt)
            .or_else(|| one.first_shown("EXPIRED"))
    });
    let mut when: Vec<_> = when.collect();
    when.sort_unstable();
    when
}

/// When a message was, as far as any version tells.
#[must_use]
pub fn message_time(message: &Entity<'_>) -> Option<DateTime<Utc>> {
    let told = [Field::SentAt, Field::DeliveredAt, Field::ReadAt];
    let told = told.into_iter().find_map(|field| message.at(field));
    told.or_else(|| message.versions.first().map(|known| known.version_at))
}

/// The contacts that are this person's, each with the earliest instant from which it counted anybody's words.
#[must_use]
pub fn own_contacts(entities: &Entities<'_>) -> HashMap<Uuid, DateTime<Utc>> {
    let own = entities
        .of(SourceKind::Contact)
        .filter(|contact| contact.mine());
    let linked = own.filter_map(|contact| {
        let mut versions = contact.versions.iter();
        let linked = versions.find(|known| known.get(Field::Linked) == Some(&Value::Bool(true)))?;
        Some((contact.id, linked.version_at))
    });
    linked.collect()
}

/// Whether words of that instant count for a contact linked at that other instant.
#[must_use]
pub fn counts(linked_at: DateTime<Utc>, said_at: DateTime<Utc>, quarantine_days: i64) -> bool {
    said_at
        .checked_add_signed(Duration::days(quarantine_days))
        .is_none_or(|until| linked_at <= until)
}

/// The messages of this person that count, with their times.
pub fn own_messages<'e, 'a>(
    entities: &'e Entities<'a>,
    quarantine_days: i64,
) -> impl Iterator<Item = (&'e Entity<'a>, DateTime<Utc>)> {
    let contacts = own_contacts(entities);
    let messages = entities
        .of(SourceKind::Message)
        .filter(|message| message.exists());
    messages.filter_map(move |message| {
        let conversation = message.reference(Field::Conversation)?;
        let conversation = entities.get(SourceKind::Conversation, conversation)?;
        let linked_at = contacts.get(&conversation.reference(Field::Contact)?)?;
        let at = message_time(message)?;
        counts(*linked_at, at, quarantine_days).then_some((message, at))
    })
}

fn messages(entities: &Entities<'_>, quarantine_days: i64) -> (Vec<Talk>, Option<DateTime<Utc>>) {
    let mut talk = Vec::new();
    let mut last = None;
    for (message, at) in own_messages(entities, quarantine_days) {
        talk.push(said(message, at));
        let acted = match message.text(Field::Direction) {
            Some("INBOUND") => message.at(Field::SentAt),
            _ => message.at(Field::ReadAt),
        };
        last = last.max(acted);
    }
    (talk, last)
}

fn said(message: &Entity<'_>, at: DateTime<Utc>) -> Talk {
    let status = message.text(Field::Status);
    let read = message.at(Field::ReadAt);
    Talk {
        at,
        inbound: message.text(Field::Direction) == Some("INBOUND"),
        delivered: message.at(Field::DeliveredAt).is_some() || status == Some("DELIVERED"),
        failed: status == Some("FAILED"),
        read: read.or_else(|| message.first_shown("READ")),
        channel: message.text(Field::ChannelType).map(str::to_owned),
        account: message.reference(Field::ChannelAccount),
    }
}

/// Feedback by the person, or of a booking of theirs when it names nobody.
pub fn own_feedback<'e, 'a>(entities: &'e Entities<'a>) -> impl Iterator<Item = &'e Entity<'a>> {
    let given = entities
        .of(SourceKind::TripFeedback)
        .filter(|one| one.exists());
    given.filter(|one| {
        if one.flag(Field::Linked) == Some(true) {
            return one.mine();
        }
        let booking = one.reference(Field::Booking);
        let booking = booking.and_then(|id| entities.get(SourceKind::Booking, id));
        booking.is_some_and(|booking| booking.exists() && booking.mine())
    })
}

/// Own feedback, earliest first.
fn given<'e, 'a>(entities: &'e Entities<'a>) -> Vec<&'e Entity<'a>> {
    let mut given: Vec<_> = own_feedback(entities).collect();
    given.sort_by_key(|one| (one.at(Field::SubmittedAt), one.id));
    given
}

fn told(one: &Entity<'_>, entities: &Entities<'_>, reference: &Reference) -> Option<Told> {
    let (nps, rating) = (one.int(Field::NpsScore), one.int(Field::Rating));
    let at = one.at(Field::SubmittedAt)?;
    let booking = one.reference(Field::Booking);
    let booking = booking.and_then(|id| entities.get(SourceKind::Booking, id));
    let offering = booking.and_then(|booking| booking.reference(Field::Offering));
    let offering = offering.and_then(|id| reference.offerings.get(&id));
    (nps.is_some() || rating.is_some()).then(|| Told {
        at,
        nps,
        rating,
        template_id: offering.and_then(|offering| offering.template_id),
        region: offering.and_then(|offering| offering.region.clone()),
    })
}

fn feedback(given: &[&Entity<'_>]) -> Feedback {
    let all = |field| given.iter().filter_map(move |one| one.int(field));
    let scores: Vec<i64> = all(Field::NpsScore).collect();
    let ratings: Vec<i64> = all(Field::Rating).collect();
    let recent = ratings.iter().rev().take(RATINGS);
    let n = recent.len();
    let sum: i64 = recent.sum();
    #[expect(
        clippy::cast_precision_loss,
        reason = "a handful of small whole numbers"
    )]
    let mean = (n > 0).then(|| sum as f64 / n as f64);
    Feedback {
        nps_score: scores.last().map(|score| Measured {
            value: *score,
            based_on: count(scores.len()),
        }),
        satisfaction: mean.map(|value| Measured {
            value,
            based_on: count(n),
        }),
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn ways(entities: &Entities<'_>, root: Uuid) -> Ways {
    let profile = entities.get(SourceKind::PersonProfile, root);
    let profile = profile.filter(|one| one.role == Role::Subject);
    profile.map_or_else(Ways::default, |profile| Ways {
        email: profile.flag(Field::HasEmail),
        phone: profile.flag(Field::HasPhone),
    })
}

fn standing(entities: &Entities<'_>, root: Uuid) -> Standing {
    let profiles = entities
        .of(SourceKind::PersonProfile)
        .filter(|one| one.role == Role::Subject);
    let mut standing = Standing::default();
    for profile in profiles {
        standing.profiling_objection |= profile.at(Field::ProfilingObjectionAt).is_some();
        if profile.id == root {
            standing.marketing_consent = profile.flag(Field::MarketingConsent);
            standing.locale = profile.text(Field::Locale).map(str::to_owned);
        }
    }
    record(entities, root, &mut standing);
    standing.stated_channel = wish(entities);
    standing
}

/// What was asked for last, whichever of the merged profiles it was said for: it is one person.
fn wish(entities: &Entities<'_>) -> Option<Channel> {
    let wishes = entities.of(SourceKind::ChannelWish);
    let said = wishes.flat_map(|one| &one.versions);
    let last = said.max_by_key(|known| known.place())?;
    match last.get(Field::ChannelType)? {
        Value::Text(name) => Channel::from_name(name),
        _ => None,
    }
}

/// What was recorded apart from profiles, with what the profile says of the same.
fn record(entities: &Entities<'_>, root: Uuid, standing: &mut Standing) {
    let own = entities.of(SourceKind::Consent);
    let own = own.filter(|one| one.reference(Field::Person) == Some(root));
    let recorded: Vec<Recorded> = own
        .flat_map(|one| &one.versions)
        .filter_map(|known| consent::Version::known(known).recorded())
        .filter(|one| one.channel == consent::ANY)
        .collect();
    let of = |purpose, follows| {
        let said = recorded.iter().filter(move |one| one.purpose == purpose);
        let mut said: Vec<Statement> = said.map(|one| one.said.clone()).collect();
        if !said.is_empty() {
            let profile = entities.get(SourceKind::PersonProfile, root).into_iter();
            let versions = profile.flat_map(|one| &one.versions);
            said.extend(versions.filter_map(|known| consent::Version::known(known).said(follows)));
        }
        (!said.is_empty()).then(|| consent::last(&said))
    };
    if let Some(marketing) = of(MARKETING, Follows::MarketingConsent) {
        standing.marketing_consent = match marketing.state {
            State::NotRequested | State::Pending => None,
            state => Some(state == State::Granted),
        };
        standing.marketing_until = marketing.expires_at;
    }
    if let Some(analytics) = of(ANALYTICS, Follows::ProfilingObjection) {
        standing.profiling_refused = !is_unopposed(&analytics) && !analytics.objected;
    }
}
