//! What a database error means to the one who met it: wait, try again, blame the row, or give up.
//!
//! Deliberately absent: texts for users. The floors above decide what a caller is told.

use uuid::Uuid;

/// A failed statement, sorted by what can be done about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The database cannot answer now (away, starting, shutting down, overloaded, too slow): the same call may work
    /// later, nothing is wrong with its data.
    #[error("the database is not available")]
    Unavailable(#[source] sqlx::Error),
    /// Two transactions got into each other's way; this one may be run again at once.
    #[error("the transaction has to be run again")]
    Retry(#[source] sqlx::Error),
    /// The database refused a value (SQLSTATE classes 22 and 23): the row is at fault and will stay so.
    #[error("the database refused a value")]
    Data(#[source] sqlx::Error),
    /// A stored row does not fit the type it stands for.
    #[error("row {id} of {table} does not fit its type in column {column}")]
    Inconsistent {
        /// The table, without its schema.
        table: &'static str,
        /// The column whose value is out of range or of an unknown kind.
        column: &'static str,
        /// The row's own id (not its tenant's).
        id: Uuid,
    },
    /// Anything else: a fault of this program or of the server's set-up.
    #[error("the database rejected a statement")]
    Other(#[source] sqlx::Error),
}

impl Error {
    /// Whether the same work may succeed later without anybody changing anything.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Retry(_))
    }

    /// The five-character SQLSTATE, where the server sent one.
    #[must_use]
    pub fn sqlstate(&self) -> Option<String> {
        match self {
            Self::Unavailable(e) | Self::Retry(e) | Self::Data(e) | Self::Other(e) => e
                .as_database_error()
                .and_then(sqlx::error::DatabaseError::code)
                .map(std::borrow::Cow::into_owned),
            Self::Inconsistent { .. } => None,
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(database) => match database.code().as_deref().map(meaning) {
                Some(Meaning::Unavailable) => Self::Unavailable(error),
                Some(Meaning::Retry) => Self::Retry(error),
                Some(Meaning::Data) => Self::Data(error),
                Some(Meaning::Other) | None => Self::Other(error),
            },
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Unavailable(error),
            _ => Self::Other(error),
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Meaning {
    Unavailable,
    Retry,
    Data,
    Other,
}

/// What a SQLSTATE means (PostgreSQL manual, appendix A).
fn meaning(sqlstate: &str) -> Meaning {
    match sqlstate {
        // serialization_failure, deadlock_detected, lock_not_available (our lock_timeout)
        "40001" | "40P01" | "55P03" => Meaning::Retry,
        // query_canceled (our statement_timeout), admin_shutdown, crash_shutdown, cannot_connect_now,
        // idle_in_transaction_session_timeout, read_only_sql_transaction (a stand-by after a switch)
        "57014" | "57P01" | "57P02" | "57P03" | "25P03" | "25006" => Meaning::Unavailable,
        // connection exceptions; out of connections, memory or disk
        code if code.starts_with("08") || code.starts_with("53") => Meaning::Unavailable,
        code if code.starts_with("22") || code.starts_with("23") => Meaning::Data,
        _ => Meaning::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_by_what_can_be_done_about_them() {
        let cases = [
            ("40001", Meaning::Retry),
            ("40P01", Meaning::Retry),
            ("57P01", Meaning::Unavailable),
            ("57014", Meaning::Unavailable),
            ("08006", Meaning::Unavailable),
            ("53300", Meaning::Unavailable),
            ("22003", Meaning::Data),
            ("23505", Meaning::Data),
            ("42P01", Meaning::Other),
            ("28P01", Meaning::Other),
        ];
        for (code, expected) in cases {
            assert_eq!(meaning(code), expected, "{code}");
        }
    }

    #[test]
    fn a_refused_connection_is_unavailable_and_its_source_is_kept() {
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        let error = Error::from(sqlx::Error::Io(refused));
        assert!(error.is_transient());
        assert!(std::error::Error::source(&error).is_some());
    }
}
