//! `customer-intelligence hasura`: writes the metadata directory, or says where the one on disk differs.
//!
//! It never deletes: `migrations/` beside the metadata is not generated, and neither are files an engineer added.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::say;
use crate::app::hasura_metadata::{GeneratedFile, generated};

/// Where, and whether to write.
#[derive(Debug, clap::Args)]
pub(in crate::app) struct Arguments {
    /// The directory; it is created when it does not exist.
    #[arg(long, default_value = "hasura", value_name = "DIRECTORY")]
    out: PathBuf,
    /// Write nothing; fail when a file is missing or differs.
    #[arg(long)]
    check: bool,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let Arguments { out, check } = arguments;
    let files = generated()?;
    let stale = stale(out, &files);
    if *check && !stale.is_empty() {
        let paths: Vec<&str> = stale.iter().map(|file| file.path.as_str()).collect();
        bail!(
            "{} differs from what the service would generate: {}",
            out.display(),
            paths.join(", ")
        );
    }
    for file in &stale {
        write(out, file)?;
        say(&format!("wrote {}\n", out.join(&file.path).display()))?;
    }
    say(&format!(
        "{} files in {} are up to date\n",
        files.len(),
        out.display()
    ))
}

/// The files that are missing on disk or read differently.
fn stale<'a>(out: &Path, files: &'a [GeneratedFile]) -> Vec<&'a GeneratedFile> {
    let on_disk = |file: &GeneratedFile| fs::read_to_string(out.join(&file.path)).ok();
    files
        .iter()
        .filter(|file| on_disk(file).as_ref() != Some(&file.content))
        .collect()
}

fn write(root: &Path, file: &GeneratedFile) -> anyhow::Result<()> {
    let path = root.join(&file.path);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    }
    fs::write(&path, &file.content).with_context(|| format!("writing {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_passes_the_check_and_a_changed_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let mut arguments = Arguments {
            out: folder.path().join("hasura"),
            check: true,
        };
        let missing = run(&arguments).unwrap_err().to_string();
        assert!(
            missing.contains("metadata/remote_schemas.yaml"),
            "{missing}"
        );

        arguments.check = false;
        run(&arguments).unwrap();
        arguments.check = true;
        run(&arguments).unwrap();
        fs::write(arguments.out.join("config.yaml"), "version: 2\n").unwrap();
        let changed = run(&arguments).unwrap_err().to_string();
        assert!(changed.ends_with(": config.yaml"), "{changed}");
    }
}
