//! Making a cluster: `initdb` beside its final place, then a rename, so that a killed start never leaves half of one.

use std::fs;
use std::path::Path;

use super::Durability;
use super::binaries::Binaries;
use super::error::{At, EmbeddedError};
use super::layout::Layout;

/// The database superuser of the cluster. Only who may enter the socket's folder can connect at all.
pub(super) const SUPERUSER: &str = "postgres";

/// `C.UTF-8` sorts by bytes everywhere and still knows letters beyond ASCII; macOS has it under no name.
const LOCALE: &str = if cfg!(target_os = "macos") {
    "C"
} else {
    "C.UTF-8"
};

/// Creates the cluster. The caller holds the start lock and has seen that there is none.
pub(super) fn create(
    layout: &Layout,
    binaries: &Binaries,
    durability: Durability,
) -> Result<(), EmbeddedError> {
    if layout.data.exists() && !is_empty(&layout.data) {
        return Err(EmbeddedError::Folder {
            path: layout.data.clone(),
            reason: "it holds files but no PG_VERSION, so it is no database; move them away"
                .to_owned(),
        });
    }
    let new = layout.root.join("data.new");
    if new.exists() {
        fs::remove_dir_all(&new).at("remove", &new)?;
    }
    initdb(&new, layout, binaries, durability)?;
    fs::rename(&new, &layout.data).at("rename", &new)?;
    if durability == Durability::Durable {
        fs::File::open(&layout.root)
            .and_then(|folder| folder.sync_all())
            .at("sync", &layout.root)?;
    }
    Ok(())
}

fn initdb(
    new: &Path,
    layout: &Layout,
    binaries: &Binaries,
    durability: Durability,
) -> Result<(), EmbeddedError> {
    let mut command = binaries.command("initdb");
    command
        .args([
            "--username",
            SUPERUSER,
            "--auth",
            "trust",
            "--encoding",
            "UTF8",
            "--data-checksums",
        ])
        .args(["--locale", LOCALE, "--no-instructions", "--pgdata"])
        .arg(new)
        .current_dir(&layout.root);
    if durability == Durability::Throwaway {
        command.arg("--no-sync");
    }
    if let Some(account) = &layout.account {
        account.run(&mut command);
    }
    let output = command.output().at("run", binaries.dir.join("initdb"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(EmbeddedError::Program {
        program: "initdb",
        data: new.to_owned(),
        output: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    })
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}
