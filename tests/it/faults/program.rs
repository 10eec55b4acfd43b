//! The program itself as a process of its own, with a database of its own, which tests may kill.

use std::fs::{self, File, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) const WEBHOOK_SECRET: &str = "the webhook secret of these tests";
pub(crate) const GATEWAY_SECRET: &str = "the gateway secret of these tests";
/// Anything that takes longer than this will not happen any more.
const PATIENCE: Duration = Duration::from_secs(90);
const POLL: Duration = Duration::from_millis(20);

/// `customer-intelligence serve` in a folder and on a port of its own. Dropping it ends program and database.
pub(crate) struct Program {
    folder: Arc<TempDir>,
    port: u16,
    child: Option<Child>,
    client: Client,
    /// Further variables.
    settings: Vec<(&'static str, String)>,
}

impl Program {
    /// Starts it for the first time and waits until it is ready.
    pub(crate) async fn new() -> Self {
        Self::with(Vec::new()).await
    }

    /// The same with further variables set.
    pub(crate) async fn with(settings: Vec<(&'static str, String)>) -> Self {
        // PostgreSQL may run as somebody else, who has to get there: not every temporary folder lets them.
        let folder = tempfile::Builder::new()
            .prefix("ci-")
            .tempdir_in("/var/tmp")
            .unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        Self::begin(Arc::new(folder), settings).await
    }

    /// A second process on the same data.
    pub(crate) async fn beside(&self) -> Self {
        Self::begin(Arc::clone(&self.folder), self.settings.clone()).await
    }

    async fn begin(folder: Arc<TempDir>, settings: Vec<(&'static str, String)>) -> Self {
        // An error says that another test was faster.
        drop(rustls::crypto::ring::default_provider().install_default());
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        let client = Client::builder()
            .timeout(Duration::from_secs(30))
            .build()
            .unwrap();
        drop(free);
        let mut program = Self {
            folder,
            port,
            child: None,
            client,
            settings,
        };
        program.start();
        program.until_ready().await;
        program
    }

    /// Starts it (again).
    pub(crate) fn start(&mut self) {
        let said = File::options()
            .create(true)
            .append(true)
            .open(self.said())
            .unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_customer-intelligence"))
            .arg("serve")
            .env_clear()
            .envs(
                ["PATH", "HOME", "PG_BIN_DIR"]
                    .map(|name| (name, std::env::var_os(name).unwrap_or_default()))
                    .into_iter()
                    .filter(|(_, value)| !value.is_empty()),
            )
            .envs(self.settings.clone())
            .env("CI_DATA_DIR", self.folder.path())
            .env("CI_PORT", self.port.to_string())
            .env("CI_WEBHOOK_SECRET", WEBHOOK_SECRET)
            .env("CI_GATEWAY_SECRET", GATEWAY_SECRET)
            .env("CI_MASTER_KEY", "the master key of these tests")
            .stdin(Stdio::null())
            .stdout(said.try_clone().unwrap())
            .stderr(said)
            .spawn();
        self.child = Some(child.expect("the program starts"));
    }

    /// Everything that it has said.
    pub(crate) fn log(&self) -> String {
        let said = fs::read(self.said()).unwrap_or_default();
        String::from_utf8_lossy(&said).into_owned()
    }

    /// The memory it has now, in MiB; none where the system does not tell.
    pub(crate) fn memory_mib(&self) -> Option<u64> {
        let pid = self.child.as_ref()?.id();
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let now = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kib: u64 = now.trim().trim_end_matches("kB").trim().parse().ok()?;
        Some(kib / 1024)
    }

    /// Asks GraphQL with these bytes as a dispatcher of the tenant; status and answer.
    pub(crate) async fn ask(&self, tenant: Uuid, body: Vec<u8>) -> Option<(StatusCode, String)> {
        let request = self
            .client
            .post(self.url("/graphql"))
            .header("content-type", "application/json")
            .header("x-ci-secret", GATEWAY_SECRET)
            .header("x-hasura-role", "dispatcher")
            .header("x-hasura-tenant-id", tenant.to_string())
            .body(body);
        let answer = request.send().await.ok()?;
        let status = answer.status();
        let bytes = answer.bytes().await.ok()?;
        Some((status, String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// Where it writes what it says.
    fn said(&self) -> PathBuf {
        self.folder.path().join(format!("said {}", self.port))
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Waits until it says that it is ready; returns how long that took.
    pub(crate) async fn until_ready(&mut self) -> Duration {
        let begun = Instant::now();
        loop {
            let answer = self.client.get(self.url("/readyz")).send().await;
            if answer.is_ok_and(|answer| answer.status() == StatusCode::OK) {
                return begun.elapsed();
            }
            self.check(begun);
            tokio::time::sleep(POLL).await;
        }
    }

    fn check(&mut self, begun: Instant) {
        let ended = self.ended();
        let patient = begun.elapsed() < PATIENCE;
        assert!(
            patient && ended.is_none(),
            "ended: {ended:?}\n{}",
            self.last_words()
        );
    }

    fn last_words(&self) -> String {
        let said = fs::read_to_string(self.said()).unwrap_or_default();
        let lines: Vec<&str> = said.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }

    /// The most memory it has had, in MiB; none where the system does not tell.
    pub(crate) fn memory_mib_max(&self) -> Option<u64> {
        let pid = self.child.as_ref()?.id();
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let most = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kib: u64 = most.trim().trim_end_matches("kB").trim().parse().ok()?;
        Some(kib / 1024)
    }

    /// Processor time it has used; none where the system does not tell.
    pub(crate) fn processor_time(&self) -> Option<Duration> {
        let pid = self.child.as_ref()?.id();
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // After the name, which may hold anything: state, then numbers; user and system time in hundredths.
        let (_, numbers) = stat.rsplit_once(')')?;
        let mut ticks = numbers.split_whitespace().skip(11);
        let (user, system): (u64, u64) = (ticks.next()?.parse().ok()?, ticks.next()?.parse().ok()?);
        Some(Duration::from_millis((user + system) * 10))
    }

    /// How it ended, if it did.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child
            .as_mut()
            .expect("it was started")
            .try_wait()
            .unwrap()
    }

    /// Kills it in the middle of whatever it does. Its database goes on.
    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().expect("it was started");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Freezes it (SIGSTOP), or lets it go on (SIGCONT).
    pub(crate) fn freeze(&self, frozen: bool) {
        let name = if frozen { "-STOP" } else { "-CONT" };
        signal(name, self.child.as_ref().expect("it was started").id());
    }

    /// What `/readyz` says of the oldest delivery that is not folded yet, in seconds; none when nobody answers.
    pub(crate) async fn lag_seconds(&self) -> Option<f64> {
        let answer = self.client.get(self.url("/readyz")).send().await.ok()?;
        let text = answer.text().await.ok()?;
        let said: Value = serde_json::from_str(&text).ok()?;
        said["lag_seconds"].as_f64()
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Tells it to stop; returns how it ended and after how long.
    pub(crate) async fn stop(&mut self) -> (ExitStatus, Duration) {
        let begun = Instant::now();
        signal("-TERM", self.child.as_ref().expect("it was started").id());
        loop {
            if let Some(status) = self.ended() {
                self.child = None;
                return (status, begun.elapsed());
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "it does not stop\n{}",
                self.last_words()
            );
            tokio::time::sleep(POLL).await;
        }
    }

    /// Kills the database's first process; the others notice and end.
    pub(crate) fn kill_database(&self) {
        signal("-KILL", self.database().expect("it runs"));
    }

    fn database(&self) -> Option<u32> {
        let file = self.folder.path().join("postgres/data/postmaster.pid");
        fs::read_to_string(file)
            .ok()?
            .lines()
            .next()?
            .trim()
            .parse()
            .ok()
    }

    /// Where its data lies.
    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// Its door for deliveries, which stays the same when it is started again.
    pub(crate) fn door(&self) -> Door {
        Door {
            client: self.client.clone(),
            url: self.url("/webhooks/hasura"),
        }
    }

    /// Asks about persons as a remote join does: one alias each. Returns the answer's `data`, which carries no errors.
    pub(crate) async fn join(&self, tenant: Uuid, persons: &[Uuid], selection: &str) -> Value {
        let aliases = persons.iter().enumerate().map(|(at, person)| {
            format!("p{at}: customer_insight(person_profile_id: \"{person}\") {{ {selection} }}\n")
        });
        let query = format!("query {{ {} }}", aliases.collect::<String>());
        let answer = self
            .client
            .post(self.url("/graphql"))
            .header("x-ci-secret", GATEWAY_SECRET)
            .header("x-hasura-role", "dispatcher")
            .header("x-hasura-tenant-id", tenant.to_string())
            .json(&json!({ "query": query }))
            .send()
            .await
            .expect("it answers");
        let text = answer.text().await.unwrap();
        let mut answer: Value = serde_json::from_str(&text).unwrap();
        assert!(answer.get("errors").is_none(), "{text}");
        answer["data"].take()
    }
}

/// The webhook's door. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Door {
    client: Client,
    url: String,
}

impl Door {
    /// A door that is reached by another port, and given up on after that time.
    pub(crate) fn through(port: u16, patience: Duration) -> Self {
        Self {
            client: Client::builder().timeout(patience).build().unwrap(),
            url: format!("http://127.0.0.1:{port}/webhooks/hasura"),
        }
    }

    /// Delivers; none when nobody answered.
    pub(crate) async fn deliver(&self, body: &str) -> Option<reqwest::Response> {
        self.deliver_bytes(body.as_bytes().to_vec()).await
    }

    /// The same of anything.
    pub(crate) async fn deliver_bytes(&self, body: Vec<u8>) -> Option<reqwest::Response> {
        let request = self
            .client
            .post(&self.url)
            .header("content-type", "application/json")
            .header("x-ci-secret", WEBHOOK_SECRET)
            .body(body);
        request.send().await.ok()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.kill());
            drop(child.wait());
        }
        if std::thread::panicking() {
            eprintln!("{}", self.last_words());
        }
        // The folder goes with the last of them, so whatever still runs on it may go at once.
        if Arc::strong_count(&self.folder) > 1 {
            return;
        }
        if let Some(pid) = self.database() {
            drop(
                Command::new("kill")
                    .args(["-KILL", &pid.to_string()])
                    .status(),
            );
        }
    }
}

fn signal(name: &str, pid: u32) {
    let sent = Command::new("kill").args([name, &pid.to_string()]).status();
    assert!(sent.unwrap().success());
}
