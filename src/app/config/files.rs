//! Secrets in files: reading one, and making one up that is kept.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::kept::SecretsError;

/// A secret that nobody had set, so that it was made up and kept in the data folder.
#[derive(Clone, Debug)]
pub struct MadeUp {
    /// The variable that would set it.
    pub variable: &'static str,
    /// The file that keeps it (mode 0600).
    pub path: PathBuf,
    /// The secret.
    pub value: SecretString,
    /// Whether this start made it up, rather than an earlier one.
    pub new: bool,
}

/// The file's first line; what editors add after it is not part of a secret.
pub(super) fn read_file(path: &Path, variable: &'static str) -> Result<SecretString, SecretsError> {
    let text = fs::read_to_string(path).map_err(|source| SecretsError::File {
        action: "read",
        path: path.to_owned(),
        variable,
        source,
    })?;
    match text.lines().next().map(str::trim) {
        Some(secret) if !secret.is_empty() => Ok(SecretString::from(secret)),
        _ => Err(SecretsError::Empty {
            path: path.to_owned(),
            variable,
        }),
    }
}

/// The secret kept in `data_dir`, made up if there is none yet. Two processes that start at once end up with the same.
pub(super) fn keep(
    variable: &'static str,
    data_dir: &Path,
    name: &str,
) -> Result<MadeUp, SecretsError> {
    let path = data_dir.join(name);
    let failed = |source| SecretsError::File {
        action: "write",
        path: path.clone(),
        variable,
        source,
    };
    let mut new = false;
    if !path.exists() {
        fs::create_dir_all(data_dir).map_err(failed)?;
        new = write_once(&path).map_err(failed)?;
    }
    Ok(MadeUp {
        variable,
        value: read_file(&path, variable)?,
        path,
        new,
    })
}

/// Writes a random secret beside `path` and links it there whole, unless somebody else was faster.
fn write_once(path: &Path) -> io::Result<bool> {
    let secret: String = rand::random::<[u64; 4]>()
        .iter()
        .map(|part| hex(*part))
        .collect();
    let draft = path.with_extension(format!("draft-{}", std::process::id()));
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(&draft)?;
    file.write_all(secret.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

fn hex(part: u64) -> String {
    format!("{part:016x}")
}
