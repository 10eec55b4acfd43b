//! Write down what a customer said about a purpose: a yes, a no, that they were asked.
//!
//! It takes the way that a `ConsentChanged` of the platform's takes, in one transaction with its trace in the audit log, so
//! that what is allowed is another when the answer is there. Deliberately absent: objections to profiling, which stand in
//! the profile and are the platform's.

use chrono::{DateTime, SubsecRound, Utc};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::record::{self, Pen, TRIES};
use crate::audit::{self, Act, Actor, Entry, Subject};
use crate::contracts::ConsentRecord;
use crate::db::{Error, Pool, Tx};
use crate::domain::clock::Clock;
use crate::domain::consent::{ANY, Standing, State};
use crate::insight::{consent_rows, standings};
use crate::projections::Settings;
use crate::resolve::fence::Pepper;

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
    pub(super) pen: Pen,
}

impl Consents {
    /// Consents in this database.
    #[must_use]
    pub const fn new(pool: Pool, clock: Clock, pepper: Pepper, settings: Settings) -> Self {
        let pen = Pen {
            pool,
            clock,
            pepper,
            settings,
        };
        Self { pen }
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
        let Some(mut page) = self.pen.open(tenant_id).await? else {
            return Ok(Recorded::UnknownPerson);
        };
        let record = match check(&mut page.tx, order, page.now).await? {
            Ok(record) => record,
            Err(refused) => return Ok(refused),
        };
        let written = self.pen.write(&mut page, record.version(), tenant_id);
        if written.await? == 0 {
            return Ok(Recorded::UnknownPerson);
        }
        let entry = Entry {
            tenant_id,
            actor: actor.clone(),
            act: Act::ConsentChanged,
            subject: Subject::person(self.pen.pepper.tag(tenant_id, order.person)).by(record.id),
            detail: json!({
                "purpose": record.purpose, "channel": record.channel, "decision": record.decision,
                "text_version": record.text_version, "source": record.source,
            }),
            at: page.now,
        };
        let stands = stands(&mut page.tx, order, page.now).await?;
        audit::write(&mut page.tx, &entry).await?;
        page.tx.commit().await?;
        Ok(stands.map_or(Recorded::UnknownPerson, Recorded::Done))
    }
}

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
    let said_at = order.effective_at.unwrap_or(now).trunc_subsecs(6);
    let record = ConsentRecord {
        id: record::named(
            "consent",
            order.tenant_id,
            order.person,
            &order.idempotency_key,
        ),
        person: order.person,
        purpose: order.purpose.clone(),
        channel: order.channel.clone(),
        decision: order.decision.name(),
        said_at,
        expires_at: order.expires_at.map(|at| at.trunc_subsecs(6)),
        text_version: order.text_version.clone(),
        source: Some(order.source.clone()),
    };
    if let Some(known) = record::known(tx, order.tenant_id, record.key()).await? {
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
    let root = record::root(connection, order.tenant_id, order.person).await?;
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
