//! What can go wrong with a PostgreSQL of our own, each with where it happened and what to do about it.

use std::io;
use std::path::PathBuf;

/// Why the embedded server is not there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmbeddedError {
    /// No usable PostgreSQL programs on this machine.
    #[error(
        "no PostgreSQL {} found on this machine (looked in {}); install it (Debian, Ubuntu: apt-get install {}; \
         Fedora: dnf install postgresql-server; macOS: brew install {}), or set PG_BIN_DIR to the folder of initdb, \
         or set DATABASE_URL to a server of yours{}",
        wanted(*.major),
        list(.searched),
        package(*.major, "postgresql", "postgresql-"),
        package(*.major, "postgresql", "postgresql@"),
        download.as_deref().map(|why| format!(" (downloading it failed: {why})")).unwrap_or_default()
    )]
    NoBinaries {
        /// The major version that the existing data folder needs, if there is one.
        major: Option<u32>,
        /// The folders that were looked at and exist, each with the major version found.
        searched: Vec<(PathBuf, Option<u32>)>,
        /// Why the download failed, if one was tried.
        download: Option<String>,
    },
    /// The data folder cannot be used as it is.
    #[error("the folder {} cannot hold the database: {reason}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What is wrong and what to do.
        reason: String,
    },
    /// The operating system refused something.
    #[error("could not {action} {}", path.display())]
    Io {
        /// What was tried, as an infinitive.
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A PostgreSQL program ended with a failure.
    #[error("{program} failed for {}: {output}", data.display())]
    Program {
        /// The program's name.
        program: &'static str,
        /// The data folder.
        data: PathBuf,
        /// The end of what it printed.
        output: String,
    },
    /// The server did not become ready.
    #[error("PostgreSQL did not start on {} within {seconds} s; the end of {}: {output}", data.display(), log.display())]
    NotReady {
        /// The data folder.
        data: PathBuf,
        /// The server's log.
        log: PathBuf,
        /// How long it was waited for.
        seconds: u64,
        /// The end of the log.
        output: String,
    },
    /// Another process holds the start lock for too long.
    #[error("another process has been starting PostgreSQL in {} for over {seconds} s; end it or wait", root.display())]
    Busy {
        /// The cluster's folder.
        root: PathBuf,
        /// How long it was waited for.
        seconds: u64,
    },
    /// The server runs, but a database could not be created in it.
    #[error("could not create database {name}")]
    Database {
        /// The database's name.
        name: String,
        /// Why not.
        #[source]
        source: Box<crate::db::Error>,
    },
}

/// Adds action and path to an I/O result.
pub(super) trait At<T> {
    /// Turns the I/O error into [`EmbeddedError::Io`].
    fn at(self, action: &'static str, path: impl Into<PathBuf>) -> Result<T, EmbeddedError>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, action: &'static str, path: impl Into<PathBuf>) -> Result<T, EmbeddedError> {
        self.map_err(|source| EmbeddedError::Io {
            action,
            path: path.into(),
            source,
        })
    }
}

fn wanted(major: Option<u32>) -> String {
    major.map_or_else(
        || "programs".to_owned(),
        |major| format!("{major} programs (the data folder was made by version {major})"),
    )
}

fn package(major: Option<u32>, any: &str, prefix: &str) -> String {
    major.map_or_else(|| any.to_owned(), |major| format!("{prefix}{major}"))
}

fn list(searched: &[(PathBuf, Option<u32>)]) -> String {
    if searched.is_empty() {
        return "PATH and the usual folders".to_owned();
    }
    let each = searched.iter().map(|(path, major)| match major {
        Some(major) => format!("{} [{major}]", path.display()),
        None => path.display().to_string(),
    });
    each.collect::<Vec<_>>().join(", ")
}
