//! The program itself: it is not ready while its fence's file knows more than its database, and the command heals that.

use std::fs::{self, File, Permissions};
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use customer_intelligence::resolve::fence_file::Entry;
use serde_json::{Value, json};
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(90);
const POLL: Duration = Duration::from_millis(100);

struct Served {
    folder: tempfile::TempDir,
    port: u16,
    child: Child,
    client: reqwest::Client,
}

fn command(folder: &Path, port: u16) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_customer-intelligence"));
    let inherited = ["PATH", "HOME", "PG_BIN_DIR"]
        .map(|name| (name, std::env::var_os(name).unwrap_or_default()))
        .into_iter()
        .filter(|(_, value)| !value.is_empty());
    command
        .env_clear()
        .envs(inherited)
        .env("CI_DATA_DIR", folder)
        .env("CI_PORT", port.to_string())
        .env("CI_MASTER_KEY", "the master key of these tests")
        .stdin(Stdio::null());
    command
}

impl Served {
    fn start() -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let folder = tempfile::Builder::new()
            .prefix("ci-")
            .tempdir_in("/var/tmp")
            .unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let said = File::create(folder.path().join("said")).unwrap();
        let child = command(folder.path(), port)
            .arg("serve")
            .stdout(said.try_clone().unwrap())
            .stderr(said)
            .spawn()
            .unwrap();
        Self {
            folder,
            port,
            child,
            client: reqwest::Client::new(),
        }
    }

    /// Waits until it is ready, or not ready for a reason that holds this; returns what it says.
    async fn until(&self, ready: bool, reason: &str) -> Value {
        let begun = Instant::now();
        loop {
            let url = format!("http://127.0.0.1:{}/readyz", self.port);
            if let Ok(answer) = self.client.get(url).send().await {
                let said: Value = answer.json().await.unwrap();
                let fits = said["reasons"].to_string().contains(reason);
                if said["ready"] == json!(ready) && (ready || fits) {
                    return said;
                }
            }
            let said = || fs::read_to_string(self.folder.path().join("said"));
            assert!(begun.elapsed() < PATIENCE, "{:?}", said());
            tokio::time::sleep(POLL).await;
        }
    }

    fn erase(&self, arguments: &[&str]) -> Output {
        let mut command = command(self.folder.path(), self.port);
        command.arg("erase").args(arguments).output().unwrap()
    }

    fn told(&self, arguments: &[&str]) -> Value {
        let done = self.erase(arguments);
        let words = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{arguments:?}: {words}");
        serde_json::from_slice(&done.stdout).unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Asked to stop, it stops its database, too.
        let pid = self.child.id().to_string();
        Command::new("kill").arg(pid).status().ok();
        self.child.wait().ok();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_restore_it_is_not_ready_until_the_erasures_are_applied_again() {
    let served = Served::start();
    served.until(true, "").await;
    let tenant = Uuid::from_u128(7);
    let entry = Entry {
        tenant_id: tenant,
        tag: Uuid::from_u128(8),
        scope: 0,
        returned_at: None,
        erased_at: "2026-01-01T00:00:00Z".parse().unwrap(),
        reason: "deleted".to_owned(),
    };
    let mut file = File::options()
        .create(true)
        .append(true)
        .open(served.folder.path().join("fence.ledger"))
        .unwrap();
    writeln!(file, "{}", serde_json::to_string(&entry).unwrap()).unwrap();
    served.until(false, "erase --reapply").await;
    let done = served.told(&["--reapply", "--json"]);
    assert_eq!(done["fences_raised"], json!(1));
    served.until(true, "").await;

    let (tenant, person) = (tenant.to_string(), Uuid::from_u128(9).to_string());
    let whom = ["--tenant", &tenant, "--person", &person];
    let preview = served.told(&[&whom[..], &["--dry-run", "--json"]].concat());
    assert_eq!(preview["known"], json!(false));
    let receipt = served.told(&[&whom[..], &["--basis", "gdpr-request"]].concat());
    let request = receipt["receipt"]["request_id"].as_str().unwrap();
    let later = served.told(&["--tenant", &tenant, "--verify", request]);
    assert_eq!(later["receipt"]["scans"], json!(2));
    let path = served.folder.path().join("receipt.json");
    fs::write(&path, later.to_string()).unwrap();
    let path = path.to_str().unwrap();
    assert_eq!(served.told(&["--check", path, "--json"])["chain"], json!(2));
    fs::write(path, later.to_string().replace("gdpr", "ccpa")).unwrap();
    let refused = served.erase(&["--check", path]);
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        !refused.status.success() && words.contains("signature"),
        "{words}"
    );
}
