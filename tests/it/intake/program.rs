//! `customer-intelligence` as a command on a test's database.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use sqlx::ConnectOptions;
use tempfile::TempDir;

use crate::support::TestDb;

/// A folder for a command's files, and the database it works on.
pub(crate) struct Commands<'d> {
    db: &'d TestDb,
    folder: TempDir,
}

impl<'d> Commands<'d> {
    pub(crate) fn on(db: &'d TestDb) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { db, folder }
    }

    /// Where the database is, for commands that read another one.
    pub(crate) fn url(&self) -> String {
        self.db.options().to_url_lossy().to_string()
    }

    /// Writes a file and returns its path.
    pub(crate) fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_customer-intelligence"));
        command
            .args(arguments)
            .env_clear()
            .env("DATABASE_URL", self.url())
            .env("CI_DATA_DIR", self.folder.path())
            .env("CI_MASTER_KEY", "the master key of these tests")
            .env("CI_DATABASE_ACQUIRE_TIMEOUT_MS", "20000")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Starts a command, to be killed or waited for.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).spawn().unwrap()
    }

    /// Runs a command to its end.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Ran {
        self.feed(arguments, Vec::new()).await
    }

    /// Runs a command to its end with something on its standard input.
    pub(crate) async fn feed(&self, arguments: &[&str], input: Vec<u8>) -> Ran {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let output = tokio::task::spawn_blocking(move || {
            let fed = std::thread::spawn(move || stdin.write_all(&input).ok());
            let output = child.wait_with_output().unwrap();
            fed.join().unwrap();
            output
        });
        Ran::of(output.await.unwrap())
    }
}

/// What a command said.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) said: String,
    pub(crate) remarked: String,
}

impl Ran {
    pub(crate) fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self {
            code: output.status.code().unwrap_or(-1),
            said: text(output.stdout),
            remarked: text(output.stderr),
        }
    }

    /// It went well and said JSON.
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.code, 0, "{}{}", self.said, self.remarked);
        serde_json::from_str(&self.said).unwrap()
    }
}

/// As a command line has it.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
