//! Starting, finding and stopping the server process of one cluster.
//!
//! What a kill -9 leaves behind is expected: a live postmaster is found again; a dead one's lock files are cleared when
//! its process id is a zombie's or a stranger's (PostgreSQL clears them itself when the id is free), and the start is
//! tried again while orphaned backends still hold the shared memory. PostgreSQL's own check of that memory stays in
//! force throughout, so two servers never work on one data folder.

use std::fs::{self, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::binaries::Binaries;
use super::error::{At, EmbeddedError};
use super::layout::Layout;
use super::process::{Process, judge};
use super::{Durability, settings};

const STALE_RETRY: Duration = Duration::from_millis(200);
const STALE_PATIENCE: Duration = Duration::from_secs(15);
/// Recovery after a crash may have to read much log.
const READY_PATIENCE: Duration = Duration::from_mins(2);
const POLL: Duration = Duration::from_millis(15);
const LOG_ROTATED_AT_BYTES: u64 = 16 * 1024 * 1024;
const LOG_TAIL_BYTES: u64 = 1_500;
/// The line of `postmaster.pid` that holds the server's status.
const STATUS_LINE: usize = 7;

/// What the server process is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Absent,
    /// It lives, but takes no connections (yet, or any more).
    Busy,
    Ready {
        pid: u32,
    },
}

/// Reads the state from `postmaster.pid`, the process table and the socket; none of them is believed alone.
pub(super) fn state(layout: &Layout) -> State {
    let text = fs::read_to_string(layout.data.join("postmaster.pid")).unwrap_or_default();
    let Some(pid) = first_pid(&text) else {
        return State::Absent;
    };
    if judge(pid, &layout.data) != Process::Postmaster {
        return State::Absent;
    }
    let ready = text
        .lines()
        .nth(STATUS_LINE)
        .is_some_and(|status| status.trim() == "ready");
    if ready && UnixStream::connect(layout.socket()).is_ok() {
        State::Ready { pid }
    } else {
        State::Busy
    }
}

/// Makes sure that the server runs and is ready. Returns the child if this call started it, `None` if it was found.
pub(super) fn ensure_running(
    layout: &Layout,
    binaries: &Binaries,
    durability: Durability,
) -> Result<Option<Child>, EmbeddedError> {
    let begun = Instant::now();
    loop {
        match state(layout) {
            State::Ready { .. } => return Ok(None),
            State::Busy if begun.elapsed() > READY_PATIENCE => {
                return Err(not_ready(layout, begun));
            }
            State::Busy => sleep(POLL),
            State::Absent => {
                clear_stale_locks(layout)?;
                let log_start = rotate_log(layout)?;
                let mut child = spawn(layout, binaries, durability)?;
                if wait_until_ready(layout, &mut child)? {
                    return Ok(Some(child));
                }
                let held = held_by_the_past(&tail(&layout.log, log_start));
                if !held || begun.elapsed() > STALE_PATIENCE {
                    return Err(not_ready(layout, begun));
                }
                sleep(STALE_RETRY);
            }
        }
    }
}

/// Fast stop: open transactions are rolled back, nothing committed is lost.
pub(super) fn stop(layout: &Layout, binaries: &Binaries) -> Result<(), EmbeddedError> {
    let mut command = binaries.command("pg_ctl");
    command
        .args(["stop", "-m", "fast", "-w", "-t", "60", "-D"])
        .arg(&layout.data);
    command.current_dir(&layout.root);
    if let Some(account) = &layout.account {
        account.run(&mut command);
    }
    let output = command.output().at("run", binaries.dir.join("pg_ctl"))?;
    if output.status.success() || state(layout) == State::Absent {
        return Ok(());
    }
    Err(EmbeddedError::Program {
        program: "pg_ctl stop",
        data: layout.data.clone(),
        output: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    })
}

fn spawn(
    layout: &Layout,
    binaries: &Binaries,
    durability: Durability,
) -> Result<Child, EmbeddedError> {
    let log = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(&layout.log)
        .at("open", &layout.log)?;
    layout.hand_over(&layout.log)?;
    let errors = log.try_clone().at("open", &layout.log)?;
    let mut command = binaries.command("postgres");
    command
        .args(settings::arguments(layout, durability))
        .current_dir(&layout.root)
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(errors)
        // Ctrl-C at our terminal is for us; we stop the server when we are done with it.
        .process_group(0);
    if let Some(account) = &layout.account {
        account.run(&mut command);
    }
    command.spawn().at("run", binaries.dir.join("postgres"))
}

/// Waits for the server; `false` when it ended instead.
fn wait_until_ready(layout: &Layout, child: &mut Child) -> Result<bool, EmbeddedError> {
    let begun = Instant::now();
    while begun.elapsed() < READY_PATIENCE {
        if matches!(state(layout), State::Ready { pid } if pid == child.id()) {
            return Ok(true);
        }
        if child.try_wait().at("wait for", &layout.data)?.is_some() {
            return Ok(false);
        }
        sleep(POLL);
    }
    Err(not_ready(layout, begun))
}

/// Removes lock files whose process id is taken by something that is not our postmaster.
fn clear_stale_locks(layout: &Layout) -> Result<(), EmbeddedError> {
    let mut socket_lock = layout.socket().into_os_string();
    socket_lock.push(".lock");
    for lock in [layout.data.join("postmaster.pid"), socket_lock.into()] {
        let pid = first_pid(&fs::read_to_string(&lock).unwrap_or_default());
        if pid.is_some_and(|pid| judge(pid, &layout.data) == Process::Stranger) {
            fs::remove_file(&lock).at("remove", &lock)?;
        }
    }
    Ok(())
}

fn first_pid(text: &str) -> Option<u32> {
    text.lines().next()?.trim().parse().ok()
}

/// Whether the server gave up because something of its predecessor is still there for a moment.
fn held_by_the_past(log: &str) -> bool {
    ["lock file", "still in use", "shared memory"]
        .iter()
        .any(|sign| log.contains(sign))
}

/// Sets a grown log aside; returns where the next lines will begin.
fn rotate_log(layout: &Layout) -> Result<u64, EmbeddedError> {
    let length = fs::metadata(&layout.log).map_or(0, |meta| meta.len());
    if length < LOG_ROTATED_AT_BYTES {
        return Ok(length);
    }
    fs::rename(&layout.log, layout.log.with_extension("log.1")).at("rename", &layout.log)?;
    Ok(0)
}

fn not_ready(layout: &Layout, begun: Instant) -> EmbeddedError {
    EmbeddedError::NotReady {
        data: layout.data.clone(),
        log: layout.log.clone(),
        seconds: begun.elapsed().as_secs(),
        output: tail(&layout.log, 0),
    }
}

/// The end of the log, but nothing before byte `from`.
fn tail(log: &Path, from: u64) -> String {
    let read = || -> std::io::Result<String> {
        let mut file = fs::File::open(log)?;
        let start = file
            .metadata()?
            .len()
            .saturating_sub(LOG_TAIL_BYTES)
            .max(from);
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
    };
    read().unwrap_or_default()
}
