//! PostgreSQL programs from the internet, for a machine that has none: `postgresql_embedded` as an installer and no more.
//!
//! Deliberately absent: that library's start, which turns fsync off. Without the feature `pg-download`, or without a
//! network, this fails at once and the caller's message names the package to install.

use std::path::Path;

/// Installs programs of `major` (or of the library's newest) under `programs/<version>/bin`.
///
/// The error is a sentence for the user.
#[cfg(feature = "pg-download")]
pub(super) async fn install(programs: &Path, major: Option<u32>) -> Result<(), String> {
    use postgresql_embedded::{PostgreSQL, SettingsBuilder, VersionReq};
    use std::time::Duration;

    const PATIENCE: Duration = Duration::from_mins(5);

    // The library makes a cluster of its own unless it finds this file; the cluster is ours to make.
    let decoy = programs.join("no-cluster");
    std::fs::create_dir_all(&decoy)
        .and_then(|()| std::fs::write(decoy.join("postgresql.conf"), ""))
        .map_err(|error| error.to_string())?;
    let mut settings = SettingsBuilder::new()
        .installation_dir(programs)
        .data_dir(&decoy)
        .password_file(decoy.join("unused"))
        .temporary(false);
    if let Some(major) = major {
        let version = VersionReq::parse(&format!("^{major}")).map_err(|error| error.to_string())?;
        settings = settings.version(version);
    }
    let mut installer = PostgreSQL::new(settings.build());
    let result = match tokio::time::timeout(PATIENCE, installer.setup()).await {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(_) => Err(format!("not finished after {} s", PATIENCE.as_secs())),
    };
    std::fs::remove_dir_all(&decoy).map_err(|error| error.to_string())?;
    result
}

/// This build cannot download.
#[cfg(not(feature = "pg-download"))]
pub(super) async fn install(_programs: &Path, _major: Option<u32>) -> Result<(), String> {
    Err("this build has no downloader (feature pg-download)".to_owned())
}
