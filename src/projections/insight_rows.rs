//! The insight row: the derived insight as bytes, and beside it the columns that lists are filtered by.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use super::scores;
use crate::activity_log::Digest;
use crate::db::{Error, Pool, Tx};
use crate::domain::fold::FOLD_VERSION;
use crate::domain::insight::{BookerKind, Insight};

/// An insight, and what proves it.
pub(super) struct InsightRow {
    pub(super) insight: Insight,
    pub(super) state_hash: [u8; 32],
    pub(super) log_rows: u32,
    pub(super) log_digest: Digest,
}

/// Writes insights; what is there is replaced.
pub(super) async fn upsert(
    tx: &mut Tx,
    tenant_id: Uuid,
    rows: &[&InsightRow],
) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let columns = Columns::of(rows)?;
    sqlx::query_file!(
        "src/projections/insight_rows.sql",
        tenant_id,
        &columns.person_profile_id,
        &columns.computed_at,
        &columns.valid_until as &[Option<DateTime<Utc>>],
        &columns.lifetime_revenue,
        &columns.outstanding,
        &columns.total_bookings,
        &columns.cancelled_bookings,
        &columns.open_reservations,
        &columns.trips_taken,
        &columns.upcoming_trips,
        &columns.next_departure_on as &[Option<NaiveDate>],
        &columns.no_show_count,
        &columns.no_show_rate as &[Option<f64>],
        &columns.average_booking_lead_time as &[Option<f64>],
        &columns.nps_score as &[Option<i32>],
        &columns.satisfaction as &[Option<f64>],
        &columns.booker_kind as &[Option<i16>],
        &columns.is_minor,
        &columns.marketing_consent as &[Option<bool>],
        &columns.customer_since as &[Option<DateTime<Utc>>],
        &columns.first_booking_at as &[Option<DateTime<Utc>>],
        &columns.last_booking_at as &[Option<DateTime<Utc>>],
        &columns.last_activity_at as &[Option<DateTime<Utc>>],
        &columns.body,
        &columns.log_rows,
        &columns.log_digest,
        &columns.state_hash,
        FOLD_VERSION,
    )
    .execute(&mut **tx)
    .await?;
    scores::insights_written(tx, tenant_id, rows).await
}

/// Removes the insights of persons who have none of their own any more, and their scores with them.
pub(super) async fn remove(tx: &mut Tx, tenant_id: Uuid, persons: &[Uuid]) -> Result<u64, Error> {
    if persons.is_empty() {
        return Ok(0);
    }
    scores::remove(tx, tenant_id, persons).await?;
    let done = sqlx::query!(
        "delete from customer_insight where tenant_id = $1 and person_profile_id = any ($2)",
        tenant_id,
        persons,
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected())
}

/// The cells of a row as they are stored, all but its tenant, its revision and the version of the fold.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Cells {
    pub(super) person_profile_id: Uuid,
    pub(super) computed_at: DateTime<Utc>,
    pub(super) valid_until: Option<DateTime<Utc>>,
    pub(super) lifetime_revenue: i64,
    pub(super) outstanding: i64,
    pub(super) total_bookings: i32,
    pub(super) cancelled_bookings: i32,
    pub(super) open_reservations: i32,
    pub(super) trips_taken: i32,
    pub(super) upcoming_trips: i32,
    pub(super) next_departure_on: Option<NaiveDate>,
    pub(super) no_show_count: i32,
    pub(super) no_show_rate: Option<f64>,
    pub(super) average_booking_lead_time: Option<f64>,
    pub(super) nps_score: Option<i32>,
    pub(super) satisfaction: Option<f64>,
    pub(super) booker_kind: Option<i16>,
    pub(super) is_minor: bool,
    pub(super) marketing_consent: Option<bool>,
    pub(super) customer_since: Option<DateTime<Utc>>,
    pub(super) first_booking_at: Option<DateTime<Utc>>,
    pub(super) last_booking_at: Option<DateTime<Utc>>,
    pub(super) last_activity_at: Option<DateTime<Utc>>,
    pub(super) body: Vec<u8>,
    pub(super) log_rows: i32,
    pub(super) log_digest: Uuid,
    pub(super) state_hash: Vec<u8>,
}

impl Cells {
    /// What is stored of an insight.
    pub(super) fn of(row: &InsightRow) -> Result<Self, Error> {
        let insight = &row.insight;
        let behavior = &insight.behavior;
        let revenue = &behavior.revenue;
        let int = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
        let cents = |n: i128| i64::try_from(n).unwrap_or(i64::MAX);
        let lead = behavior.average_booking_lead_time.as_ref();
        let next = behavior.next_departure.as_ref();
        let score = insight.feedback.nps_score.as_ref();
        let satisfaction = insight.feedback.satisfaction.as_ref();
        Ok(Self {
            person_profile_id: insight.person_profile_id,
            computed_at: insight.computed_at,
            valid_until: insight.valid_until,
            lifetime_revenue: cents(revenue.lifetime.of(&behavior.currency)),
            outstanding: cents(revenue.outstanding.of(&behavior.currency)),
            total_bookings: int(behavior.total_bookings),
            cancelled_bookings: int(behavior.cancelled_bookings),
            open_reservations: int(behavior.open_reservations),
            trips_taken: int(behavior.trips_taken),
            upcoming_trips: int(behavior.upcoming_trips),
            next_departure_on: next.map(|next| next.start_date),
            no_show_count: int(behavior.no_show_count),
            no_show_rate: behavior.no_show_rate(),
            average_booking_lead_time: lead.map(|mean| mean.value),
            nps_score: score.and_then(|score| i32::try_from(score.value).ok()),
            satisfaction: satisfaction.map(|mean| mean.value),
            booker_kind: behavior.booker_kind.map(code),
            is_minor: insight.standing.minor,
            marketing_consent: insight.standing.marketing_consent,
            customer_since: behavior.customer_since,
            first_booking_at: behavior.first_booking_at,
            last_booking_at: behavior.last_booking_at,
            last_activity_at: behavior.last_activity_at,
            body: encode(insight)?,
            log_rows: int(row.log_rows),
            log_digest: row.log_digest.to_uuid(),
            state_hash: row.state_hash.to_vec(),
        })
    }

    /// The stored insight, if this program can read it.
    pub(super) fn insight(&self) -> Option<Insight> {
        Insight::from_stored(&self.body)
    }
}

/// The rows of the persons behind `after` up to and with `last`, with the version of the fold that made each.
pub(super) async fn stretch(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    after: Uuid,
    last: Uuid,
) -> Result<Vec<(Cells, i16)>, Error> {
    let cells = sqlx::query_as!(
        Cells,
        "select person_profile_id, computed_at, valid_until, lifetime_revenue, outstanding,
              total_bookings, cancelled_bookings, open_reservations, trips_taken, upcoming_trips,
              next_departure_on, no_show_count, no_show_rate, average_booking_lead_time, nps_score,
              satisfaction, booker_kind, is_minor, marketing_consent, customer_since,
              first_booking_at, last_booking_at, last_activity_at, body, log_rows, log_digest,
              state_hash
         from customer_insight
         where tenant_id = $1 and person_profile_id > $2 and person_profile_id <= $3
         order by person_profile_id",
        tenant_id,
        after,
        last,
    )
    .fetch_all(&mut *connection)
    .await?;
    let versions = sqlx::query_scalar!(
        "select fold_version from customer_insight
         where tenant_id = $1 and person_profile_id > $2 and person_profile_id <= $3
         order by person_profile_id",
        tenant_id,
        after,
        last,
    )
    .fetch_all(connection)
    .await?;
    Ok(cells.into_iter().zip(versions).collect())
}

/// The insights of these persons as they are stored, each with its revision; without those that this program cannot
/// read.
pub(super) async fn stored(
    tx: &mut Tx,
    tenant_id: Uuid,
    persons: &BTreeSet<Uuid>,
) -> Result<BTreeMap<Uuid, (Insight, i64)>, Error> {
    if persons.is_empty() {
        return Ok(BTreeMap::new());
    }
    let persons: Vec<Uuid> = persons.iter().copied().collect();
    let rows = sqlx::query!(
        "select person_profile_id, revision, body from customer_insight
         where tenant_id = $1 and person_profile_id = any ($2)",
        tenant_id,
        &persons,
    )
    .fetch_all(&mut **tx)
    .await?;
    let read = rows.into_iter().filter_map(|row| {
        let insight = Insight::from_stored(&row.body)?;
        Some((row.person_profile_id, (insight, row.revision)))
    });
    Ok(read.collect())
}

/// How many insights another version of the fold made.
pub async fn of_other_folds(pool: &Pool) -> Result<i64, Error> {
    let found = sqlx::query_scalar!(
        r#"select count(*) as "insights!" from customer_insight where fold_version <> $1"#,
        FOLD_VERSION,
    )
    .fetch_one(pool)
    .await?;
    Ok(found)
}

/// The rows turned by a quarter: one vector a column.
#[derive(Default)]
struct Columns {
    person_profile_id: Vec<Uuid>,
    computed_at: Vec<DateTime<Utc>>,
    valid_until: Vec<Option<DateTime<Utc>>>,
    lifetime_revenue: Vec<i64>,
    outstanding: Vec<i64>,
    total_bookings: Vec<i32>,
    cancelled_bookings: Vec<i32>,
    open_reservations: Vec<i32>,
    trips_taken: Vec<i32>,
    upcoming_trips: Vec<i32>,
    next_departure_on: Vec<Option<NaiveDate>>,
    no_show_count: Vec<i32>,
    no_show_rate: Vec<Option<f64>>,
    average_booking_lead_time: Vec<Option<f64>>,
    nps_score: Vec<Option<i32>>,
    satisfaction: Vec<Option<f64>>,
    booker_kind: Vec<Option<i16>>,
    is_minor: Vec<bool>,
    marketing_consent: Vec<Option<bool>>,
    customer_since: Vec<Option<DateTime<Utc>>>,
    first_booking_at: Vec<Option<DateTime<Utc>>>,
    last_booking_at: Vec<Option<DateTime<Utc>>>,
    last_activity_at: Vec<Option<DateTime<Utc>>>,
    body: Vec<Vec<u8>>,
    log_rows: Vec<i32>,
    log_digest: Vec<Uuid>,
    state_hash: Vec<Vec<u8>>,
}

impl Columns {
    fn of(rows: &[&InsightRow]) -> Result<Self, Error> {
        let mut columns = Self::default();
        for row in rows {
            let row = Cells::of(row)?;
            columns.person_profile_id.push(row.person_profile_id);
            columns.computed_at.push(row.computed_at);
            columns.valid_until.push(row.valid_until);
            columns.lifetime_revenue.push(row.lifetime_revenue);
            columns.outstanding.push(row.outstanding);
            columns.total_bookings.push(row.total_bookings);
            columns.cancelled_bookings.push(row.cancelled_bookings);
            columns.open_reservations.push(row.open_reservations);
            columns.trips_taken.push(row.trips_taken);
            columns.upcoming_trips.push(row.upcoming_trips);
            columns.next_departure_on.push(row.next_departure_on);
            columns.no_show_count.push(row.no_show_count);
            columns.no_show_rate.push(row.no_show_rate);
            columns
                .average_booking_lead_time
                .push(row.average_booking_lead_time);
            columns.nps_score.push(row.nps_score);
            columns.satisfaction.push(row.satisfaction);
            columns.booker_kind.push(row.booker_kind);
            columns.is_minor.push(row.is_minor);
            columns.marketing_consent.push(row.marketing_consent);
            columns.customer_since.push(row.customer_since);
            columns.first_booking_at.push(row.first_booking_at);
            columns.last_booking_at.push(row.last_booking_at);
            columns.last_activity_at.push(row.last_activity_at);
            columns.body.push(row.body);
            columns.log_rows.push(row.log_rows);
            columns.log_digest.push(row.log_digest);
            columns.state_hash.push(row.state_hash);
        }
        Ok(columns)
    }
}

const fn code(kind: BookerKind) -> i16 {
    match kind {
        BookerKind::Private => 0,
        BookerKind::GroupOrganiser => 1,
        BookerKind::Agency => 2,
    }
}

fn encode(insight: &Insight) -> Result<Vec<u8>, Error> {
    insight.to_stored().map_err(|source| {
        tracing::error!(error = %source, "an insight could not be written down");
        Error::Inconsistent {
            table: "customer_insight",
            column: "body",
            id: Uuid::nil(),
        }
    })
}
