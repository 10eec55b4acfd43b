//! The demo from end to end: tables, triggers, five years of history, delivery, training, three things to try, and a platform that goes
//! on living. The server runs already; `app` starts both.

use std::time::{Duration, Instant};

use axum::Router;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::deliver::{self, Options, Tally, Until};
use super::error::{Error, Result};
use super::gateway::{Gateway, Session};
use super::progress::{Out, Progress};
use super::simulate::{self, Plan, play};
use super::triggers::TriggerSpec;
use super::{capture, learn, live, page, platform, tips};

/// Share of events that are posted twice.
const DUPLICATES: f64 = 0.1;
/// Rows fetched at a time, and shuffled.
const WINDOW: u32 = 2_000;
/// Mean time between two happenings.
const PACE: Duration = Duration::from_secs(4);
/// How long the server may need to apply what it has accepted.
const APPLY_PATIENCE: Duration = Duration::from_mins(10);
const POLL: Duration = Duration::from_millis(200);

/// What the demo is given by `app`.
pub struct DemoConfig {
    /// Connections to the platform's own database.
    pub platform: PgPool,
    /// The server, on loopback: `http://127.0.0.1:8090`.
    pub server: String,
    /// Secret of the webhook door.
    pub webhook_secret: SecretString,
    /// Secret of the GraphQL door.
    pub gateway_secret: SecretString,
    /// What to simulate; a database that holds an operator already keeps its own plan.
    pub plan: Plan,
    /// The event triggers to install.
    pub triggers: Vec<TriggerSpec>,
    /// The command that opens the platform's database, e.g. `psql "postgres://…/platform"`.
    pub psql: String,
    /// Whether progress may be drawn as a bar.
    pub terminal: bool,
}

/// A prepared demo.
pub struct Demo {
    config: DemoConfig,
    plan: Plan,
    gateway: Gateway,
}

/// What was done until the demo began to live.
#[derive(Clone, Copy, Debug)]
pub struct Report {
    /// Row changes of the simulated history.
    pub changes: usize,
    /// What was delivered.
    pub tally: Tally,
    /// Writing the history, in seconds.
    pub simulated_secs: f64,
    /// Delivering it, in seconds.
    pub delivered_secs: f64,
    /// Waiting until the server had applied it, in seconds.
    pub applied_secs: f64,
}

impl Demo {
    /// Creates tables and triggers and notes the plan; quick, so the pages can be up at once.
    pub async fn open(config: DemoConfig) -> Result<Self> {
        let url = reqwest::Url::parse(&config.server)
            .map_err(|error| Error::Config(error.to_string()))?;
        if !url.host_str().is_some_and(page::is_local) {
            return Err(Error::Config(format!(
                "the demo needs a server on loopback, not {}",
                config.server
            )));
        }
        platform::create(&config.platform).await?;
        capture::install(&config.platform, &config.triggers).await?;
        let plan = play::prepare(&config.platform, config.plan).await?;
        let (tenant, server) = (
            simulate::tenant(plan.seed),
            config.server.trim_end_matches('/'),
        );
        let user = Uuid::new_v5(&tenant, b"dispatcher");
        let session = Session {
            role: "dispatcher".into(),
            tenant,
            user,
        };
        let graphql = format!("{server}/graphql");
        let secret = config.gateway_secret.expose_secret();
        let gateway = Gateway::new(config.platform.clone(), graphql, secret, session)?;
        Ok(Self {
            config,
            plan,
            gateway,
        })
    }

    /// The pages and the gateway, for the server's router.
    pub fn router(&self) -> Router {
        page::router(self.gateway.clone())
    }

    /// The plan in use; the database's own when it holds an operator already.
    pub const fn plan(&self) -> Plan {
        self.plan
    }

    /// Catches up, prints three things to try, and lives until cancelled.
    pub async fn run(&self, out: Out<'_>, cancel: &CancellationToken) -> Result<Report> {
        let report = self.catch_up(&mut *out, cancel).await?;
        if !cancel.is_cancelled() {
            tips::print(&self.config, &self.gateway, &mut *out).await?;
        }
        self.keep_living(out, cancel).await?;
        Ok(report)
    }

    /// Simulates, delivers, waits until the server has applied everything, and has it learn from that.
    pub async fn catch_up(&self, out: Out<'_>, cancel: &CancellationToken) -> Result<Report> {
        let pool = &self.config.platform;
        let started = Instant::now();
        let plan = self.plan;
        let changes = tokio::task::spawn_blocking(move || simulate::history(plan)).await?;
        let mut progress =
            Progress::new("simulating the operator", self.config.terminal, &mut *out);
        play::play(pool, &changes, |done, total| {
            progress.at(done as u64, total as u64);
        })
        .await?;
        let simulated_secs = started.elapsed().as_secs_f64();
        progress.end(&format!(
            "{} row changes in {simulated_secs:.1} s",
            changes.len()
        ))?;

        let started = Instant::now();
        deliver::unlock_all(pool).await?;
        let total = deliver::pending(pool).await?.unsigned_abs();
        let mut progress =
            Progress::new("delivering to the webhook", self.config.terminal, &mut *out);
        let options = self.options(DUPLICATES, true, WINDOW);
        let tally = deliver::deliver(pool, &options, Until::Drained, cancel, |tally| {
            progress.at(tally.delivered + tally.failed, total);
        })
        .await?;
        let delivered_secs = started.elapsed().as_secs_f64();
        progress.end(&summary(tally, delivered_secs))?;

        let started = Instant::now();
        self.wait_until_applied(cancel).await?;
        let applied_secs = started.elapsed().as_secs_f64();
        writeln!(
            out,
            "applied by the server: everything, {applied_secs:.1} s after the last delivery"
        )?;
        learn::learn(&self.config, self.gateway.session(), &mut *out, cancel).await?;
        Ok(Report {
            changes: changes.len(),
            tally,
            simulated_secs,
            delivered_secs,
            applied_secs,
        })
    }

    /// Goes on living and delivering in real time until cancelled.
    pub async fn keep_living(&self, out: Out<'_>, cancel: &CancellationToken) -> Result<()> {
        let pool = &self.config.platform;
        let tenant = self.gateway.session().tenant;
        // A line that cannot be written is not worth stopping for.
        let told = |what: &'static str| _ = writeln!(out, "live: {what}");
        let options = self.options(DUPLICATES, false, 100);
        let living = live::live(pool, tenant, PACE, cancel, told);
        let delivering = deliver::deliver(pool, &options, Until::Cancelled, cancel, |_| {});
        let (lived, delivered) = futures::join!(living, delivering);
        lived.and(delivered.map(|_| ()))
    }

    fn options(&self, duplicates: f64, shuffle: bool, batch: u32) -> Options {
        let webhook = format!(
            "{}/webhooks/hasura",
            self.config.server.trim_end_matches('/')
        );
        let secret = self.config.webhook_secret.expose_secret();
        let fetch_interval = POLL;
        let seed = self.plan.seed;
        Options {
            batch,
            fetch_interval,
            duplicates,
            shuffle,
            seed,
            ..Options::hasura(webhook, secret)
        }
    }

    /// Waits until the insight of some person is as fresh as this moment: then no earlier delivery is left unprocessed.
    async fn wait_until_applied(&self, cancel: &CancellationToken) -> Result<()> {
        let pool = &self.config.platform;
        let now: chrono::DateTime<chrono::Utc> =
            platform::scalar(pool, "select clock_timestamp()").await?;
        let deadline = Instant::now() + APPLY_PATIENCE;
        while !cancel.is_cancelled() {
            let answer = self
                .gateway
                .answer(&serde_json::json!({ "query": FRESHNESS }))
                .await;
            let rows = answer
                .pointer("/data/backoffice_person_profiles")
                .and_then(Value::as_array);
            let fresh = rows
                .into_iter()
                .flatten()
                .filter_map(|row| row.pointer("/customer_insight/fresh_as_of"));
            let fresh = fresh
                .filter_map(Value::as_str)
                .filter_map(|at| at.parse::<chrono::DateTime<chrono::Utc>>().ok());
            if fresh.max().is_some_and(|fresh| fresh >= now) {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(Error::Config(
                    "the server did not apply the deliveries in time".into(),
                ));
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }
}

const FRESHNESS: &str = "{ backoffice_person_profiles(limit: 20, where: {pii_redacted_at: {_is_null: true}}) { \
    customer_insight { fresh_as_of } } }";

fn summary(tally: Tally, seconds: f64) -> String {
    let Tally {
        delivered,
        duplicates,
        retried,
        failed,
    } = tally;
    format!(
        "{delivered} events and {duplicates} duplicates in {seconds:.1} s, {retried} attempts repeated, {failed} given up"
    )
}
