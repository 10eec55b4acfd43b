//! Dead letters: deliveries that could not be understood. What is shown names no person and holds no value of a row.

use async_graphql::{Enum, InputObject, SimpleObject};

use super::connection::Connection;
use crate::actions::dead_letters::{Page, Redriven, Summary, cursor};
use crate::graphql::scalars::{TimestamptzScalar, UuidScalar};

/// A delivery that can never work as it is: acknowledged, kept, and why.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(rename_fields = "snake_case")]
pub struct DeadLetter {
    /// The letter's own id.
    id: UuidScalar,
    /// Whose delivery; null when it names no tenant.
    tenant_id: Option<UuidScalar>,
    /// The last time it came.
    received_at: TimestamptzScalar,
    /// Hasura's id of the event, where it has one.
    event_id: Option<String>,
    /// `schema.table` as the delivery names it.
    table: Option<String>,
    /// The event trigger as the delivery names it.
    trigger: Option<String>,
    /// A stable code, such as `wrong_type`.
    reason: String,
    /// What is wrong, in which column, and what to do; never a value.
    detail: String,
    /// Whether it can be tried again from what is kept; else Hasura has to send the event again.
    redrivable: bool,
}

impl From<Summary> for DeadLetter {
    fn from(letter: Summary) -> Self {
        Self {
            id: letter.id.into(),
            tenant_id: (!letter.tenant_id.is_nil()).then(|| letter.tenant_id.into()),
            received_at: letter.received_at.into(),
            event_id: letter.event_id,
            table: letter.table,
            trigger: letter.trigger,
            reason: letter.reason,
            detail: letter.detail,
            redrivable: letter.has_envelope,
        }
    }
}

/// A page of letters, the latest first.
pub type DeadLetterConnection = Connection<DeadLetter>;

/// A page in GraphQL's form; `behind` when it does not start at the beginning.
pub(in crate::graphql) fn connection(page: Page, behind: bool) -> DeadLetterConnection {
    let placed = |letter: Summary| (cursor(&letter), letter.into());
    Connection::new(
        page.letters.into_iter().map(placed),
        (behind, page.has_next),
    )
}

/// Which letter to try again.
#[derive(Clone, Debug, InputObject)]
#[graphql(rename_fields = "snake_case")]
pub struct RedriveDeadLetterInput {
    /// The letter's id.
    pub(in crate::graphql) id: UuidScalar,
}

/// What became of a letter that was tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum RedriveDeadLetterStatus {
    /// It can be read now and waits to be worked on; the letter is gone.
    Kept,
    /// It still cannot be read.
    StillRefused,
    /// Too little of it is kept: Hasura has to send the event again.
    NeedsRedelivery,
    /// There is no such letter.
    NotFound,
}

/// The outcome of trying again.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(rename_fields = "snake_case")]
pub struct RedriveDeadLetterPayload {
    /// What became of it.
    status: RedriveDeadLetterStatus,
    /// Why it still cannot be read: a stable code.
    reason: Option<String>,
}

impl From<Redriven> for RedriveDeadLetterPayload {
    fn from(redriven: Redriven) -> Self {
        let (status, reason) = match redriven {
            Redriven::Kept => (RedriveDeadLetterStatus::Kept, None),
            Redriven::StillRefused(reason) => (
                RedriveDeadLetterStatus::StillRefused,
                Some(reason.to_string()),
            ),
            Redriven::NeedsRedelivery => (RedriveDeadLetterStatus::NeedsRedelivery, None),
            Redriven::NotFound => (RedriveDeadLetterStatus::NotFound, None),
        };
        Self { status, reason }
    }
}

/// Which letter to drop.
#[derive(Clone, Debug, InputObject)]
#[graphql(rename_fields = "snake_case")]
pub struct DropDeadLetterInput {
    /// The letter's id.
    pub(in crate::graphql) id: UuidScalar,
}

/// What became of a letter that was to be dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum DropDeadLetterStatus {
    /// It is gone for good.
    Dropped,
    /// There is no such letter.
    NotFound,
}

/// The outcome of dropping.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(rename_fields = "snake_case")]
pub struct DropDeadLetterPayload {
    /// What became of it.
    pub(in crate::graphql) status: DropDeadLetterStatus,
}
