//! One thing the doctor found: what, how bad, and what to do.

use serde::Serialize;

/// How bad it is; the worst decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Level {
    Ok,
    Note,
    Warning,
    Error,
}

/// One thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub(super) level: Level,
    /// A stable word such as `backlog`.
    pub(super) about: &'static str,
    /// What, and where.
    pub(super) says: String,
    /// What to do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) todo: Vec<String>,
}

impl Finding {
    pub(super) fn ok(about: &'static str, says: impl Into<String>) -> Self {
        Self::of(Level::Ok, about, says.into(), Vec::new())
    }

    pub(super) fn note(about: &'static str, says: impl Into<String>) -> Self {
        Self::of(Level::Note, about, says.into(), Vec::new())
    }

    pub(super) fn warning(
        about: &'static str,
        says: impl Into<String>,
        todo: impl Into<String>,
    ) -> Self {
        Self::of(Level::Warning, about, says.into(), vec![todo.into()])
    }

    pub(super) fn error(
        about: &'static str,
        says: impl Into<String>,
        todo: impl Into<String>,
    ) -> Self {
        Self::of(Level::Error, about, says.into(), vec![todo.into()])
    }

    pub(super) fn of(level: Level, about: &'static str, says: String, todo: Vec<String>) -> Self {
        Self {
            level,
            about,
            says,
            todo,
        }
    }
}
