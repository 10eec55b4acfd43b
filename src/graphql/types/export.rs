//! Requests for everything that is held about a person.

use async_graphql::{Enum, InputObject, SimpleObject};
use secrecy::ExposeSecret;

use super::connection::Connection;
use crate::graphql::scalars::{TimestamptzScalar, UuidScalar};
use crate::privacy::export::Category;
use crate::privacy::export::desk::{Asked, Page, cursor};
use crate::privacy::export::request::{Form, Standing, State};

/// A part of an export that can be asked for by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Category")]
pub enum ExportCategory {
    /// What the profile says.
    Profile,
    /// What happened, as it is shown.
    Activities,
    /// Every row of the log behind that.
    Log,
    /// Numbers that were derived, each with how.
    Metrics,
    /// What was allowed, and everything that was said about it.
    Consents,
    /// Who read or dealt with the data, and when.
    Access,
    /// What is done with the data, who gets it, how long it is kept.
    Processing,
    /// Which tables hold something, and how much.
    Storage,
}

/// In which form an archive holds the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Form")]
pub enum ExportFormat {
    /// One JSON document.
    Json,
    /// One table a file.
    Csv,
}

/// How far a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "State")]
pub enum ExportState {
    /// Asked for.
    Requested,
    /// It is being made.
    Building,
    /// The archive waits to be fetched.
    Ready,
    /// It was fetched and is gone.
    Fetched,
    /// Nobody fetched it in time, and it is gone.
    Expired,
    /// The person was erased.
    Cancelled,
    /// It could not be made.
    Failed,
    /// No customer has this id any more.
    UnknownPerson,
}

/// A request for a person's data.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(rename_fields = "snake_case")]
pub struct ExportRequest {
    /// The request's own id.
    id: UuidScalar,
    /// Whose data; null after the person was erased.
    person_profile_id: Option<UuidScalar>,
    /// How far it is.
    status: ExportState,
    /// What was asked for.
    categories: Vec<ExportCategory>,
    /// In which form.
    format: ExportFormat,
    /// When it was asked for.
    requested_at: TimestamptzScalar,
    /// Until when it must be answered.
    due_at: TimestamptzScalar,
    /// When the archive was there.
    ready_at: Option<TimestamptzScalar>,
    /// Until when it can be fetched.
    expires_at: Option<TimestamptzScalar>,
    /// When it was fetched, expired, cancelled or given up.
    ended_at: Option<TimestamptzScalar>,
    /// Size of the encrypted archive in bytes.
    bytes: Option<i64>,
}

impl From<Standing> for ExportRequest {
    fn from(request: Standing) -> Self {
        let categories = request.categories.iter();
        let categories = categories.filter_map(|name| Category::from_name(name));
        Self {
            id: request.request_id.into(),
            person_profile_id: request.person.map(Into::into),
            status: request.state.into(),
            categories: categories.map(Into::into).collect(),
            format: request.form.into(),
            requested_at: request.requested_at.into(),
            due_at: request.due_at.into(),
            ready_at: request.ready_at.map(Into::into),
            expires_at: request.expires_at.map(Into::into),
            ended_at: request.ended_at.map(Into::into),
            bytes: request.bytes,
        }
    }
}

/// A page of requests, the latest first.
pub type ExportRequestConnection = Connection<ExportRequest>;

/// A page in GraphQL's form; `behind` when it does not start at the beginning.
pub(in crate::graphql) fn connection(page: Page, behind: bool) -> ExportRequestConnection {
    let placed = |request: Standing| (cursor(&request), request.into());
    Connection::new(
        page.requests.into_iter().map(placed),
        (behind, page.has_next),
    )
}

/// Whose data are asked for, and in which form.
#[derive(Clone, Debug, InputObject)]
#[graphql(rename_fields = "snake_case")]
pub struct RequestCustomerExportInput {
    /// The person; after a merge any of the merged profiles.
    pub(in crate::graphql) person_profile_id: UuidScalar,
    /// Only these parts; everything unless told.
    pub(in crate::graphql) categories: Option<Vec<ExportCategory>>,
    /// In which form; JSON unless told.
    pub(in crate::graphql) format: Option<ExportFormat>,
    /// In which language it explains itself, `de` or `en`; the person's own unless told.
    pub(in crate::graphql) language: Option<String>,
    /// An age public key (`age1…`, X25519) to encrypt to. Without one a pair of keys is made, and the secret one is in
    /// the answer.
    pub(in crate::graphql) recipient_age_key: Option<String>,
}

/// What became of asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum RequestCustomerExportStatus {
    /// It is being made.
    Accepted,
    /// No customer has this id.
    UnknownPerson,
    /// The person was erased.
    Erased,
    /// The recipient is no public key of age.
    InvalidRecipient,
    /// Too many requests are under way; ask again when they are over.
    TooManyRequests,
}

/// The outcome of asking for a person's data.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(rename_fields = "snake_case")]
pub struct RequestCustomerExportPayload {
    /// What became of it.
    status: RequestCustomerExportStatus,
    /// The request's id, to be found by in `export_requests`.
    id: Option<UuidScalar>,
    /// Until when it must be answered; usually it is within a minute.
    due_at: Option<TimestamptzScalar>,
    /// Where the archive is fetched from this service, once: told only here.
    download_path: Option<String>,
    /// What opens the archive (`age --decrypt -i key.txt`), where no recipient was named: told only here, and kept
    /// nowhere.
    age_secret_key: Option<String>,
}

impl From<Asked> for RequestCustomerExportPayload {
    fn from(asked: Asked) -> Self {
        use RequestCustomerExportStatus as Status;
        let status = match &asked {
            Asked::Accepted(_) => Status::Accepted,
            Asked::UnknownPerson => Status::UnknownPerson,
            Asked::Erased => Status::Erased,
            Asked::BadRecipient => Status::InvalidRecipient,
            Asked::TooMany => Status::TooManyRequests,
        };
        let accepted = match asked {
            Asked::Accepted(accepted) => Some(*accepted),
            _ => None,
        };
        let token = accepted.as_ref().map(|it| it.token.expose_secret());
        let identity = accepted.as_ref().and_then(|it| it.identity.as_ref());
        Self {
            status,
            download_path: token.map(|token| format!("/exports/{token}")),
            age_secret_key: identity.map(|key| key.expose_secret().to_owned()),
            id: accepted.as_ref().map(|it| it.request_id.into()),
            due_at: accepted.as_ref().map(|it| it.due_at.into()),
        }
    }
}
