//! Errors of fields that no join reaches, each with a stable `extensions.code`.

use async_graphql::{Error, ErrorExtensions};

use crate::insight;

/// What a caller is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum FieldError {
    /// The role may not ask this.
    #[error("this role may not ask for this field")]
    Forbidden,
    /// An argument cannot be used.
    #[error("argument {0} does not fit: its description in the schema says what may stand there")]
    Argument(&'static str),
    /// The tenant asks too often.
    #[error("too many requests of this tenant; ask again in a moment")]
    RateLimited,
    /// The data cannot be reached now.
    #[error("the data cannot be reached at the moment; ask again")]
    Unavailable,
}

impl FieldError {
    const fn code(self) -> &'static str {
        match self {
            Self::Forbidden => "FORBIDDEN",
            Self::Argument(_) => "BAD_USER_INPUT",
            Self::RateLimited => "RATE_LIMITED",
            Self::Unavailable => "UNAVAILABLE",
        }
    }

    /// The error in GraphQL's form.
    pub(super) fn to_graphql(self) -> Error {
        Error::new(self.to_string())
            .extend_with(|_, extensions| extensions.set("code", self.code()))
    }
}

/// Logs why something could not be done and tells the caller that it could not.
pub(super) fn told(what: &'static str, error: &(dyn std::error::Error + 'static)) -> Error {
    tracing::warn!(what, error, "an operation is answered with an error");
    FieldError::Unavailable.to_graphql()
}

impl From<&insight::Error> for FieldError {
    fn from(error: &insight::Error) -> Self {
        match error {
            insight::Error::Cursor => Self::Argument("after"),
            _ => Self::Unavailable,
        }
    }
}
