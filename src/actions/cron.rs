//! Ask for a run of a job: what Hasura's cron triggers do at the door, and our own scheduler without one.
//!
//! A run is known by (name, scheduled time, tenant); whoever asks first enters it, everybody else finds it known. It is
//! durable when this returns. Deliberately absent: doing the work; a worker takes it up.

use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::db::{self, Pool};
use crate::domain::clock::Clock;
use crate::inbox::{self, Letter, Writer};
use crate::jobs::{Key, runs};

/// The job that learns anew.
pub const TRAINING: &str = "ci_train";

/// Who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asker {
    /// A cron trigger of Hasura's.
    Hasura,
    /// The scheduler of this service.
    Schedule,
    /// A setting that asks for it.
    Setting,
}

/// How far a run is; what is stored of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Who asked for it first.
    pub asked_by: Asker,
    /// Nobody takes it up before; while somebody works on it, how long the others wait for a sign of life.
    pub not_before: DateTime<Utc>,
    /// How often it was taken up.
    pub tries: u32,
    /// This try is through with all tenants up to this one.
    pub after: Option<Uuid>,
    /// The only tenants this try is about; none means all.
    pub only: Option<Vec<Uuid>>,
    /// Tenants for which this try failed.
    pub failed: Vec<Uuid>,
    /// How many things were done, over all tries.
    pub items: u64,
    /// What went wrong last.
    pub error: Option<String>,
}

impl Progress {
    /// Of a run that nobody has taken up.
    #[must_use]
    pub const fn fresh(asked_by: Asker, now: DateTime<Utc>) -> Self {
        Self {
            asked_by,
            not_before: now,
            tries: 0,
            after: None,
            only: None,
            failed: Vec::new(),
            items: 0,
            error: None,
        }
    }
}

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Called {
    /// The run is entered and will be worked on.
    Entered,
    /// It was entered before.
    Known,
    /// It can never work as it is; a dead letter says why.
    Buried,
}

/// Enters the run of that job for that time; false when it is known. The nil uuid stands for all tenants.
pub async fn enter(
    pool: &Pool,
    (name, scheduled, tenant_id): (&str, DateTime<Utc>, Uuid),
    asked_by: Asker,
    now: DateTime<Utc>,
) -> Result<bool, db::Error> {
    let run = scheduled.to_rfc3339_opts(SecondsFormat::AutoSi, true);
    let progress = Progress::fresh(asked_by, now);
    runs::enter(pool, &Key::new(tenant_id, name, run), &progress, now).await
}

/// Takes calls of Hasura's cron triggers. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Desk {
    pool: Pool,
    writer: Writer,
    clock: Clock,
    names: Arc<[&'static str]>,
    entered: Arc<Notify>,
}

/// A call as Hasura sends it; it has more keys, and newer ones may have others.
#[derive(Deserialize)]
struct Call {
    name: String,
    scheduled_time: DateTime<Utc>,
    #[serde(default)]
    payload: serde_json::Value,
}

impl Call {
    /// The tenant it is about; the nil uuid where it names none. None for one that is no uuid.
    fn tenant(&self) -> Option<Uuid> {
        match self.payload.get("tenant_id") {
            None | Some(serde_json::Value::Null) => Some(Uuid::nil()),
            Some(named) => named.as_str()?.parse().ok(),
        }
    }
}

impl Desk {
    /// A desk for jobs of these names.
    #[must_use]
    pub fn new(pool: Pool, writer: Writer, clock: Clock, names: Vec<&'static str>) -> Self {
        Self {
            pool,
            writer,
            clock,
            names: names.into(),
            entered: Arc::default(),
        }
    }

    /// Told whenever a run was entered: whoever works on runs waits on it.
    #[must_use]
    pub fn entered(&self) -> Arc<Notify> {
        Arc::clone(&self.entered)
    }

    /// Enters the run that `body` asks for. What is no call, or names no job of ours, becomes a dead letter: the
    /// trigger comes again by itself at its next time, so asking Hasura to repeat this call would not help.
    pub async fn call(&self, body: &[u8]) -> Result<Called, inbox::Error> {
        let call: Call = match serde_json::from_slice(body) {
            Ok(call) => call,
            Err(error) => return self.malformed(None, sort(&error)).await,
        };
        let Some(name) = self.names.iter().find(|name| **name == call.name) else {
            let (name, known) = (shortened(&call.name), self.names.join(", "));
            let detail = format!("no job is called {name}; there are {known}");
            return self.bury("unknown_job", Some(&call.name), detail).await;
        };
        let Some(tenant_id) = call.tenant() else {
            let detail = "payload.tenant_id is no uuid";
            return self.malformed(Some(name), detail).await;
        };
        let key = (*name, call.scheduled_time, tenant_id);
        let entered = enter(&self.pool, key, Asker::Hasura, self.clock.now()).await;
        match entered {
            Ok(true) => {
                self.entered.notify_one();
                Ok(Called::Entered)
            }
            Ok(false) => Ok(Called::Known),
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "a run cannot be entered"
                );
                Err(inbox::Error::Unavailable)
            }
        }
    }

    async fn malformed(&self, name: Option<&str>, what: &str) -> Result<Called, inbox::Error> {
        let detail = format!(
            "{what}; a cron call has name, scheduled_time and, for one tenant only, payload.tenant_id"
        );
        self.bury("malformed_cron_call", name, detail).await
    }

    /// One letter a fault, however often the trigger comes.
    async fn bury(
        &self,
        reason: &str,
        name: Option<&str>,
        detail: String,
    ) -> Result<Called, inbox::Error> {
        let trigger = name.map(shortened);
        let identity = format!("{reason} {}", trigger.as_deref().unwrap_or_default());
        let letter = Letter {
            tenant_id: Uuid::nil(),
            id: Uuid::new_v5(&Uuid::nil(), identity.as_bytes()),
            event_id: None,
            table: None,
            trigger,
            reason: reason.to_owned(),
            detail,
            envelope: None,
            received_at: self.clock.now(),
        };
        self.writer.bury(letter).await?;
        Ok(Called::Buried)
    }
}

/// What is wrong with a body, without a value of it.
fn sort(error: &serde_json::Error) -> &'static str {
    match error.classify() {
        serde_json::error::Category::Data => "something is missing or of another type",
        _ => "it is no JSON",
    }
}

/// Names come from outside; only their beginning is kept.
fn shortened(name: &str) -> String {
    name.chars().take(64).collect()
}
