//! Write down what a customer said about a purpose: a yes, a no, that they were asked.
//!
//! It takes the way that a `ConsentChanged` of the platform's takes, in one transaction with its trace in the audit log, so
//! that what is allowed is another when the answer is there. Deliberately absent: objections to profiling, which stand in
//! the profile and are the platform's.

use chrono::{DateTime, SubsecRound, Utc};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::activity_log;
use crate::audit::{self, Act, Actor, Entry, Subject};
use crate::contracts::ConsentRecord;
use crate::db::{Error, Pool, Tx};
use crate::domain::activity::NAMESPACE;
use crate::domain::clock::Clock;
use crate::domain::consent::{ANY, Standing, State};
use crate::insight::{consent_rows, standings};
use crate::projections::{self, Heard, Settings, Touched};
use crate::resolve::fence::Pepper;
use crate::resolve::{store, tenant};

/// A transaction that lost against another is run again this often.
const TRIES: u32 = 5;

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Yes.
    Grant,
    /// Yes, for another while; only for what was allowed before.
    Renew,
    /// No.
    Deny,
    /// Not any more.
    Revoke,
    /// The person was asked.
    Ask,
}

impl Decision {
    const fn name(self) -> &'static str {
        match self {
            Self::Grant => "GRANT",
            Self::Renew => "RENEW",
            Self::Deny => "DENY",
            Self::Revoke => "REVOKE",
            Self::Ask => "ASK",
        }
    }
}

/// What is to be written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Whose customer.
    pub tenant_id: Uuid,
    /// Whose consent.
    pub person: Uuid,
    /// Name of the purpose.
    pub purpose: String,
    /// The channel; none for all.
    pub channel: Option<String>,
    /// What was decided.
    pub decision: Decision,
    /// When it was said; now unless told.
    pub effective_at: Option<DateTime<Utc>>,
    /// Until when a yes holds; for as long as nobody takes it back unless told.
    pub expires_at: Option<DateTime<Utc>>,
    /// The wording that was agreed to.
    pub text_version: Option<String>,
    /// The form, call or paper.
    pub source: String,
    /// Names the evidence: the same key again is the same consent, however often it is sent.
    pub idempotency_key: String,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Recorded {
    /// It is written down; where the purpose stands now.
    Done(Standing),
    /// It was written down before; where the purpose stands now.
    Known(Standing),
    /// There is no such customer.
    UnknownPerson,
    /// There is no such purpose.
    UnknownPurpose,
    /// The key names something else that was said.
    KeyReused,
    /// There is nothing to renew.
    NothingToRenew,
    /// It is said to have been said in the future, or to have run out before.
    WrongTime,
}

/// Where consents are written down. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Consents {
    pool: Pool,
    clock: Clock,
    pepper: Pepper,
    settings: Settings,
}

impl Consents {
    /// Consents in this database.
    #[must_use]
    pub const fn new(pool: Pool, clock: Clock, pepper: Pepper, settings: Settings) -> Self {
        Self {
            pool,
            clock,
            pepper,
            settings,
        }
    }

    /// Writes it down.
    pub async fn record(&self, order: &Order, actor: &Actor) -> Result<Recorded, Error> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.transact(order, actor).await {
                Err(Error::Retry(_)) if tries < TRIES => {}
                done => return done,
            }
        }
    }

    async fn transact(&self, order: &Order, actor: &Actor) -> Result<Recorded, Error> {
        let tenant_id = order.tenant_id;
        let mut tx = Tx::begin(&self.pool).await?;
        let now = self.clock.now();
        let Some(recorded_at) = tenant::wait(&mut tx, tenant_id, now).await? else {
            return Ok(Recorded::UnknownPerson);
        };
        let record = match check(&mut tx, order, now).await? {
            Ok(record) => record,
            Err(refused) => return Ok(refused),
        };
        if self.write(&mut tx, &record, tenant_id, recorded_at).await? == 0 {
            return Ok(Recorded::UnknownPerson);
        }
        let entry = Entry {
            tenant_id,
            actor: actor.clone(),
            act: Act::ConsentChanged,
            subject: Subject::person(self.pepper.tag(tenant_id, order.person)).by(record.id),
            detail: json!({
                "purpose": record.purpose, "channel": record.channel, "decision": record.decision,
                "text_version": record.text_version, "source": record.source,
            }),
            at: now,
        };
        let stands = stands(&mut tx, order, now).await?;
        audit::write(&mut tx, &entry).await?;
        tx.commit().await?;
        Ok(stands.map_or(Recorded::UnknownPerson, Recorded::Done))
    }

    /// The way of a delivery, for one version; returns how many rows are new in the log.
    async fn write(
        &self,
        tx: &mut Tx,
        record: &ConsentRecord,
        tenant_id: Uuid,
        recorded_at: DateTime<Utc>,
    ) -> Result<usize, Error> {
        let versions = vec![record.version()];
        let resolved = store::resolve(tx, &self.pepper, tenant_id, versions, recorded_at).await?;
        let outcome = resolved.outcome;
        let appended =
            activity_log::append(tx, tenant_id, &outcome.rows, LIVE, recorded_at).await?;
        let heard = Heard::of([], &outcome.rows);
        let new = appended.len();
        let touched = Touched {
            persons: outcome.touched,
            appended,
            recorded_at: Some(recorded_at),
        };
        let now = self.clock.now();
        projections::refold(tx, self.settings, tenant_id, touched, now).await?;
        projections::record_consents(tx, tenant_id, &heard, recorded_at).await?;
        tenant::note(tx, tenant_id, recorded_at).await?;
        Ok(new)
    }
}

/// The channel of what happens now.
const LIVE: i16 = 0;

/// What is to be written, or why not.
async fn check(
    tx: &mut Tx,
    order: &Order,
    now: DateTime<Utc>,
) -> Result<Result<ConsentRecord, Recorded>, Error> {
    let Some(standing) = stands(tx, order, now).await? else {
        return Ok(Err(Recorded::UnknownPerson));
    };
    if !is_purpose(tx, order.tenant_id, &order.purpose).await? {
        return Ok(Err(Recorded::UnknownPurpose));
    }
    let name = [
        order.person.as_bytes().as_slice(),
        order.idempotency_key.as_bytes(),
    ]
    .concat();
    let name = [b"consent".as_slice(), order.tenant_id.as_bytes(), &name].concat();
    let said_at = order.effective_at.unwrap_or(now).trunc_subsecs(6);
    let record = ConsentRecord {
        id: Uuid::new_v5(&NAMESPACE, &name),
        person: order.person,
        purpose: order.purpose.clone(),
        channel: order.channel.clone(),
        decision: order.decision.name(),
        said_at,
        expires_at: order.expires_at.map(|at| at.trunc_subsecs(6)),
        text_version: order.text_version.clone(),
        source: Some(order.source.clone()),
    };
    let known = store::load(tx, order.tenant_id, &[record.key()].into()).await?;
    if let Some(known) = known.values().flat_map(|dossier| &dossier.versions).next() {
        let same = known.fields == record.fields()
            && order
                .effective_at
                .is_none_or(|_| known.version_at == said_at);
        return Ok(Err(if same {
            Recorded::Known(standing)
        } else {
            Recorded::KeyReused
        }));
    }
    if said_at > now || order.expires_at.is_some_and(|end| end <= said_at) {
        return Ok(Err(Recorded::WrongTime));
    }
    let renewable = matches!(standing.state, State::Granted | State::Expired);
    if order.decision == Decision::Renew && !renewable {
        return Ok(Err(Recorded::NothingToRenew));
    }
    Ok(Ok(record))
}

/// Where the purpose stands for the customer; none when there is no such customer.
async fn stands(
    connection: &mut PgConnection,
    order: &Order,
    now: DateTime<Utc>,
) -> Result<Option<Standing>, Error> {
    let root = sqlx::query_scalar!(
        "select root from customer where tenant_id = $1 and person_profile_id = $2",
        order.tenant_id,
        order.person,
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(root) = root else { return Ok(None) };
    let rows = consent_rows(connection, order.tenant_id, &[root]).await?;
    let channel = order.channel.as_deref().unwrap_or(ANY);
    let all = standings(rows, now).into_iter();
    let found = all.filter(|one| one.purpose == order.purpose && one.channel == channel);
    let found = found.map(|one| one.standing).next();
    Ok(Some(found.unwrap_or(Standing::BEGINNING)))
}

async fn is_purpose(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    name: &str,
) -> Result<bool, Error> {
    for whose in [tenant_id, Uuid::nil()] {
        let found = sqlx::query_scalar!(
            "select name from consent_purpose where tenant_id = $1 and name = $2",
            whose,
            name,
        )
        .fetch_optional(&mut *connection)
        .await?;
        if found.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}
