//! The server's settings, given on its command line so that they are always those of this program.
//!
//! Deliberately absent: a TCP port. The one way in is a unix socket in a folder that only its user may enter.

use std::ffi::OsString;

use super::Durability;
use super::layout::Layout;

const COMMON: [&str; 16] = [
    "listen_addresses=",
    "port=5432",
    "unix_socket_permissions=0700",
    "max_connections=200",
    "wal_compression=on",
    "max_wal_size=2GB",
    "checkpoint_timeout=15min",
    "random_page_cost=1.1",
    "work_mem=16MB",
    "maintenance_work_mem=128MB",
    "autovacuum_vacuum_insert_scale_factor=0.1",
    "timezone=UTC",
    "log_timezone=UTC",
    "log_checkpoints=off",
    "logging_collector=off",
    "cluster_name=customer-intelligence",
];
const DURABLE: [&str; 3] = ["shared_buffers=256MB", "fsync=on", "synchronous_commit=on"];
/// After a crash one call per file system brings everything to disk, instead of one per file.
const RECOVERY: Option<&str> = if cfg!(target_os = "linux") {
    Some("recovery_init_sync_method=syncfs")
} else {
    None
};
const THROWAWAY: [&str; 4] = [
    "shared_buffers=128MB",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
];

/// The arguments of `postgres` for this cluster.
pub(super) fn arguments(layout: &Layout, durability: Durability) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = vec!["-D".into(), layout.data.clone().into()];
    arguments.extend(["-k".into(), layout.run.clone().into()]);
    let specific = match durability {
        Durability::Durable => DURABLE.as_slice(),
        Durability::Throwaway => THROWAWAY.as_slice(),
    };
    for setting in COMMON.iter().chain(specific).chain(&RECOVERY) {
        arguments.extend(["-c".into(), setting.into()]);
    }
    arguments
}
