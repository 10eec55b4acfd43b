//! A request for a person's data: what was asked for and how far it is.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// How far a request is. The numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// Asked for.
    Requested = 0,
    /// A process works on it.
    Building = 1,
    /// The archive waits to be fetched.
    Ready = 2,
    /// It was fetched and is gone.
    Fetched = 3,
    /// Nobody fetched it in time, and it is gone.
    Expired = 4,
    /// The person was erased.
    Cancelled = 5,
    /// It could not be made, however often it was tried.
    Failed = 6,
    /// No customer has this id.
    UnknownPerson = 7,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 8] = [
        Self::Requested,
        Self::Building,
        Self::Ready,
        Self::Fetched,
        Self::Expired,
        Self::Cancelled,
        Self::Failed,
        Self::UnknownPerson,
    ];

    /// As it is stored.
    pub(crate) const fn code(self) -> i16 {
        self as i16
    }

    /// The state that is stored so.
    pub(crate) fn of(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Its name, as in the answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requested => "REQUESTED",
            Self::Building => "BUILDING",
            Self::Ready => "READY",
            Self::Fetched => "FETCHED",
            Self::Expired => "EXPIRED",
            Self::Cancelled => "CANCELLED",
            Self::Failed => "FAILED",
            Self::UnknownPerson => "UNKNOWN_PERSON",
        }
    }
}

/// In which form the archive holds the data. The numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Form {
    /// One JSON document.
    Json = 0,
    /// One table a file.
    Csv = 1,
}

impl Form {
    /// As it is stored.
    pub(crate) const fn code(self) -> i16 {
        self as i16
    }

    /// The form that is stored so.
    pub(crate) fn of(code: i16) -> Option<Self> {
        [Self::Json, Self::Csv]
            .into_iter()
            .find(|form| form.code() == code)
    }

    /// Its name, as in the answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::Csv => "CSV",
        }
    }
}

/// One request, as whoever asked may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Whose customer.
    pub tenant_id: Uuid,
    /// Its id.
    pub request_id: Uuid,
    /// Whose data; none after the person was erased.
    pub person: Option<Uuid>,
    /// Names of what was asked for.
    pub categories: Vec<String>,
    /// In which form.
    pub form: Form,
    /// How far it is.
    pub state: State,
    /// When it was asked for.
    pub requested_at: DateTime<Utc>,
    /// Until when it must be answered.
    pub due_at: DateTime<Utc>,
    /// When the archive was there.
    pub ready_at: Option<DateTime<Utc>>,
    /// Until when it can be fetched.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was fetched, expired, cancelled or given up.
    pub ended_at: Option<DateTime<Utc>>,
    /// Size of the encrypted archive.
    pub bytes: Option<i64>,
}
