//! The fence outside of the database: a file that only grows, so that a backup from before an erasure does not bring
//! anybody back unnoticed.
//!
//! One line of JSON a tag, on disk before the erasure commits; a tag whose erasure failed then stands in it without
//! harm. Deliberately absent: names, and taking anything out.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tokio::fs::{self, OpenOptions};
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

/// One erased person, nameless.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Entry {
    /// Whose customer it was.
    pub tenant_id: Uuid,
    /// The tag, as in the fence.
    pub tag: Uuid,
    /// 0 for everything, else the number of a category.
    #[serde(default)]
    pub scope: i16,
    /// When.
    pub erased_at: DateTime<Utc>,
    /// What happened after this instant is accepted again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returned_at: Option<DateTime<Utc>>,
    /// As in the fence.
    pub reason: String,
}

impl Entry {
    /// When it was last changed: of two entries about the same, the later one holds.
    #[must_use]
    pub fn latest(&self) -> DateTime<Utc> {
        self.returned_at
            .map_or(self.erased_at, |at| at.max(self.erased_at))
    }

    fn about(&self) -> (Uuid, Uuid, i16) {
        (self.tenant_id, self.tag, self.scope)
    }
}

/// The file. Cheap to clone.
#[derive(Debug, Clone)]
pub struct FenceFile(Arc<PathBuf>);

impl FenceFile {
    /// The file at this path, which is made with the first entry.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self(Arc::new(path))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Adds entries and waits until they are on disk.
    pub async fn append(&self, entries: &[Entry]) -> io::Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        // A line that a crash cut short must not swallow the first of these.
        let mut lines = b"\n".to_vec();
        for entry in entries {
            lines.extend(serde_json::to_vec(entry).map_err(io::Error::other)?);
            lines.push(b'\n');
        }
        if let Some(folder) = self.0.parent() {
            fs::create_dir_all(folder).await?;
        }
        let new = !fs::try_exists(&*self.0).await?;
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&*self.0)
            .await?;
        file.write_all(&lines).await?;
        file.flush().await?;
        file.sync_all().await?;
        if let Some(folder) = self.0.parent().filter(|_| new) {
            let here = folder.as_os_str().is_empty();
            let folder = if here { Path::new(".") } else { folder };
            fs::File::open(folder).await?.sync_all().await?;
        }
        Ok(())
    }

    /// Everything in it, each tag and scope once, as it was last; empty while there is no file. A line that a crash cut short was never an
    /// erasure that committed, and is passed over.
    pub async fn read(&self) -> io::Result<Vec<Entry>> {
        let text = match fs::read(&*self.0).await {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut latest: BTreeMap<(Uuid, Uuid, i16), Entry> = BTreeMap::new();
        let lines = text.lines().filter(|line| !line.is_empty());
        let entries = lines.filter_map(|line| {
            let entry = serde_json::from_str::<Entry>(line);
            if entry.is_err() {
                tracing::warn!("a line of the fence's file cannot be read and is passed over");
            }
            entry.ok()
        });
        for entry in entries {
            match latest.get(&entry.about()) {
                Some(known) if known.latest() >= entry.latest() => {}
                _ => {
                    latest.insert(entry.about(), entry);
                }
            }
        }
        Ok(latest.into_values().collect())
    }

    /// How long it is, in bytes; it only grows, so as long as this stays nothing was added.
    pub async fn length(&self) -> io::Result<u64> {
        match fs::metadata(&*self.0).await {
            Ok(about) => Ok(about.len()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_added_is_there_once_even_behind_a_line_that_was_cut_short() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep").join("fence");
        let file = FenceFile::new(path.clone());
        assert!(file.read().await.unwrap().is_empty() && file.length().await.unwrap() == 0);
        let entry = |tag| Entry {
            tenant_id: Uuid::from_u128(1),
            tag: Uuid::from_u128(tag),
            scope: 0,
            returned_at: None,
            erased_at: "2027-01-01T00:00:00Z".parse().unwrap(),
            reason: "deleted".to_owned(),
        };
        file.append(&[entry(1), entry(2)]).await.unwrap();
        let mut torn = std::fs::read(&path).unwrap();
        torn.extend(b"{\"tenant_id\":\"0000");
        std::fs::write(&path, torn).unwrap();
        file.append(&[entry(2), entry(3)]).await.unwrap();
        let read = file.read().await.unwrap();
        assert_eq!(read, [entry(1), entry(2), entry(3)]);
        // A return, and a category of the same person, whatever stood there before.
        let returned = Entry {
            returned_at: Some("2027-02-01T00:00:00Z".parse().unwrap()),
            ..entry(2)
        };
        let category = Entry {
            scope: 1,
            ..entry(2)
        };
        file.append(&[returned.clone(), category.clone(), entry(2)])
            .await
            .unwrap();
        let read = file.read().await.unwrap();
        assert_eq!(read, [entry(1), returned, category, entry(3)]);
    }
}
