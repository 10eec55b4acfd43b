//! Who runs PostgreSQL: it refuses root, so root steps down to `postgres`, else `nobody`; anybody else stays.
//!
//! Deliberately absent: anything that needs unsafe code; the standard library changes the user of a child.

use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use super::error::{At, EmbeddedError};

const ROOT: u32 = 0;

/// An account to step down to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Account {
    uid: u32,
    gid: u32,
}

impl Account {
    /// The account that PostgreSQL must run as: `None` means our own.
    ///
    /// A data folder that exists keeps its owner.
    pub(super) fn for_data(data: &Path) -> Result<Option<Self>, EmbeddedError> {
        let us = effective_uid()?;
        let owner = std::fs::metadata(data)
            .ok()
            .map(|meta| (meta.uid(), meta.gid()));
        match (us, owner) {
            (ROOT, Some((uid, gid))) if uid != ROOT => Ok(Some(Self { uid, gid })),
            (ROOT, _) => Self::to_step_down_to(data).map(Some),
            (us, Some((uid, _))) if uid != us => Err(EmbeddedError::Folder {
                path: data.to_owned(),
                reason: format!(
                    "it belongs to user {uid} and this is user {us}; run as that user or choose another CI_DATA_DIR"
                ),
            }),
            _ => Ok(None),
        }
    }

    fn to_step_down_to(data: &Path) -> Result<Self, EmbeddedError> {
        let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        ["postgres", "_postgres", "nobody"].iter().find_map(|name| find(&accounts, name)).ok_or_else(|| {
            EmbeddedError::Folder {
                path: data.to_owned(),
                reason: "PostgreSQL refuses to run as root and there is no user postgres or nobody to step down to; \
                         start as an ordinary user"
                    .to_owned(),
            }
        })
    }

    /// Gives a file or folder to this account.
    pub(super) fn own(&self, path: &Path) -> Result<(), EmbeddedError> {
        chown(path, Some(self.uid), Some(self.gid)).at("change the owner of", path)
    }

    /// Whether the folder can be entered by this account.
    pub(super) fn can_enter(&self, path: &Path) -> bool {
        let mut shell = Command::new("/bin/sh");
        shell
            .args(["-c", "cd \"$0\" 2>/dev/null"])
            .arg(path)
            .current_dir("/");
        self.run(&mut shell);
        shell.status().is_ok_and(|status| status.success())
    }

    /// Makes a command run as this account.
    pub(super) fn run(&self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid);
    }

    /// The account's number, to compare with a file's owner.
    pub(super) fn uid(&self) -> u32 {
        self.uid
    }
}

/// The user this process acts as.
pub(super) fn effective_uid() -> Result<u32, EmbeddedError> {
    if let Ok(meta) = std::fs::metadata("/proc/self") {
        return Ok(meta.uid());
    }
    let output = Command::new("id").arg("-u").output().at("run", "id")?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim()
        .parse()
        .map_err(std::io::Error::other)
        .at("understand the answer of", "id -u")
}

fn find(accounts: &str, name: &str) -> Option<Account> {
    let line = accounts
        .lines()
        .find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    Some(Account {
        uid: id(fields.next()?)?,
        gid: id(fields.next()?)?,
    })
}

/// macOS writes `nobody` as -2.
fn id(text: &str) -> Option<u32> {
    text.parse::<u32>()
        .ok()
        .or_else(|| text.parse::<i32>().ok().map(i32::cast_unsigned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_found_by_their_whole_name() {
        let text = "root:x:0:0:root:/root:/bin/bash\nnobody2:x:7:7::/:\nnobody:*:-2:-2::/:\n";
        assert_eq!(
            find(text, "nobody"),
            Some(Account {
                uid: u32::MAX - 1,
                gid: u32::MAX - 1
            })
        );
        assert_eq!(find(text, "postgres"), None);
    }
}
