//! Where the cluster's files lie: under the data folder, unless PostgreSQL's user cannot get there, and with a socket
//! whose path is short enough for the operating system.
//!
//! ```text
//! <data folder>/postgres/   data/  run/ (socket, mode 0700)  programs/ (downloaded)  postgres.log  *.lock
//! ```

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::account::{self, Account};
use super::error::{At, EmbeddedError};

const APP: &str = "customer-intelligence";
/// `sun_path` holds 104 bytes on macOS and 108 on Linux, the final NUL among them.
const LONGEST_SOCKET_PATH: usize = 102;
const SOCKET_NAME: &str = ".s.PGSQL.5432";
const PRIVATE: u32 = 0o700;

/// The cluster's folders and files, and who owns them.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) root: PathBuf,
    pub(super) data: PathBuf,
    pub(super) run: PathBuf,
    pub(super) programs: PathBuf,
    pub(super) log: PathBuf,
    pub(super) account: Option<Account>,
}

impl Layout {
    /// Creates what is missing under `data_dir` (or where the fall-back rules lead) and returns the paths.
    pub(super) fn prepare(data_dir: &Path) -> Result<Self, EmbeddedError> {
        fs::create_dir_all(data_dir).at("create", data_dir)?;
        let data_dir = data_dir.canonicalize().at("find", data_dir)?;
        let mut root = data_dir.join("postgres");
        let mut account = Account::for_data(&root.join("data"))?;
        if let Some(other) = &account
            && !other.can_enter(&data_dir)
        {
            root = Path::new("/var/tmp").join(format!("{APP}-{}", short_hash(&root)));
            account = Account::for_data(&root.join("data"))?;
        }
        let run = match root.join("run") {
            run if run.join(SOCKET_NAME).as_os_str().len() <= LONGEST_SOCKET_PATH => run,
            _ => Path::new("/tmp").join(format!("{APP}-{}", short_hash(&root))),
        };
        let layout = Self {
            data: root.join("data"),
            programs: root.join("programs"),
            log: root.join("postgres.log"),
            root,
            run,
            account,
        };
        layout.private_folder(&layout.root)?;
        layout.private_folder(&layout.run)?;
        Ok(layout)
    }

    /// The server's socket.
    pub(super) fn socket(&self) -> PathBuf {
        self.run.join(SOCKET_NAME)
    }

    /// A lock file in the cluster's root, opened.
    pub(super) fn lock_file(&self, name: &str) -> Result<File, EmbeddedError> {
        let path = self.root.join(name);
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .at("open", &path)?;
        self.hand_over(&path)?;
        Ok(file)
    }

    /// Gives `path` to the account PostgreSQL runs as.
    pub(super) fn hand_over(&self, path: &Path) -> Result<(), EmbeddedError> {
        self.account
            .as_ref()
            .map_or(Ok(()), |account| account.own(path))
    }

    /// Creates the folder for PostgreSQL's user alone; one that belongs to somebody else is refused, since the shared
    /// temporary folders are open to all.
    fn private_folder(&self, path: &Path) -> Result<(), EmbeddedError> {
        if let Err(error) = DirBuilder::new().mode(PRIVATE).create(path)
            && error.kind() != std::io::ErrorKind::AlreadyExists
        {
            return Err(error).at("create", path);
        }
        let meta = fs::symlink_metadata(path).at("read", path)?;
        let us = account::effective_uid()?;
        let owner = self.account.as_ref().map_or(us, Account::uid);
        if !meta.is_dir() || (meta.uid() != us && meta.uid() != owner) {
            return Err(EmbeddedError::Folder {
                path: path.to_owned(),
                reason: "it belongs to somebody else; remove it or choose another CI_DATA_DIR"
                    .to_owned(),
            });
        }
        fs::set_permissions(path, fs::Permissions::from_mode(PRIVATE)).at("protect", path)?;
        self.hand_over(path)
    }
}

/// Twelve hexadecimal digits that stand for a path.
fn short_hash(path: &Path) -> String {
    let digest = Sha256::digest(path.as_os_str().as_encoded_bytes());
    let number = digest
        .iter()
        .take(6)
        .fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
    format!("{number:012x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_path_gets_a_short_socket() {
        let base = tempfile::tempdir().unwrap();
        fs::set_permissions(base.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let long = base.path().join("x".repeat(120));
        let layout = Layout::prepare(&long).unwrap();
        assert!(layout.socket().as_os_str().len() <= LONGEST_SOCKET_PATH);
        assert_ne!(layout.run.parent(), Some(layout.root.as_path()));
        fs::remove_dir(&layout.run).unwrap();
    }

    #[test]
    fn folders_are_private() {
        let base = tempfile::tempdir().unwrap();
        fs::set_permissions(base.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let layout = Layout::prepare(base.path()).unwrap();
        assert_eq!(fs::metadata(&layout.root).unwrap().mode() & 0o777, PRIVATE);
        assert_eq!(fs::metadata(&layout.run).unwrap().mode() & 0o777, PRIVATE);
    }
}
