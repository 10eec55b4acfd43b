//! The throw-away server that all tests of a run share: `TEST_DATABASE_URL`, else one under `target/`.
//!
//! The server is kept between runs (its template database is then already there), started by the first test process
//! that needs it and ended two seconds after the last one (`watcher.sh`), however that one ended.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use customer_intelligence::db::embedded::{Durability, Embedded, EmbeddedConfig};
use customer_intelligence::db::pool::options_from_url;
use sqlx::postgres::PgConnectOptions;
use std::os::unix::process::CommandExt;
use tokio::sync::OnceCell;

const WATCHER: &str = include_str!("watcher.sh");
const STOPPING_PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

/// How to connect to the server's maintenance database as a superuser.
pub(super) async fn maintenance() -> PgConnectOptions {
    static SERVER: OnceCell<PgConnectOptions> = OnceCell::const_new();
    SERVER
        .get_or_init(|| async {
            match std::env::var_os("TEST_DATABASE_URL") {
                Some(url) => options_from_url(url.to_str().expect("a URL")).expect("a URL"),
                None => shared().await,
            }
        })
        .await
        .clone()
}

async fn shared() -> PgConnectOptions {
    let base = Path::new(env!("CARGO_TARGET_TMPDIR")).join("server");
    let users = base.join("users");
    fs::create_dir_all(&users).expect("a folder under target/");
    fs::write(users.join(std::process::id().to_string()), "").expect("a file under target/");
    wait_while_stopping(&base.join("stopping"));

    let lock = File::create(base.join("lock")).expect("a file under target/");
    lock.lock().expect("a lock");
    let server = start(&base).await;
    watch(&base, &server.root().join("data"));
    server
        .database("postgres")
        .await
        .expect("the maintenance database")
}

fn wait_while_stopping(stopping: &Path) {
    let begun = Instant::now();
    while stopping.exists() {
        if begun.elapsed() > STOPPING_PATIENCE {
            // The watcher was killed in the middle.
            fs::remove_dir(stopping).expect("an empty folder");
        }
        std::thread::sleep(POLL);
    }
}

/// Starts or finds the server. One that a crash of the machine left behind (it never syncs), or that another version
/// of PostgreSQL made, is thrown away.
async fn start(base: &Path) -> Embedded {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let same_boot = fs::read_to_string(base.join("boot")).is_ok_and(|made| made == boot);
    if !same_boot {
        throw_away(base);
        fs::write(base.join("boot"), boot).expect("a file under target/");
    }
    let config = || EmbeddedConfig {
        durability: Durability::Throwaway,
        ..EmbeddedConfig::new(base.to_owned(), None)
    };
    if let Ok(server) = Embedded::start(config()).await {
        return server;
    }
    throw_away(base);
    Embedded::start(config())
        .await
        .expect("PostgreSQL for the tests")
}

fn throw_away(base: &Path) {
    let cluster = base.join("postgres");
    if cluster.exists() {
        fs::remove_dir_all(cluster).expect("a folder of ours");
    }
}

fn watch(base: &Path, data: &Path) {
    let note = base.join("watcher");
    let watched = fs::read_to_string(&note).is_ok_and(|pid| is_alive(&pid));
    if watched {
        return;
    }
    // Through a shell that ends at once, so that the watcher is nobody's child and outlives this process.
    let started = Command::new("/bin/sh")
        .args([
            "-c",
            "sh -c \"$0\" watcher \"$1\" \"$2\" >/dev/null 2>&1 & echo $! >\"$3\"",
            WATCHER,
        ])
        .args([base, data, &note])
        .process_group(0)
        .stdin(Stdio::null())
        .status();
    assert!(started.expect("a shell").success());
}

pub(super) fn is_alive(pid: &str) -> bool {
    let alive = Command::new("/bin/sh")
        .args(["-c", "kill -0 \"$0\" 2>/dev/null", pid])
        .status();
    alive.is_ok_and(|status| status.success())
}

/// The processes that use the shared server now.
pub(super) fn users() -> Vec<PathBuf> {
    let users = Path::new(env!("CARGO_TARGET_TMPDIR")).join("server/users");
    fs::read_dir(users)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect()
}
