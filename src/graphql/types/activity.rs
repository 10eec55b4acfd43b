//! The timeline as a Relay-style connection.

use std::sync::Arc;

use async_graphql::{Context, Enum, Object};
use uuid::Uuid;

use super::connection::Connection;
use super::explanation::MetricChange;
use super::money::Money;
use crate::domain::activity::Provenance;
use crate::domain::metric::Language;
use crate::domain::timeline;
use crate::graphql::loaders;
use crate::graphql::scalars::{TimestamptzScalar, UuidScalar};
use crate::insight::{LateRequest, TimelinePage};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "timeline::ActivityKind")]
pub enum ActivityKind {
    /// A booking was confirmed, as booker or traveller.
    BookingConfirmed,
    /// It was paid in full.
    BookingFullyPaid,
    /// It was cancelled, by whomever.
    BookingCancelled,
    /// It was refunded.
    BookingRefunded,
    /// The tour took place.
    BookingCompleted,
    /// Nobody appeared.
    BookingNoShow,
    /// This traveller alone was cancelled.
    PassengerCancelled,
    /// A checkout expired.
    CheckoutAbandoned,
    /// An extra was bought.
    AncillaryPurchased,
    /// A payment arrived.
    PaymentReceived,
    /// A payment was returned.
    PaymentRefunded,
    /// Got on.
    Boarded,
    /// Was not let on.
    BoardingDenied,
    /// Bought something on board.
    OnboardSale,
    /// A message reached the person.
    MessageDelivered,
    /// The person read it.
    MessageRead,
    /// The person wrote.
    MessageReceived,
    /// A conversation was closed.
    ConversationResolved,
    /// Gave feedback.
    FeedbackSubmitted,
    /// The profile became known.
    ProfileCreated,
    /// Consent, locale or reachability changed.
    ProfileUpdated,
    /// A duplicate was merged into this person.
    ProfileMerged,
    /// A reservation awaits payment; gone once it is confirmed or lapses.
    BookingReserved,
}

/// How an activity came to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Provenance")]
pub enum ActivityProvenance {
    /// As it happened.
    Live,
    /// More than a day after it happened.
    Late,
    /// Brought in as history.
    Backfill,
    /// Delivered before, and delivered again.
    Replay,
}

/// One thing that happened to the person.
#[derive(Clone)]
pub struct CustomerActivity {
    activity: timeline::Activity,
    /// Whose timeline it is, after following merges.
    person: Uuid,
    language: Language,
}

impl CustomerActivity {
    /// An activity of a person's timeline.
    pub(super) fn new(activity: timeline::Activity, person: Uuid, language: Language) -> Self {
        Self {
            activity,
            person,
            language,
        }
    }

    /// What it changed if it came late; none when that cannot be told.
    async fn changed(&self, ctx: &Context<'_>) -> Option<Arc<Vec<timeline::MetricChange>>> {
        if self.activity.late_by().is_none() {
            return Some(Arc::default());
        }
        let request = LateRequest {
            person: self.person,
            source: self.activity.source,
            recorded_at: self.activity.recorded_at,
        };
        loaders::late_changes(ctx, request).await
    }
}

/// One thing that happened to the person.
#[Object(rename_fields = "snake_case", rename_args = "snake_case")]
impl CustomerActivity {
    /// The same for the same activity, however often it is told.
    async fn id(&self) -> UuidScalar {
        self.activity.id.into()
    }

    /// What happened.
    async fn kind(&self) -> ActivityKind {
        self.activity.kind.into()
    }

    /// When it happened in the world.
    async fn occurred_at(&self) -> TimestamptzScalar {
        self.activity.occurred_at.into()
    }

    /// When this service first heard of it.
    async fn recorded_at(&self) -> TimestamptzScalar {
        self.activity.recorded_at.into()
    }

    /// How it came to be known.
    async fn provenance(&self) -> ActivityProvenance {
        self.activity.provenance.into()
    }

    /// How many seconds after it happened it was recorded; null for what came in time or as history.
    async fn late_by(&self) -> Option<i64> {
        Some(self.activity.late_by()?.num_seconds())
    }

    /// The numbers that it changed by coming late: what was known just after its recording, compared with the same
    /// without it. Empty for what came in time; null where comparing would cost too much.
    async fn changes(&self, ctx: &Context<'_>) -> Option<Vec<MetricChange>> {
        let changed = self.changed(ctx).await?;
        Some(changed.iter().cloned().map(MetricChange::from).collect())
    }

    /// One line about it, such as "recorded 2 days late, changed `no_show_count` 1 → 0"; null for what came in time.
    async fn late_note(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "In which language; the person's unless told, and German without any.")]
        locale: Option<String>,
    ) -> Option<String> {
        let late_by = self.activity.late_by()?;
        let changed = self.changed(ctx).await.unwrap_or_default();
        let asked = locale
            .as_deref()
            .map(str::trim)
            .filter(|told| !told.is_empty());
        let language = asked.map_or(self.language, |told| Language::of(Some(told)));
        Some(timeline::sentence(late_by, &changed, language))
    }

    /// The booking that it belongs to.
    async fn booking_id(&self) -> Option<UuidScalar> {
        self.activity.booking_id.map(Into::into)
    }

    /// The offering that it belongs to.
    async fn tour_offering_id(&self) -> Option<UuidScalar> {
        self.activity.offering_id.map(Into::into)
    }

    /// The offering's title; null while that is unknown.
    async fn tour_title(&self, ctx: &Context<'_>) -> Option<String> {
        loaders::offering_title(ctx, self.activity.offering_id?).await
    }

    /// Where it happened.
    async fn boarding_point_id(&self) -> Option<UuidScalar> {
        self.activity.boarding_point_id.map(Into::into)
    }

    /// The boarding point's label; null while that is unknown.
    async fn boarding_point_label(&self, ctx: &Context<'_>) -> Option<String> {
        loaders::boarding_point_label(ctx, self.activity.boarding_point_id?).await
    }

    /// How much it was about.
    async fn amount(&self) -> Option<Money> {
        self.activity
            .amount
            .as_ref()
            .map(|(cents, currency)| Money::new((*cents).into(), currency))
    }

    /// Channel of a message, sales channel of a booking.
    async fn channel(&self) -> Option<&str> {
        self.activity.channel.as_deref()
    }

    /// A word that qualifies it: who cancelled, payment type, type of the extra, seat, score.
    async fn detail(&self) -> Option<&str> {
        self.activity.detail.as_deref()
    }
}

/// A page of the timeline, latest first.
pub type ActivityConnection = Connection<CustomerActivity>;

/// A page of the person's timeline.
pub(super) fn connection(
    page: &Arc<TimelinePage>,
    person: Uuid,
    language: Language,
) -> ActivityConnection {
    let placed = page.entries.iter().map(|(cursor, activity)| {
        let node = CustomerActivity::new(activity.clone(), person, language);
        (cursor.clone(), node)
    });
    Connection::new(placed, (page.has_previous, page.has_next))
}
