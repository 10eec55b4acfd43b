//! The ledger of consent: what every customer begins with, and what each version of a profile says.
//!
//! Rows are only ever added, under keys that follow from the versions: whatever arrives in whatever order, also
//! twice, the same rows are there in the end. Deliberately absent: states, which `domain::consent` derives.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{customers, proofs};
use crate::db::{Error, Tx};
use crate::domain::activity::LogRow;
use crate::domain::consent::{ANY, Act, Follows, Source, Statement, recorded, said};
use crate::domain::fold::FOLD_VERSION;
use crate::domain::source::{ContentHash, SourceKind};
use crate::resolve::fence::Pepper;

/// What is to be written down of a batch, taken from its rows before they go elsewhere.
#[derive(Debug, Clone, Default)]
pub struct Heard {
    /// Customers that became known or were told of.
    customers: BTreeSet<Uuid>,
    /// Versions of their profiles, and what was recorded apart from them.
    versions: Vec<LogRow>,
}

impl Heard {
    /// Of these customers, and of whatever profile versions and records of consent are among these rows.
    pub fn of<'r>(
        customers: impl IntoIterator<Item = Uuid>,
        rows: impl IntoIterator<Item = &'r LogRow>,
    ) -> Self {
        let told = rows
            .into_iter()
            .filter(|row| matches!(row.kind, SourceKind::PersonProfile | SourceKind::Consent));
        Self {
            customers: customers.into_iter().collect(),
            versions: told.cloned().collect(),
        }
    }

    /// Without these persons.
    #[must_use]
    pub fn without(mut self, persons: &BTreeSet<Uuid>) -> Self {
        self.customers.retain(|person| !persons.contains(person));
        self.versions.retain(|row| !persons.contains(&row.person));
        self
    }
}

/// Writes down what was heard; returns how many rows are new. The caller holds the customers' locks.
///
/// A message that is just being sent about one of them is waited for, so that none is sent once this has been committed
/// that it forbids. The wait is no longer than a send may take, and only for those whose profile told something.
pub async fn record_consents(
    tx: &mut Tx,
    tenant_id: Uuid,
    heard: &Heard,
    recorded_at: DateTime<Utc>,
) -> Result<u64, Error> {
    if heard.customers.is_empty() && heard.versions.is_empty() {
        return Ok(0);
    }
    let purposes = purposes(tx, tenant_id).await?;
    let mut columns = Columns::default();
    for (purpose, follows) in &purposes {
        for customer in &heard.customers {
            columns.push(*customer, (purpose, ANY), &Statement::FIRST);
        }
        for row in &heard.versions {
            if let Some(statement) = said(row, *follows) {
                columns.push(row.person, (purpose, ANY), &statement);
            }
        }
    }
    for row in &heard.versions {
        if let Some(one) = recorded(row) {
            columns.push(row.person, (&one.purpose, &one.channel), &one.said);
        }
    }
    let new = columns.insert(tx, tenant_id, recorded_at).await?;
    // Also where no row is new: a merge alone changes whose consent counts.
    let told: BTreeSet<Uuid> = heard.versions.iter().map(|row| row.person).collect();
    if !told.is_empty() {
        customers::lock_against_sending(tx, tenant_id, &told).await?;
    }
    Ok(new)
}

/// What can be allowed, and which field of a profile speaks about it: everybody's purposes and the tenant's own.
async fn purposes(
    connection: &mut PgConnection,
    tenant_id: Uuid,
) -> Result<BTreeMap<String, Follows>, Error> {
    let mut found = BTreeMap::new();
    for whose in [Uuid::nil(), tenant_id] {
        let rows = sqlx::query!(
            "select name, follows from consent_purpose where tenant_id = $1",
            whose
        )
        .fetch_all(&mut *connection)
        .await?;
        for row in rows {
            let follows = Follows::from_code(row.follows).ok_or(Error::Inconsistent {
                table: "consent_purpose",
                column: "follows",
                id: whose,
            })?;
            found.insert(row.name, follows);
        }
    }
    Ok(found)
}

/// One row of the ledger.
pub(super) struct Said {
    pub(super) person: Uuid,
    pub(super) purpose: String,
    pub(super) channel: String,
    pub(super) statement: Statement,
}

/// Everything these persons' rows say, in no particular order.
pub(super) async fn read(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    persons: &[Uuid],
) -> Result<Vec<Said>, Error> {
    let rows = sqlx::query!(
        "select person_profile_id, purpose, channel, told_at, evidence, act, source, effective_at, expires_at,
           text_version
         from consent where tenant_id = $1 and person_profile_id = any ($2)",
        tenant_id,
        persons,
    )
    .fetch_all(connection)
    .await?;
    let rows = rows.into_iter().map(|row| {
        let misfit = |column| Error::Inconsistent {
            table: "consent",
            column,
            id: row.person_profile_id,
        };
        let evidence = row.evidence.as_slice().try_into().ok();
        Ok(Said {
            person: row.person_profile_id,
            purpose: row.purpose,
            channel: row.channel,
            statement: Statement {
                told_at: row.told_at,
                evidence: ContentHash(evidence.ok_or_else(|| misfit("evidence"))?),
                act: Act::from_code(row.act).ok_or_else(|| misfit("act"))?,
                source: Source::from_code(row.source).ok_or_else(|| misfit("source"))?,
                effective_at: row.effective_at,
                expires_at: row.expires_at,
                text_version: row.text_version,
            },
        })
    });
    rows.collect()
}

/// Takes these persons' rows out, and keeps what has to be proven of them under their tags. The transaction is the
/// eraser's.
pub(super) async fn remove(
    tx: &mut Tx,
    pepper: &Pepper,
    tenant_id: Uuid,
    persons: &[Uuid],
    now: DateTime<Utc>,
) -> Result<u64, Error> {
    proofs::keep(tx, pepper, tenant_id, persons, now).await?;
    let gone = sqlx::query!(
        "delete from consent where tenant_id = $1 and person_profile_id = any ($2)",
        tenant_id,
        persons,
    )
    .execute(&mut **tx)
    .await?;
    Ok(gone.rows_affected())
}

/// Writes down what these rows of the log say about customers who are without: those of before the ledger, and all when
/// a purpose is new. The caller holds the customers' locks.
pub(super) async fn catch_up(
    tx: &mut Tx,
    tenant_id: Uuid,
    sets: &BTreeMap<Uuid, customers::Set>,
    rows: impl Iterator<Item = &LogRow>,
    recorded_at: DateTime<Utc>,
) -> Result<(), Error> {
    let members = sets.values().flat_map(|set| &set.members);
    let members: Vec<Uuid> = members.copied().collect();
    let behind = behind(tx, tenant_id, &members).await?;
    let theirs = rows.filter(|row| behind.contains(&row.person));
    let heard = Heard::of(behind.iter().copied(), theirs);
    record_consents(tx, tenant_id, &heard, recorded_at).await?;
    Ok(())
}

/// Who lacks a purpose's rows. An insight of an older fold may be from before the ledger, whose customers were given
/// their first rows by the migration and nothing of what their profiles said.
async fn behind(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    customers: &[Uuid],
) -> Result<BTreeSet<Uuid>, Error> {
    let purposes: Vec<String> = purposes(connection, tenant_id).await?.into_keys().collect();
    let found = sqlx::query_scalar!(
        r#"select c.person_profile_id as "person!"
           from unnest($2::uuid[]) as u (person)
           cross join lateral (
             select person_profile_id, root from customer
             where tenant_id = $1 and person_profile_id = u.person offset 0) c
           where exists (
             select from customer_insight i
             where i.tenant_id = $1 and i.person_profile_id = c.root and i.fold_version <> $3)
           or exists (
             select from unnest($4::text[]) as p (purpose)
             where not exists (
                 select from consent s
                 where s.tenant_id = $1 and s.person_profile_id = c.person_profile_id
                   and s.purpose = p.purpose))"#,
        tenant_id,
        customers,
        FOLD_VERSION,
        &purposes,
    )
    .fetch_all(connection)
    .await?;
    Ok(found.into_iter().collect())
}

/// Rows turned by a quarter: one vector a column.
#[derive(Default)]
struct Columns {
    persons: Vec<Uuid>,
    purposes: Vec<String>,
    channels: Vec<String>,
    told: Vec<DateTime<Utc>>,
    evidence: Vec<Vec<u8>>,
    acts: Vec<i16>,
    sources: Vec<i16>,
    effective: Vec<Option<DateTime<Utc>>>,
    expires: Vec<Option<DateTime<Utc>>>,
    texts: Vec<Option<String>>,
}

impl Columns {
    fn push(&mut self, person: Uuid, (purpose, channel): (&str, &str), said: &Statement) {
        self.persons.push(person);
        self.purposes.push(purpose.to_owned());
        self.channels.push(channel.to_owned());
        self.told.push(said.told_at);
        self.evidence.push(said.evidence.0.to_vec());
        self.acts.push(said.act.code());
        self.sources.push(said.source.code());
        self.effective.push(said.effective_at);
        self.expires.push(said.expires_at);
        self.texts.push(said.text_version.clone());
    }

    /// In the order of the key, so that two who write the same rows wait for each other instead of blocking.
    async fn insert(
        self,
        tx: &mut Tx,
        tenant_id: Uuid,
        recorded_at: DateTime<Utc>,
    ) -> Result<u64, Error> {
        let done = sqlx::query!(
            "insert into consent (tenant_id, person_profile_id, purpose, channel, told_at, evidence,
               act, source, effective_at, expires_at, text_version, recorded_at)
             select $1, u.person, u.purpose, u.channel, u.told_at, u.evidence, u.act, u.source,
                    u.effective_at, u.expires_at, u.text_version, $9
             from unnest($2::uuid[], $3::text[], $4::timestamptz[], $5::bytea[], $6::smallint[],
                         $7::smallint[], $8::timestamptz[], $10::text[], $11::timestamptz[], $12::text[])
               as u (person, purpose, told_at, evidence, act, source, effective_at, channel, expires_at, text_version)
             order by u.person, u.purpose, u.channel, u.told_at, u.evidence
             on conflict do nothing",
            tenant_id,
            &self.persons,
            &self.purposes,
            &self.told,
            &self.evidence,
            &self.acts,
            &self.sources,
            &self.effective as &[Option<DateTime<Utc>>],
            recorded_at,
            &self.channels,
            &self.expires as &[Option<DateTime<Utc>>],
            &self.texts as &[Option<String>],
        )
        .execute(&mut **tx)
        .await?;
        Ok(done.rows_affected())
    }
}
