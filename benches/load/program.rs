//! The program itself, as a process of its own with its own durable PostgreSQL: what is measured of it is it alone.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use customer_intelligence::domain::clock::Clock;
use tokio::process::{Child, Command};
use uuid::Uuid;

use super::client::Connection;
use super::{memory, workload};

const WEBHOOK_SECRET: &str = "the webhook secret of this benchmark";
const GATEWAY_SECRET: &str = "the gateway secret of this benchmark";
/// Whatever takes longer does not happen any more.
const PATIENCE: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(20);
/// Keys of one request while waiting for persons.
const KEYS: u128 = 500;

/// `customer-intelligence serve`, ready.
pub(crate) struct Program {
    child: Child,
    folder: PathBuf,
    pub(crate) address: SocketAddr,
}

impl Program {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let name = format!("program-{}", Clock::system().uuid_v7().simple());
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&folder)?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let kept = ["PATH", "HOME", "PG_BIN_DIR"];
        let child = Command::new(env!("CARGO_BIN_EXE_customer-intelligence"))
            .arg("serve")
            .env_clear()
            .envs(std::env::vars_os().filter(|(name, _)| kept.iter().any(|kept| name == kept)))
            .env("CI_DATA_DIR", &folder)
            .env("CI_PORT", address.port().to_string())
            .env("CI_WEBHOOK_SECRET", WEBHOOK_SECRET)
            .env("CI_GATEWAY_SECRET", GATEWAY_SECRET)
            .env("CI_MASTER_KEY", "the master key of this benchmark")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let mut program = Self {
            child,
            folder,
            address,
        };
        program.until_ready().await?;
        Ok(program)
    }

    async fn until_ready(&mut self) -> anyhow::Result<()> {
        let request = b"GET /readyz HTTP/1.1\r\nhost: localhost\r\n\r\n";
        let begun = Instant::now();
        loop {
            if let Ok(mut connection) = Connection::open(self.address).await
                && connection.exchange(request).await.is_ok()
            {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("the program ended: {status}");
            }
            ensure!(begun.elapsed() < PATIENCE, "the program is not ready");
            tokio::time::sleep(POLL).await;
        }
    }

    /// The most memory it has had, in MB.
    pub(crate) fn peak_mb(&self) -> u64 {
        let id = self.child.id().unwrap_or_default();
        memory::peak_mb_of(&id.to_string())
    }

    /// Waits until the first `persons` of these tenants have an insight.
    pub(crate) async fn until_known(&self, tenants: u128, persons: u128) -> anyhow::Result<()> {
        let begun = Instant::now();
        let mut connection = Connection::open(self.address).await?;
        for tenant in 0..tenants {
            for first in (0..persons).step_by(usize::try_from(KEYS)?) {
                let of = (first..persons.min(first + KEYS)).map(|n| workload::person(tenant, n));
                let request = ask(tenant, of, "{ status }");
                while contains(connection.exchange(&request).await?, b"null") {
                    ensure!(begun.elapsed() < PATIENCE, "persons do not appear");
                    tokio::time::sleep(POLL).await;
                }
            }
        }
        Ok(())
    }

    /// Ends it and its database by its own way of stopping.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        let id = self.child.id().context("it runs")?.to_string();
        Command::new("kill").args(["-TERM", &id]).status().await?;
        tokio::time::timeout(PATIENCE, self.child.wait()).await??;
        std::fs::remove_dir_all(&self.folder)?;
        Ok(())
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// A delivery as an HTTP request.
pub(crate) fn deliver(body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "POST /webhooks/hasura HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         user-agent: hasura-graphql-engine/v2.48.1\r\nx-ci-secret: {WEBHOOK_SECRET}\r\ncontent-length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// A remote join as an HTTP request: the aliases count the persons.
pub(crate) fn ask(tenant: u128, persons: impl Iterator<Item = Uuid>, selection: &str) -> Vec<u8> {
    let aliases = persons.enumerate().map(|(n, person)| {
        format!("f{n}: customer_insight(person_profile_id: \"{person}\") {selection}")
    });
    let query = format!("query  {{ {} }}", aliases.collect::<Vec<_>>().join(" "));
    let body = serde_json::json!({ "query": query }).to_string();
    let (length, tenant) = (body.len(), workload::tenant(tenant));
    format!(
        "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         x-hasura-role: dispatcher\r\nx-hasura-tenant-id: {tenant}\r\nx-ci-secret: {GATEWAY_SECRET}\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}
