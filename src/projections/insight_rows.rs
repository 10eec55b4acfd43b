//! The insight row: the derived insight as bytes, and beside it the columns that lists are filtered by.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::activity_log::Digest;
use crate::db::{Error, Tx};
use crate::domain::fold::FOLD_VERSION;
use crate::domain::insight::{BookerKind, Insight};

/// First byte of a stored insight.
const FORMAT: u8 = 1;

/// An insight, and what proves it.
pub(super) struct InsightRow {
    pub(super) insight: Insight,
    pub(super) state_hash: [u8; 32],
    pub(super) log_rows: u32,
    pub(super) log_digest: Digest,
}

/// Writes insights; what is there is replaced.
pub(super) async fn upsert(tx: &mut Tx, tenant_id: Uuid, rows: &[InsightRow]) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let columns = Columns::of(rows)?;
    sqlx::query_file!(
        "src/projections/insight_rows.sql",
        tenant_id,
        &columns.person,
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
        &columns.lead_time as &[Option<f64>],
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
    Ok(())
}

/// Removes the insights of persons who have none of their own any more.
pub(super) async fn remove(tx: &mut Tx, tenant_id: Uuid, persons: &[Uuid]) -> Result<(), Error> {
    if persons.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "delete from customer_insight where tenant_id = $1 and person_profile_id = any ($2)",
        tenant_id,
        persons,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The insights turned by a quarter: one vector a column.
#[derive(Default)]
struct Columns {
    person: Vec<Uuid>,
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
    lead_time: Vec<Option<f64>>,
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
    fn of(rows: &[InsightRow]) -> Result<Self, Error> {
        let mut columns = Self::default();
        for row in rows {
            columns.add(&row.insight)?;
            let log_rows = i32::try_from(row.log_rows).unwrap_or(i32::MAX);
            columns.log_rows.push(log_rows);
            columns.log_digest.push(row.log_digest.to_uuid());
            columns.state_hash.push(row.state_hash.to_vec());
        }
        Ok(columns)
    }

    fn add(&mut self, insight: &Insight) -> Result<(), Error> {
        let behavior = &insight.behavior;
        let int = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
        let cents = |n: i128| i64::try_from(n).unwrap_or(i64::MAX);
        let revenue = &behavior.revenue;
        let lead = behavior.average_booking_lead_time.as_ref();
        let next = behavior.next_departure.as_ref();
        let score = insight.feedback.nps_score.as_ref();
        let satisfaction = insight.feedback.satisfaction.as_ref();
        self.person.push(insight.person_profile_id);
        self.computed_at.push(insight.computed_at);
        self.valid_until.push(insight.valid_until);
        self.lifetime_revenue
            .push(cents(revenue.lifetime.of(&behavior.currency)));
        self.outstanding
            .push(cents(revenue.outstanding.of(&behavior.currency)));
        self.total_bookings.push(int(behavior.total_bookings));
        self.cancelled_bookings
            .push(int(behavior.cancelled_bookings));
        self.open_reservations.push(int(behavior.open_reservations));
        self.trips_taken.push(int(behavior.trips_taken));
        self.upcoming_trips.push(int(behavior.upcoming_trips));
        self.next_departure_on
            .push(next.map(|next| next.start_date));
        self.no_show_count.push(int(behavior.no_show_count));
        self.no_show_rate.push(behavior.no_show_rate());
        self.lead_time.push(lead.map(|mean| mean.value));
        self.nps_score
            .push(score.and_then(|score| i32::try_from(score.value).ok()));
        self.satisfaction.push(satisfaction.map(|mean| mean.value));
        self.booker_kind.push(behavior.booker_kind.map(code));
        self.is_minor.push(insight.standing.minor);
        self.marketing_consent
            .push(insight.standing.marketing_consent);
        self.customer_since.push(behavior.customer_since);
        self.first_booking_at.push(behavior.first_booking_at);
        self.last_booking_at.push(behavior.last_booking_at);
        self.last_activity_at.push(behavior.last_activity_at);
        self.body.push(encode(insight)?);
        Ok(())
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
    postcard::to_extend(insight, vec![FORMAT]).map_err(|source| {
        tracing::error!(error = %source, "an insight could not be written down");
        Error::Inconsistent {
            table: "customer_insight",
            column: "body",
            id: Uuid::nil(),
        }
    })
}
