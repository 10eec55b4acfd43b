//! Why a read gave nothing.

use std::time::Duration;

use crate::db;

/// A read that failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The database is away or overloaded: the same read may work later.
    #[error("the data cannot be reached")]
    Unavailable(#[source] db::Error),
    /// The request's time is up.
    #[error("no answer from the database within {0:?}")]
    TooSlow(Duration),
    /// A fault of this program or of a stored row.
    #[error("the data cannot be read")]
    Broken(#[source] db::Error),
    /// The cursor was not made for this list in this order.
    #[error("the cursor does not belong to this list and order")]
    Cursor,
}

impl From<db::Error> for Error {
    fn from(error: db::Error) -> Self {
        if error.is_transient() {
            Self::Unavailable(error)
        } else {
            Self::Broken(error)
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        db::Error::from(error).into()
    }
}
