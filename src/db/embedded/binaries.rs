//! Which PostgreSQL programs to use: those on the machine, of the major version that made the data folder.
//!
//! Deliberately absent: reading `PG_BIN_DIR`; the configuration passes it in.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::error::EmbeddedError;

/// A folder with `initdb`, `postgres` and `pg_ctl` of one major version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Binaries {
    pub(super) dir: PathBuf,
    pub(super) major: u32,
}

impl Binaries {
    /// A command for one of the programs, with nothing of our environment that would lead it elsewhere.
    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.dir.join(program));
        command
            .env_clear()
            .env("LC_ALL", "C")
            .env("PATH", &self.dir);
        command
    }
}

/// The folders in which PostgreSQL programs usually lie, those that exist, without doubles.
#[must_use]
pub(super) fn usual_folders() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    let asked = Command::new("pg_config").arg("--bindir").output().ok();
    if let Some(output) = asked.filter(|output| output.status.success()) {
        found.push(PathBuf::from(
            String::from_utf8_lossy(&output.stdout).trim(),
        ));
    }
    for (parent, prefix, suffix) in [
        ("/usr/lib/postgresql", "", "bin"),
        ("/usr", "pgsql-", "bin"),
        ("/opt/homebrew/opt", "postgresql", "bin"),
        ("/usr/local/opt", "postgresql", "bin"),
        ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
    ] {
        found.extend(
            children(Path::new(parent), prefix)
                .into_iter()
                .map(|path| path.join(suffix)),
        );
    }
    found.extend(["/usr/local/pgsql/bin", "/usr/local/bin", "/usr/bin"].map(PathBuf::from));
    let mut seen = Vec::new();
    found.retain(|path| {
        let real = path.canonicalize().unwrap_or_else(|_| path.clone());
        let new = path.join("initdb").exists() && !seen.contains(&real);
        seen.push(real);
        new
    });
    found
}

/// The sub-folders of `parent` whose names start with `prefix`, in name order.
pub(super) fn children(parent: &Path, prefix: &str) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(parent)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    paths
}

/// Chooses among `folders`: exactly `major` where a data folder demands it, else the highest.
pub(super) fn choose(folders: &[PathBuf], major: Option<u32>) -> Result<Binaries, EmbeddedError> {
    let found: Vec<(PathBuf, Option<u32>)> = folders
        .iter()
        .map(|dir| (dir.clone(), major_of(dir)))
        .collect();
    found
        .iter()
        .filter_map(|(dir, version)| {
            Some(Binaries {
                dir: dir.clone(),
                major: (*version)?,
            })
        })
        .filter(|binaries| major.is_none_or(|major| binaries.major == major))
        // Of several folders with the highest version, the first.
        .rev()
        .max_by_key(|binaries| binaries.major)
        .ok_or(EmbeddedError::NoBinaries {
            major,
            searched: found,
            download: None,
        })
}

/// The major version of the programs in `dir`, if all three are there and run.
fn major_of(dir: &Path) -> Option<u32> {
    if !["initdb", "postgres", "pg_ctl"]
        .iter()
        .all(|program| dir.join(program).exists())
    {
        return None;
    }
    let output = Command::new(dir.join("postgres"))
        .arg("--version")
        .output()
        .ok()?;
    parse_major(&String::from_utf8_lossy(&output.stdout))
}

/// The major version in `postgres (PostgreSQL) 15.18 (Debian …)` or `… 18beta1`.
fn parse_major(version: &str) -> Option<u32> {
    let number = version
        .split_whitespace()
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    number
        .split(|c: char| !c.is_ascii_digit())
        .next()?
        .parse()
        .ok()
}

/// The major version that made the data folder, from its `PG_VERSION`; `None` while there is no cluster in it.
pub(super) fn major_of_data(data: &Path) -> Option<u32> {
    parse_major(&std::fs::read_to_string(data.join("PG_VERSION")).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn majors_are_read_from_what_the_programs_print() {
        assert_eq!(
            parse_major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"),
            Some(15)
        );
        assert_eq!(parse_major("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(parse_major("16\n"), Some(16));
        assert_eq!(parse_major("nonsense"), None);
    }
}
