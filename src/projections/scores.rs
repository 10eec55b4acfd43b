//! Scores of customers as they are written down: entered as due by whoever writes an insight, written under the
//! customer's lock, gone with the insight they rest on.
//!
//! Whoever writes or removes an insight holds the customer's row, and so does whoever writes a score: a score that is
//! there was made of an insight that was there, and goes in the transaction in which that one goes, or in which its person
//! may no longer be profiled. Customers who are being folded are passed over, and due again when that is done. Deliberately
//! absent: which models speak, and when somebody is scored.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::insight_rows::{self, InsightRow};
use crate::db::{Error, Pool, Tx};
use crate::domain::model::standing::{Said, Voices};

/// Which versions speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Versions {
    /// Of the model of churn and value.
    pub churn: Option<i32>,
    /// Of the groups.
    pub clusters: Option<i32>,
    /// Of what is usual.
    pub habits: Option<i32>,
}

/// Notes what insights that were just written mean for scores: to be made again, or gone where nothing may be concluded.
pub(super) async fn insights_written(
    tx: &mut Tx,
    tenant_id: Uuid,
    rows: &[&InsightRow],
) -> Result<(), Error> {
    let (judged, others): (Vec<&InsightRow>, Vec<&InsightRow>) =
        rows.iter().partition(|row| row.insight.history.is_some());
    let ids = |rows: Vec<&InsightRow>| -> Vec<Uuid> {
        rows.iter()
            .map(|row| row.insight.person_profile_id)
            .collect()
    };
    enter(tx, tenant_id, &ids(judged)).await?;
    remove(tx, tenant_id, &ids(others)).await?;
    Ok(())
}

/// Removes the scores of these persons, and that they are due; returns how many rows went.
pub(super) async fn remove(tx: &mut Tx, tenant_id: Uuid, persons: &[Uuid]) -> Result<u64, Error> {
    if persons.is_empty() {
        return Ok(0);
    }
    let due = sqlx::query!(
        "delete from score_due where tenant_id = $1 and person_profile_id = any ($2)",
        tenant_id,
        persons,
    )
    .execute(&mut **tx)
    .await?;
    let scores = sqlx::query!(
        "delete from customer_score where tenant_id = $1 and person_profile_id = any ($2)",
        tenant_id,
        persons,
    )
    .execute(&mut **tx)
    .await?;
    Ok(due.rows_affected() + scores.rows_affected())
}

async fn enter(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    persons: &[Uuid],
) -> Result<(), Error> {
    if persons.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into score_due (tenant_id, person_profile_id)
         select $1, u.person from unnest($2::uuid[]) as u (person)
         on conflict do nothing",
        tenant_id,
        persons,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Tenants that have customers to be scored.
pub async fn tenants_with_scores_due(pool: &Pool) -> Result<Vec<Uuid>, Error> {
    let found = sqlx::query_scalar!(
        r#"select t.tenant_id as "tenant_id!" from tenant t
           where exists (select from score_due where tenant_id = t.tenant_id)
           order by t.tenant_id"#
    )
    .fetch_all(pool)
    .await?;
    Ok(found)
}

/// Customers of a tenant who are due, behind `after` in the order of ids.
pub async fn scores_due(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    after: Uuid,
    limit: i64,
) -> Result<Vec<Uuid>, Error> {
    let found = sqlx::query_scalar!(
        "select person_profile_id from score_due
         where tenant_id = $1 and person_profile_id > $2
         order by person_profile_id limit $3",
        tenant_id,
        after,
        limit,
    )
    .fetch_all(connection)
    .await?;
    Ok(found)
}

/// Everybody of a tenant who has an insight, behind `after` in the order of ids.
pub async fn with_insight(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    after: Uuid,
    limit: i64,
) -> Result<Vec<Uuid>, Error> {
    let found = sqlx::query_scalar!(
        "select person_profile_id from customer_insight
         where tenant_id = $1 and person_profile_id > $2
         order by person_profile_id limit $3",
        tenant_id,
        after,
        limit,
    )
    .fetch_all(connection)
    .await?;
    Ok(found)
}

/// Locks these customers, but for those whom somebody is folding; returns who is locked. Nobody is waited for.
pub async fn lock_for_scores(
    tx: &mut Tx,
    tenant_id: Uuid,
    persons: &[Uuid],
) -> Result<BTreeSet<Uuid>, Error> {
    let locked = sqlx::query_scalar!(
        "select person_profile_id from customer
         where tenant_id = $1 and person_profile_id = any ($2)
         order by person_profile_id for no key update skip locked",
        tenant_id,
        persons,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(locked.into_iter().collect())
}

/// Locks one customer, after whoever is folding them; nobody where there is none. One at a time, so that no two who wait
/// can wait for each other.
pub async fn wait_for_scores(
    tx: &mut Tx,
    tenant_id: Uuid,
    person: Uuid,
) -> Result<BTreeSet<Uuid>, Error> {
    let locked = sqlx::query_scalar!(
        "select person_profile_id from customer
         where tenant_id = $1 and person_profile_id = $2 for no key update",
        tenant_id,
        person,
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(locked.into_iter().collect())
}

/// Scores these customers, whom the caller has locked, and takes them off the list. Who has no insight, or may not be
/// judged, has no score afterwards. Returns how many rows were written.
pub async fn score(
    tx: &mut Tx,
    tenant_id: Uuid,
    locked: &BTreeSet<Uuid>,
    (voices, versions): (Voices<'_>, Versions),
    now: DateTime<Utc>,
) -> Result<usize, Error> {
    let stored = insight_rows::stored(tx, tenant_id, locked).await?;
    let mut columns = Columns::default();
    let mut without = Vec::new();
    for person in locked {
        let insight = stored.get(person);
        let history =
            insight.and_then(|(insight, revision)| Some((insight.history.as_ref()?, *revision)));
        match history {
            Some((history, revision)) => {
                columns.push(*person, revision, &voices.of(history, now));
            }
            None => without.push(*person),
        }
    }
    remove(tx, tenant_id, &without).await?;
    sqlx::query!(
        "delete from score_due where tenant_id = $1 and person_profile_id = any ($2)",
        tenant_id,
        &columns.person,
    )
    .execute(&mut **tx)
    .await?;
    columns
        .write(tx, tenant_id, (voices, versions), now)
        .await?;
    Ok(columns.person.len())
}

/// The rows turned by a quarter: one vector a column.
#[derive(Default)]
struct Columns {
    person: Vec<Uuid>,
    revision: Vec<i64>,
    risk: Vec<Option<f64>>,
    band: Vec<Option<i16>>,
    next: Vec<Option<DateTime<Utc>>>,
    bookings: Vec<Option<f64>>,
    value_12: Vec<Option<i64>>,
    value_36: Vec<Option<i64>>,
    engagement: Vec<Option<f64>>,
    coverage: Vec<Option<f64>>,
    cluster: Vec<Option<i32>>,
    clarity: Vec<Option<f64>>,
    nps: Vec<Option<i16>>,
    rating: Vec<Option<i16>>,
}

impl Columns {
    fn push(&mut self, person: Uuid, revision: i64, said: &Said<'_>) {
        let forecast = said.forecast.as_ref();
        let churn = forecast.and_then(|scores| scores.churn.as_ref());
        let value = forecast.and_then(|scores| scores.value);
        let group = said.group.as_ref();
        self.person.push(person);
        self.revision.push(revision);
        self.risk.push(churn.map(|churn| churn.risk));
        self.band.push(churn.map(|churn| churn.band.code().into()));
        let next = forecast.and_then(|scores| scores.next);
        self.next.push(next.map(|next| next.at));
        self.bookings
            .push(value.map(|value| value.bookings_12_months));
        self.value_12.push(value.map(|value| value.cents_12_months));
        self.value_36.push(value.map(|value| value.cents_36_months));
        let engagement = said.engagement.as_ref();
        self.engagement.push(engagement.map(|found| found.score));
        self.coverage.push(engagement.map(|found| found.coverage));
        let id = group.and_then(|group| i32::try_from(group.group.id).ok());
        self.cluster.push(id);
        self.clarity.push(group.map(|group| group.clarity));
        self.nps.push(said.nps.map(i16::from));
        self.rating.push(said.rating.map(i16::from));
    }

    async fn write(
        &self,
        tx: &mut Tx,
        tenant_id: Uuid,
        (voices, versions): (Voices<'_>, Versions),
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        if self.person.is_empty() {
            return Ok(());
        }
        sqlx::query_file!(
            "src/projections/scores.sql",
            tenant_id,
            now,
            &self.person,
            &self.revision,
            &self.risk as &[Option<f64>],
            &self.band as &[Option<i16>],
            &self.next as &[Option<DateTime<Utc>>],
            &self.bookings as &[Option<f64>],
            &self.value_12 as &[Option<i64>],
            &self.value_36 as &[Option<i64>],
            &self.engagement as &[Option<f64>],
            &self.coverage as &[Option<f64>],
            &self.cluster as &[Option<i32>],
            &self.clarity as &[Option<f64>],
            &self.nps as &[Option<i16>],
            &self.rating as &[Option<i16>],
            versions.churn,
            versions.clusters,
            versions.habits,
            i32::try_from(voices.weights.version).unwrap_or(i32::MAX),
        )
        .execute(&mut **tx)
        .await?;
        Ok(())
    }
}
