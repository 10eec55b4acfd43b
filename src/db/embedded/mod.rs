//! A PostgreSQL of our own: found on the machine (else downloaded), started in the data folder, found again after a crash.
//!
//! Reached by a private unix socket only. The server is a process of its own: it outlives a kill -9 of ours, and the
//! next start attaches to it. Several processes may share it; the last one that [stops](Embedded::stop) ends it.
//! Deliberately absent: `DATABASE_URL` (who has a server of their own does not come here) and the environment.

mod error;
mod binaries;
mod download;
mod account;
mod layout;
mod settings;
mod process;
mod cluster;
mod postmaster;
mod database;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnectOptions;

pub use error::EmbeddedError;

use binaries::Binaries;
use error::At;
use layout::Layout;
use postmaster::State;

/// The database that the service uses in its own cluster.
pub const DATABASE: &str = "customer_intelligence";

const START_LOCK_PATIENCE: Duration = Duration::from_mins(3);
/// A child that this process is just starting holds our locks too, until it has become its program.
const OTHER_USERS_PATIENCE: Duration = Duration::from_millis(500);
const LOCK_POLL: Duration = Duration::from_millis(20);

/// What a crash of the machine may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Nothing that was committed.
    Durable,
    /// Everything: for tests, which then spend no time waiting for the disk.
    Throwaway,
}

/// Where and how to run the server.
#[derive(Clone, Debug)]
pub struct EmbeddedConfig {
    /// The folder that holds the cluster (in its sub-folder `postgres`).
    pub data_dir: PathBuf,
    /// The folders to look for PostgreSQL's programs in.
    pub bin_dirs: Vec<PathBuf>,
    /// Whether to download the programs if none of the folders has them.
    pub download: bool,
    /// What a crash of the machine may cost.
    pub durability: Durability,
}

impl EmbeddedConfig {
    /// A durable cluster under `data_dir`, with the programs in `bin_dir`, or else those of the usual folders, or
    /// else downloaded ones.
    #[must_use]
    pub fn new(data_dir: PathBuf, bin_dir: Option<PathBuf>) -> Self {
        Self {
            data_dir,
            download: bin_dir.is_none(),
            bin_dirs: bin_dir.map_or_else(binaries::usual_folders, |dir| vec![dir]),
            durability: Durability::Durable,
        }
    }
}

/// A running server. Dropping it leaves the server alone; [`stop`](Self::stop) ends it.
#[derive(Clone, Debug)]
pub struct Embedded(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    layout: Layout,
    binaries: Binaries,
    durability: Durability,
    /// The server, if it is our child; kept so that its end is noticed and collected.
    child: Mutex<Option<Child>>,
    /// Held shared while this process uses the server.
    users: Mutex<Option<File>>,
}

impl Embedded {
    /// Finds or starts the server, creating its cluster and the service's database the first time.
    pub async fn start(config: EmbeddedConfig) -> Result<Self, EmbeddedError> {
        let data_dir = config.data_dir.clone();
        let layout = blocking(move || Layout::prepare(&data_dir)).await?;
        let binaries = find_binaries(&config, &layout).await?;
        let durability = config.durability;
        let embedded = blocking(move || {
            let start_lock = lock_start(&layout)?;
            let users = layout.lock_file("users.lock")?;
            users
                .lock_shared()
                .at("lock", layout.root.join("users.lock"))?;
            if binaries::major_of_data(&layout.data).is_none() {
                cluster::create(&layout, &binaries, durability)?;
            }
            let child = postmaster::ensure_running(&layout, &binaries, durability)?;
            drop(start_lock);
            let (child, users) = (Mutex::new(child), Mutex::new(Some(users)));
            Ok(Self(Arc::new(Inner {
                layout,
                binaries,
                durability,
                child,
                users,
            })))
        })
        .await?;
        embedded.database(DATABASE).await?;
        Ok(embedded)
    }

    /// How to connect to the service's database, as the cluster's superuser.
    #[must_use]
    pub fn connect_options(&self) -> PgConnectOptions {
        database::options(&self.0.layout.run, DATABASE)
    }

    /// How to connect to database `name`, which is created if it is not there.
    ///
    /// The name has to be made of small letters, digits and underscores.
    pub async fn database(&self, name: &str) -> Result<PgConnectOptions, EmbeddedError> {
        database::create(&self.0.layout.run, name)
            .await
            .map_err(|source| EmbeddedError::Database {
                name: name.to_owned(),
                source: Box::new(source),
            })?;
        Ok(database::options(&self.0.layout.run, name))
    }

    /// The URL of database `name`, for `psql` and other programs of this machine.
    #[must_use]
    pub fn url(&self, name: &str) -> String {
        database::url(&self.0.layout.run, name)
    }

    /// The server's process id while it takes connections.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        match postmaster::state(&self.0.layout) {
            State::Ready { pid } => Some(pid),
            State::Absent | State::Busy => None,
        }
    }

    /// The folder that the cluster lies in: the data folder, unless the server's user cannot reach it.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.0.layout.root
    }

    /// Starts the server again if it is gone. Returns whether that was so; meant to be called every second or so.
    pub async fn revive(&self) -> Result<bool, EmbeddedError> {
        let inner = Arc::clone(&self.0);
        blocking(move || inner.revive()).await
    }

    /// Ends the server unless another process still uses it. Returns whether it was ended.
    pub async fn stop(self) -> Result<bool, EmbeddedError> {
        let inner = Arc::clone(&self.0);
        blocking(move || inner.stop()).await
    }
}

impl Inner {
    fn revive(&self) -> Result<bool, EmbeddedError> {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ended) = child.as_mut() {
            // Collects the dead child, whose id would otherwise stay taken.
            ended.try_wait().at("wait for", &self.layout.data)?;
        }
        if postmaster::state(&self.layout) != State::Absent {
            return Ok(false);
        }
        let start_lock = lock_start(&self.layout)?;
        let started = postmaster::ensure_running(&self.layout, &self.binaries, self.durability)?;
        drop(start_lock);
        let was_started = started.is_some();
        *child = started;
        Ok(was_started)
    }

    fn stop(&self) -> Result<bool, EmbeddedError> {
        drop(
            self.users
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        let start_lock = lock_start(&self.layout)?;
        let users = self.layout.lock_file("users.lock")?;
        if !lock_within(&users, OTHER_USERS_PATIENCE)
            .at("lock", self.layout.root.join("users.lock"))?
        {
            return Ok(false);
        }
        postmaster::stop(&self.layout, &self.binaries)?;
        if let Some(mut child) = self
            .child
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
        {
            child.wait().at("wait for", &self.layout.data)?;
        }
        drop(start_lock);
        Ok(true)
    }
}

/// The programs on the machine, or downloaded ones.
async fn find_binaries(
    config: &EmbeddedConfig,
    layout: &Layout,
) -> Result<Binaries, EmbeddedError> {
    let major = binaries::major_of_data(&layout.data);
    let look = {
        let (bin_dirs, programs) = (config.bin_dirs.clone(), layout.programs.clone());
        move || {
            let mut folders = bin_dirs;
            let downloaded = binaries::children(&programs, "");
            folders.extend(downloaded.into_iter().map(|version| version.join("bin")));
            binaries::choose(&folders, major)
        }
    };
    let missing = match blocking(look.clone()).await {
        Err(missing @ EmbeddedError::NoBinaries { .. }) if config.download => missing,
        found_or_final => return found_or_final,
    };
    match (download::install(&layout.programs, major).await, missing) {
        (Ok(()), _) => blocking(look).await,
        (
            Err(why),
            EmbeddedError::NoBinaries {
                major, searched, ..
            },
        ) => Err(EmbeddedError::NoBinaries {
            major,
            searched,
            download: Some(why),
        }),
        (Err(_), other) => Err(other),
    }
}

/// The lock under which the server is started or stopped; one process at a time.
fn lock_start(layout: &Layout) -> Result<File, EmbeddedError> {
    let file = layout.lock_file("start.lock")?;
    if lock_within(&file, START_LOCK_PATIENCE).at("lock", layout.root.join("start.lock"))? {
        return Ok(file);
    }
    Err(EmbeddedError::Busy {
        root: layout.root.clone(),
        seconds: START_LOCK_PATIENCE.as_secs(),
    })
}

/// Takes the lock if it becomes free in time.
fn lock_within(file: &File, patience: Duration) -> std::io::Result<bool> {
    let begun = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if begun.elapsed() > patience => return Ok(false),
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_POLL),
        }
    }
}

/// Runs work that waits for files and processes where it keeps nobody else waiting.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, EmbeddedError> + Send + 'static,
) -> Result<T, EmbeddedError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(join) => match join.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(EmbeddedError::Io {
                action: "finish starting in",
                path: PathBuf::from("this process"),
                source: std::io::Error::other("the runtime is shutting down"),
            }),
        },
    }
}
