//! What can go wrong in the stand-in. Deliberately one small enum: the room is a tool, and its callers only report.

/// A failure of the stand-in.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The platform's database refused or was not reachable.
    #[error("the platform's database failed")]
    Database(#[from] sqlx::Error),
    /// The server could not be reached.
    #[error("the server could not be reached")]
    Http(#[from] reqwest::Error),
    /// A row or an answer was not the JSON that was expected.
    #[error("unexpected JSON")]
    Json(#[from] serde_json::Error),
    /// Writing to the terminal failed.
    #[error("writing the report failed")]
    Io(#[from] std::io::Error),
    /// A setting that cannot work.
    #[error("{0}")]
    Config(String),
    /// A query the gateway does not answer.
    #[error("{0}")]
    Query(String),
    /// A task of the stand-in ended abnormally.
    #[error("a task of the stand-in ended abnormally")]
    Task(#[from] tokio::task::JoinError),
}

/// Result of the stand-in's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;
