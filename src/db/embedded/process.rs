//! What has become of a process whose id was read from a file: such an id may be dead, a zombie, or somebody else's by now.
//!
//! Deliberately absent: signals. Whoever wants the server gone asks `pg_ctl`.

use std::fs;
use std::path::Path;
use std::process::Command;

/// A process id, judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Process {
    /// No such process.
    Gone,
    /// The id is taken, but not by a live postmaster of this data folder: a zombie, or a stranger.
    Stranger,
    /// The postmaster of this data folder.
    Postmaster,
}

/// Judges `pid` as the postmaster of the data folder `data`.
pub(super) fn judge(pid: u32, data: &Path) -> Process {
    if Path::new("/proc/self/stat").exists() {
        match fs::read_to_string(format!("/proc/{pid}/stat")) {
            Ok(stat) => from_stat(&stat, works_in(pid, data)),
            Err(_) => Process::Gone,
        }
    } else {
        from_ps(pid)
    }
}

/// A postmaster's working folder is its data folder. Where that may not be read, the name has to do.
fn works_in(pid: u32, data: &Path) -> bool {
    fs::read_link(format!("/proc/{pid}/cwd")).map_or(true, |cwd| cwd == data)
}

/// `/proc/<pid>/stat` is `pid (name) state …`; the name may hold spaces and brackets.
fn from_stat(stat: &str, works_here: bool) -> Process {
    let name_and_state = stat
        .split_once('(')
        .and_then(|(_, rest)| rest.rsplit_once(')'))
        .map(|(name, rest)| (name, rest.trim_start().chars().next()));
    match name_and_state {
        Some((_, Some('Z' | 'X'))) => Process::Stranger,
        Some(("postgres", Some(_))) if works_here => Process::Postmaster,
        _ => Process::Stranger,
    }
}

fn from_ps(pid: u32) -> Process {
    let output = Command::new("ps")
        .args(["-o", "stat=,comm=", "-p", &pid.to_string()])
        .output();
    let text = output
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default();
    match text.trim() {
        "" => Process::Gone,
        line if !line.starts_with('Z') && line.ends_with("postgres") => Process::Postmaster,
        _ => Process::Stranger,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zombie_and_a_stranger_are_no_postmaster() {
        assert_eq!(from_stat("7 (postgres) Z 1 7 7", true), Process::Stranger);
        assert_eq!(from_stat("7 (a) (b) S 1 7 7", true), Process::Stranger);
        assert_eq!(from_stat("7 (postgres) S 1 7 7", false), Process::Stranger);
        assert_eq!(from_stat("7 (postgres) S 1 7 7", true), Process::Postmaster);
    }

    #[test]
    fn this_test_is_a_stranger() {
        assert_eq!(judge(std::process::id(), Path::new("/")), Process::Stranger);
    }
}
