//! The embedded PostgreSQL through crashes: of the server, of the program that started it, and of both.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use customer_intelligence::db::embedded::{Durability, Embedded, EmbeddedConfig, EmbeddedError};
use sqlx::{ConnectOptions, Row};
use tempfile::TempDir;

/// Set for the copy of this test program that plays the program which is killed.
const PROGRAM_FOLDER: &str = "TEST_EMBEDDED_FOLDER";
const PATIENCE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_row_survives_kill_9_of_the_server() {
    let folder = folder();
    let server = Embedded::start(durable(folder.path())).await.unwrap();
    write_row(&server).await;
    let killed = server.pid().unwrap();
    kill_9(killed);

    wait_until(|| server.pid().is_none());
    assert!(server.revive().await.unwrap());
    assert_ne!(server.pid(), Some(killed));
    assert_eq!(rows(&server).await, 1);
    assert!(
        !server.revive().await.unwrap(),
        "it runs, so there is nothing to revive"
    );
    assert!(server.stop().await.unwrap());
}

#[tokio::test]
async fn the_next_start_finds_the_server_of_a_killed_program() {
    if play_the_program().await {
        return;
    }
    let folder = folder();
    let (mut program, pid) = start_program(
        folder.path(),
        "the_next_start_finds_the_server_of_a_killed_program",
    );
    program.kill().unwrap();
    program.wait().unwrap();

    let server = Embedded::start(durable(folder.path())).await.unwrap();
    assert_eq!(
        server.pid(),
        Some(pid),
        "it should have been found, not started again"
    );
    assert_eq!(rows(&server).await, 1);
    assert!(server.stop().await.unwrap());
}

#[tokio::test]
async fn a_row_survives_kill_9_of_program_and_server() {
    if play_the_program().await {
        return;
    }
    let folder = folder();
    let (mut program, pid) =
        start_program(folder.path(), "a_row_survives_kill_9_of_program_and_server");
    kill_9(pid);
    program.kill().unwrap();
    program.wait().unwrap();

    let server = Embedded::start(durable(folder.path())).await.unwrap();
    assert_ne!(server.pid(), Some(pid));
    assert_eq!(rows(&server).await, 1);
    assert!(server.stop().await.unwrap());
}

#[tokio::test]
async fn a_lock_file_that_names_a_stranger_is_no_obstacle() {
    let folder = folder();
    let server = Embedded::start(throwaway(folder.path())).await.unwrap();
    let (data, run) = (server.root().join("data"), server.root().join("run"));
    assert!(server.stop().await.unwrap());
    // After a restart of the machine the old id may belong to anybody: here, to this test.
    let us = std::process::id();
    let stale = format!(
        "{us}\n{}\n0\n5432\n{}\n\n0 0\nready\n",
        data.display(),
        run.display()
    );
    fs::write(data.join("postmaster.pid"), &stale).unwrap();
    fs::write(run.join(".s.PGSQL.5432.lock"), &stale).unwrap();

    let server = Embedded::start(throwaway(folder.path())).await.unwrap();
    assert!(server.pid().is_some_and(|pid| pid != us));
    assert!(server.stop().await.unwrap());
}

#[tokio::test]
async fn a_cluster_whose_making_was_cut_short_is_made_anew() {
    let folder = folder();
    let half = folder.path().join("postgres/data.new");
    fs::create_dir_all(half.join("base")).unwrap();
    fs::write(half.join("PG_VERSION"), "15").unwrap();

    let server = Embedded::start(throwaway(folder.path())).await.unwrap();
    write_row(&server).await;
    assert!(!half.exists());
    assert!(server.stop().await.unwrap());
}

#[tokio::test]
async fn a_folder_that_the_servers_user_cannot_enter_is_no_obstacle() {
    let folder = folder();
    // As root, PostgreSQL runs as somebody else, to whom this is closed; the cluster then lies elsewhere.
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let server = Embedded::start(throwaway(folder.path())).await.unwrap();
    write_row(&server).await;
    let root = server.root().to_owned();
    assert!(server.stop().await.unwrap());
    let again = Embedded::start(throwaway(folder.path())).await.unwrap();
    assert_eq!((again.root(), rows(&again).await), (root.as_path(), 1));
    assert!(again.stop().await.unwrap());
    fs::remove_dir_all(root).unwrap();
}

#[tokio::test]
async fn the_last_user_ends_the_server() {
    let folder = folder();
    let first = Embedded::start(throwaway(folder.path())).await.unwrap();
    let second = Embedded::start(throwaway(folder.path())).await.unwrap();
    assert_eq!(first.pid(), second.pid());
    assert!(!first.stop().await.unwrap(), "the second still uses it");
    write_row(&second).await;
    assert!(second.clone().stop().await.unwrap());
    assert_eq!(second.pid(), None);
}

#[tokio::test]
async fn a_data_folder_of_another_version_says_which_package_to_install() {
    let folder = folder();
    let data = folder.path().join("postgres/data");
    fs::create_dir_all(&data).unwrap();
    fs::write(data.join("PG_VERSION"), "9\n").unwrap();

    let error = Embedded::start(throwaway(folder.path())).await.unwrap_err();
    assert!(
        matches!(error, EmbeddedError::NoBinaries { major: Some(9), .. }),
        "{error}"
    );
    assert!(
        error.to_string().contains("apt-get install postgresql-9"),
        "{error}"
    );
    assert!(error.to_string().contains("made by version 9"), "{error}");
}

#[tokio::test]
async fn a_machine_without_postgresql_is_told_what_to_install() {
    let (folder, empty) = (folder(), folder());
    let config = EmbeddedConfig {
        bin_dirs: vec![empty.path().to_owned()],
        ..throwaway(folder.path())
    };
    let message = Embedded::start(config).await.unwrap_err().to_string();
    for part in ["apt-get install postgresql", "PG_BIN_DIR", "DATABASE_URL"] {
        assert!(message.contains(part), "{message}");
    }
    assert!(
        message.contains(&*empty.path().to_string_lossy()),
        "{message}"
    );
}

#[tokio::test]
async fn files_that_are_no_database_are_left_alone() {
    let folder = folder();
    let data = folder.path().join("postgres/data");
    fs::create_dir_all(&data).unwrap();
    fs::write(data.join("holiday.txt"), "mine").unwrap();

    let error = Embedded::start(throwaway(folder.path())).await.unwrap_err();
    assert!(matches!(error, EmbeddedError::Folder { .. }), "{error}");
    assert_eq!(
        fs::read_to_string(data.join("holiday.txt")).unwrap(),
        "mine"
    );
}

/// A folder that PostgreSQL's user can enter, gone at the end of the test.
fn folder() -> TempDir {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

fn durable(folder: &Path) -> EmbeddedConfig {
    EmbeddedConfig {
        download: false,
        ..EmbeddedConfig::new(folder.to_owned(), None)
    }
}

fn throwaway(folder: &Path) -> EmbeddedConfig {
    EmbeddedConfig {
        durability: Durability::Throwaway,
        ..durable(folder)
    }
}

async fn write_row(server: &Embedded) {
    let mut connection = server.connect_options().connect().await.unwrap();
    let statement = "create table if not exists kept (at int); insert into kept values (1)";
    sqlx::raw_sql(statement)
        .execute(&mut connection)
        .await
        .unwrap();
}

async fn rows(server: &Embedded) -> i64 {
    let mut connection = server.connect_options().connect().await.unwrap();
    sqlx::raw_sql("select count(*) from kept")
        .fetch_one(&mut connection)
        .await
        .unwrap()
        .get(0)
}

/// In the copy of this program: starts the server, writes a row, says so, and waits to be killed.
async fn play_the_program() -> bool {
    let Some(folder) = std::env::var_os(PROGRAM_FOLDER).map(PathBuf::from) else {
        return false;
    };
    let server = Embedded::start(durable(&folder)).await.unwrap();
    write_row(&server).await;
    let said = folder.join("pid.new");
    fs::write(&said, server.pid().unwrap().to_string()).unwrap();
    fs::rename(said, folder.join("pid")).unwrap();
    tokio::time::timeout(PATIENCE, std::future::pending::<()>())
        .await
        .unwrap_err();
    true
}

/// Starts the copy and waits until its server has the row. Returns it and its server's process id.
fn start_program(folder: &Path, test: &str) -> (Child, u32) {
    let program = Command::new(std::env::current_exe().unwrap())
        .args([&format!("embedded::{test}"), "--exact", "--nocapture"])
        .env(PROGRAM_FOLDER, folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_until(|| folder.join("pid").exists());
    (
        program,
        fs::read_to_string(folder.join("pid"))
            .unwrap()
            .parse()
            .unwrap(),
    )
}

fn kill_9(pid: u32) {
    assert!(
        Command::new("kill")
            .args(["-9", &pid.to_string()])
            .status()
            .unwrap()
            .success()
    );
}

fn wait_until(mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < PATIENCE, "waited too long");
        std::thread::sleep(Duration::from_millis(10));
    }
}
