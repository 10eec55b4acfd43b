//! The timeline as a Relay-style connection.

use std::sync::Arc;

use async_graphql::{Context, Enum, Object, SimpleObject};

use super::money::Money;
use crate::domain::timeline;
use crate::graphql::loaders;
use crate::graphql::scalars::{TimestamptzScalar, UuidScalar};
use crate::insight::TimelinePage;

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
}

/// One thing that happened to the person.
#[derive(Clone)]
pub struct CustomerActivity(timeline::Activity);

/// One thing that happened to the person.
#[Object(rename_fields = "snake_case")]
impl CustomerActivity {
    /// The same for the same activity, however often it is told.
    async fn id(&self) -> UuidScalar {
        self.0.id.into()
    }

    /// What happened.
    async fn kind(&self) -> ActivityKind {
        self.0.kind.into()
    }

    /// When it happened in the world.
    async fn occurred_at(&self) -> TimestamptzScalar {
        self.0.occurred_at.into()
    }

    /// When this service first heard of it.
    async fn recorded_at(&self) -> TimestamptzScalar {
        self.0.recorded_at.into()
    }

    /// The booking that it belongs to.
    async fn booking_id(&self) -> Option<UuidScalar> {
        self.0.booking_id.map(Into::into)
    }

    /// The offering that it belongs to.
    async fn tour_offering_id(&self) -> Option<UuidScalar> {
        self.0.offering_id.map(Into::into)
    }

    /// The offering's title; null while that is unknown.
    async fn tour_title(&self, ctx: &Context<'_>) -> Option<String> {
        loaders::offering_title(ctx, self.0.offering_id?).await
    }

    /// Where it happened.
    async fn boarding_point_id(&self) -> Option<UuidScalar> {
        self.0.boarding_point_id.map(Into::into)
    }

    /// The boarding point's label; null while that is unknown.
    async fn boarding_point_label(&self, ctx: &Context<'_>) -> Option<String> {
        loaders::boarding_point_label(ctx, self.0.boarding_point_id?).await
    }

    /// How much it was about.
    async fn amount(&self) -> Option<Money> {
        self.0
            .amount
            .as_ref()
            .map(|(cents, currency)| Money::new((*cents).into(), currency))
    }

    /// Channel of a message, sales channel of a booking.
    async fn channel(&self) -> Option<&str> {
        self.0.channel.as_deref()
    }

    /// A word that qualifies it: who cancelled, payment type, type of the extra, seat, score.
    async fn detail(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }
}

/// One activity with its place in the timeline.
#[derive(SimpleObject)]
#[graphql(rename_fields = "snake_case")]
pub struct CustomerActivityEdge {
    /// Pass it as `after` to go on from here.
    cursor: String,
    /// The activity.
    node: CustomerActivity,
}

/// A page of the timeline, latest first.
#[derive(SimpleObject)]
#[graphql(rename_fields = "snake_case")]
pub struct ActivityConnection {
    /// The activities with their cursors.
    edges: Vec<CustomerActivityEdge>,
    /// The activities alone.
    nodes: Vec<CustomerActivity>,
    /// Whether and where it goes on.
    page_info: InsightPageInfo,
}

/// Whether and where a connection goes on.
#[derive(Clone, Debug, Default, SimpleObject)]
#[graphql(rename_fields = "snake_case")]
pub struct InsightPageInfo {
    /// There is more behind the last edge.
    pub(super) has_next_page: bool,
    /// This page does not start at the beginning.
    pub(super) has_previous_page: bool,
    /// Cursor of the first edge.
    pub(super) start_cursor: Option<String>,
    /// Cursor of the last edge.
    pub(super) end_cursor: Option<String>,
}

impl From<&Arc<TimelinePage>> for ActivityConnection {
    fn from(page: &Arc<TimelinePage>) -> Self {
        let nodes: Vec<_> = page
            .entries
            .iter()
            .map(|(_, activity)| CustomerActivity(activity.clone()))
            .collect();
        let cursors = page.entries.iter().map(|(cursor, _)| cursor.clone());
        Self {
            edges: cursors
                .zip(nodes.iter().cloned())
                .map(|(cursor, node)| CustomerActivityEdge { cursor, node })
                .collect(),
            nodes,
            page_info: InsightPageInfo {
                has_next_page: page.has_next,
                has_previous_page: page.has_previous,
                start_cursor: page.entries.first().map(|(cursor, _)| cursor.clone()),
                end_cursor: page.entries.last().map(|(cursor, _)| cursor.clone()),
            },
        }
    }
}
