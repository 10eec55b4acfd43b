//! Erasures: what was asked for, how far it is, and the receipt. Whom it was about is never told.

use async_graphql::{Enum, InputObject, SimpleObject};

use super::connection::Connection;
use crate::domain::category::Category;
use crate::graphql::scalars::{JsonbScalar, TimestamptzScalar, UuidScalar};
use crate::privacy::comeback::Comeback;
use crate::privacy::order::Basis;
use crate::privacy::request::State;
use crate::privacy::requests::{Listed, Page};

/// What an erasure that is asked for rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum ErasureLegalBasis {
    /// The person asked (GDPR, article 17).
    GdprRequest,
    /// The person asked (CCPA).
    CcpaRequest,
    /// The operator's own rules.
    InternalPolicy,
}

impl From<ErasureLegalBasis> for Basis {
    fn from(basis: ErasureLegalBasis) -> Self {
        match basis {
            ErasureLegalBasis::GdprRequest => Self::GdprRequest,
            ErasureLegalBasis::CcpaRequest => Self::CcpaRequest,
            ErasureLegalBasis::InternalPolicy => Self::InternalPolicy,
        }
    }
}

/// A sort of facts about a person that can be erased by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum ErasureCategory {
    /// Contacts, conversations and messages.
    Communications,
    /// Feedback given.
    Feedback,
    /// Checkouts begun, abandoned ones among them.
    Checkouts,
    /// What was bought on board.
    Onboard,
    /// Everything as a traveller: seats, tickets, boardings, purchases on board.
    Travel,
    /// Everything as a booker: bookings, payments, extras, and feedback on them that names nobody.
    Bookings,
}

impl From<ErasureCategory> for Category {
    fn from(category: ErasureCategory) -> Self {
        match category {
            ErasureCategory::Communications => Self::Communications,
            ErasureCategory::Feedback => Self::Feedback,
            ErasureCategory::Checkouts => Self::Checkouts,
            ErasureCategory::Onboard => Self::Onboard,
            ErasureCategory::Travel => Self::Travel,
            ErasureCategory::Bookings => Self::Bookings,
        }
    }
}

impl From<Category> for ErasureCategory {
    fn from(category: Category) -> Self {
        match category {
            Category::Communications => Self::Communications,
            Category::Feedback => Self::Feedback,
            Category::Checkouts => Self::Checkouts,
            Category::Onboard => Self::Onboard,
            Category::Travel => Self::Travel,
            Category::Bookings => Self::Bookings,
        }
    }
}

/// How far an erasure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum ErasureState {
    /// A legal hold forbids it for now.
    Suspended,
    /// Asked for.
    Requested,
    /// Fenced: nothing new can come in.
    Fenced,
    /// Taken out.
    Deleted,
    /// Everybody downstream has confirmed, or there is nobody to tell.
    Propagated,
    /// A scan of every table found nothing.
    Verified,
    /// A later scan found nothing again.
    Closed,
}

impl From<State> for ErasureState {
    fn from(state: State) -> Self {
        match state {
            State::Suspended => Self::Suspended,
            State::Requested => Self::Requested,
            State::Fenced => Self::Fenced,
            State::Deleted => Self::Deleted,
            State::Propagated => Self::Propagated,
            State::Verified => Self::Verified,
            State::Closed => Self::Closed,
        }
    }
}

/// An erasure.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(rename_fields = "snake_case")]
pub struct ErasureRequest {
    /// The request's own id.
    id: UuidScalar,
    /// How far it is.
    state: ErasureState,
    /// What it rests on: `GDPR_REQUEST`, `CCPA_REQUEST`, `INTERNAL_POLICY`, RETENTION, RESTORED, or REDACTED, DELETED and
    /// MERGED where the platform's profile was.
    legal_basis: String,
    /// What goes; an empty list means everything.
    categories: Vec<ErasureCategory>,
    /// The reference of whoever asked.
    reason: Option<String>,
    /// When it was asked for.
    requested_at: TimestamptzScalar,
    /// When it has to be done.
    due_at: Option<TimestamptzScalar>,
    /// It was to be done by now, or was done late.
    overdue: bool,
    /// When the rows were taken out.
    deleted_at: Option<TimestamptzScalar>,
    /// When everybody downstream had confirmed.
    propagated_at: Option<TimestamptzScalar>,
    /// When a scan first found nothing.
    verified_at: Option<TimestamptzScalar>,
    /// When a later scan found nothing again.
    closed_at: Option<TimestamptzScalar>,
    /// The signed receipt of the last scan.
    receipt: Option<JsonbScalar>,
}

impl From<Listed> for ErasureRequest {
    fn from(listed: Listed) -> Self {
        let request = listed.request;
        Self {
            id: request.request_id.into(),
            state: request.state.into(),
            legal_basis: request.basis.to_uppercase().replace('-', "_"),
            categories: request.categories.into_iter().map(Into::into).collect(),
            reason: request.reason,
            requested_at: request.requested_at.into(),
            due_at: request.due_at.map(Into::into),
            overdue: listed.overdue,
            deleted_at: request.deleted_at.map(Into::into),
            propagated_at: request.propagated_at.map(Into::into),
            verified_at: request.verified_at.map(Into::into),
            closed_at: request.closed_at.map(Into::into),
            receipt: listed.receipt.map(Into::into),
        }
    }
}

/// Erasures, the latest first.
pub type ErasureRequestConnection = Connection<ErasureRequest>;

/// A page in GraphQL's form; `behind` when it does not start at the beginning.
pub(in crate::graphql) fn connection(page: Page, behind: bool) -> ErasureRequestConnection {
    let placed = |one: Listed| (one.cursor(), one.into());
    Connection::new(
        page.requests.into_iter().map(placed),
        (behind, page.has_next),
    )
}

/// Whom to erase, what of them, and why.
#[derive(Clone, Debug, InputObject)]
#[graphql(rename_fields = "snake_case")]
pub struct RequestCustomerErasureInput {
    /// The person, or anyone merged with them.
    pub(in crate::graphql) person_profile_id: UuidScalar,
    /// What it rests on.
    pub(in crate::graphql) legal_basis: ErasureLegalBasis,
    /// Only these categories; everything when none is named.
    pub(in crate::graphql) categories: Option<Vec<ErasureCategory>>,
    /// When it has to be done, within a year; 30 days from now unless told.
    pub(in crate::graphql) due: Option<TimestamptzScalar>,
    /// A reference such as a ticket: at most 80 letters, digits, spaces and . _ : # / -
    pub(in crate::graphql) reason: Option<String>,
}

/// What became of asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum RequestCustomerErasureStatus {
    /// It is entered and will be carried out.
    Accepted,
    /// The same was asked for before and is not carried out yet.
    Known,
    /// Nothing was ever delivered for this tenant.
    UnknownTenant,
    /// No id of a person.
    UnusablePerson,
    /// The due date is no instant, has passed or is more than a year away.
    UnusableDue,
    /// The reference is too long or holds other characters.
    UnusableReason,
}

/// The outcome of asking.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(rename_fields = "snake_case")]
pub struct RequestCustomerErasurePayload {
    /// What became of it.
    pub(in crate::graphql) status: RequestCustomerErasureStatus,
    /// The erasure as it stands.
    pub(in crate::graphql) request: Option<ErasureRequest>,
}

/// Whom to let back.
#[derive(Clone, Debug, InputObject)]
#[graphql(rename_fields = "snake_case")]
pub struct AllowCustomerReturnInput {
    /// The erased person.
    pub(in crate::graphql) person_profile_id: UuidScalar,
    /// Only this category; the person as a whole when none is named.
    pub(in crate::graphql) category: Option<ErasureCategory>,
    /// A reference such as a ticket: at most 80 letters, digits, spaces and . _ : # / -
    pub(in crate::graphql) reason: String,
}

/// What became of letting somebody back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum AllowCustomerReturnStatus {
    /// What happens from now on is accepted; nothing from before comes back.
    Allowed,
    /// The person (or that category) is not erased, or was let back already.
    NotErased,
    /// The erasure is not closed yet.
    ErasureUnderWay,
    /// Nothing was ever delivered for this tenant.
    UnknownTenant,
    /// No id of a person.
    UnusablePerson,
    /// The reference is missing, too long or holds other characters.
    UnusableReason,
}

/// The outcome of letting somebody back.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(rename_fields = "snake_case")]
pub struct AllowCustomerReturnPayload {
    /// What became of it.
    pub(in crate::graphql) status: AllowCustomerReturnStatus,
    /// What happened after this instant is accepted.
    pub(in crate::graphql) returned_at: Option<TimestamptzScalar>,
}

impl From<Comeback> for AllowCustomerReturnPayload {
    fn from(comeback: Comeback) -> Self {
        let (status, returned_at) = match comeback {
            Comeback::Allowed(at) => (AllowCustomerReturnStatus::Allowed, Some(at.into())),
            Comeback::NotErased => (AllowCustomerReturnStatus::NotErased, None),
            Comeback::UnderWay => (AllowCustomerReturnStatus::ErasureUnderWay, None),
        };
        Self {
            status,
            returned_at,
        }
    }
}
