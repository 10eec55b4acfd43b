//! What is left of an erased person's consents: by tag, that something was allowed, from when to when, under which
//! wording, for as long as somebody may claim that it was not.
//!
//! Written in the transaction of the erasure. How long is said by the purpose (`consent_purpose.proof_years`).

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::consents::read;
use crate::db::{Error, Tx, roles};
use crate::domain::consent::{Period, Statement, periods};
use crate::resolve::fence::Pepper;

/// Keeps the proofs of these persons' consents, whose rows are still there; returns how many there are. The transaction
/// is the eraser's.
pub(super) async fn keep(
    tx: &mut Tx,
    pepper: &Pepper,
    tenant_id: Uuid,
    persons: &[Uuid],
    now: DateTime<Utc>,
) -> Result<u64, Error> {
    let years = years(tx, tenant_id).await?;
    let mut ledger: BTreeMap<(Uuid, String, String), Vec<Statement>> = BTreeMap::new();
    for row in read(tx, tenant_id, persons).await? {
        let key = (row.person, row.purpose, row.channel);
        ledger.entry(key).or_default().push(row.statement);
    }
    let mut columns = Columns::default();
    for ((person, purpose, channel), said) in &ledger {
        let years = years.get(purpose).copied().unwrap_or_default();
        for period in periods(said, now).iter().filter(|_| years > 0) {
            if let Some(until) = period.provable_until(years) {
                columns.push(
                    pepper.tag(tenant_id, *person),
                    (purpose, channel),
                    period,
                    until,
                );
            }
        }
    }
    columns.insert(tx, tenant_id).await
}

async fn years(
    connection: &mut PgConnection,
    tenant_id: Uuid,
) -> Result<BTreeMap<String, i16>, Error> {
    let mut found = BTreeMap::new();
    for whose in [Uuid::nil(), tenant_id] {
        let rows = sqlx::query!(
            "select name, proof_years from consent_purpose where tenant_id = $1",
            whose
        )
        .fetch_all(&mut *connection)
        .await?;
        found.extend(rows.into_iter().map(|row| (row.name, row.proof_years)));
    }
    Ok(found)
}

/// How many proofs are kept of persons with these tags.
pub async fn proofs(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    tags: &[Uuid],
) -> Result<u64, Error> {
    let found = sqlx::query_scalar!(
        r#"select count(*) as "proofs!" from consent_proof where tenant_id = $1 and tag = any ($2)"#,
        tenant_id,
        tags,
    )
    .fetch_one(connection)
    .await?;
    Ok(u64::try_from(found).unwrap_or_default())
}

/// Takes away what nobody can claim anything about any more; returns how many. The transaction becomes the eraser's.
pub async fn prune_proofs(tx: &mut Tx, tenant_id: Uuid, now: DateTime<Utc>) -> Result<u64, Error> {
    roles::become_eraser(tx).await?;
    let gone = sqlx::query!(
        "delete from consent_proof where tenant_id = $1 and kept_until <= $2",
        tenant_id,
        now,
    )
    .execute(&mut **tx)
    .await?;
    Ok(gone.rows_affected())
}

/// Proofs turned by a quarter: one vector a column.
#[derive(Default)]
struct Columns {
    tags: Vec<Uuid>,
    purposes: Vec<String>,
    channels: Vec<String>,
    from: Vec<DateTime<Utc>>,
    to: Vec<DateTime<Utc>>,
    texts: Vec<Option<String>>,
    until: Vec<DateTime<Utc>>,
}

impl Columns {
    fn push(
        &mut self,
        tag: Uuid,
        (purpose, channel): (&str, &str),
        period: &Period,
        until: DateTime<Utc>,
    ) {
        self.tags.push(tag);
        self.purposes.push(purpose.to_owned());
        self.channels.push(channel.to_owned());
        self.from.push(period.from);
        self.to.push(period.to);
        self.texts.push(period.text_version.clone());
        self.until.push(until);
    }

    async fn insert(self, tx: &mut Tx, tenant_id: Uuid) -> Result<u64, Error> {
        let done = sqlx::query!(
            "insert into consent_proof (tenant_id, tag, purpose, channel, granted_at, ended_at, text_version, kept_until)
             select $1, u.tag, u.purpose, u.channel, u.granted_at, u.ended_at, u.text_version, u.kept_until
             from unnest($2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::text[],
                         $8::timestamptz[])
               as u (tag, purpose, channel, granted_at, ended_at, text_version, kept_until)
             order by u.tag, u.purpose, u.channel, u.granted_at
             on conflict (tenant_id, tag, purpose, channel, granted_at) do nothing",
            tenant_id,
            &self.tags,
            &self.purposes,
            &self.channels,
            &self.from,
            &self.to,
            &self.texts as &[Option<String>],
            &self.until,
        )
        .execute(&mut **tx)
        .await?;
        Ok(done.rows_affected())
    }
}
