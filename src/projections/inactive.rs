//! Who has not been heard of for long: found from what is kept, flagged for a review, and summed up before they go.
//!
//! The last sign of a person is the latest fact of their log, or what was noted when older activities were let go;
//! a profile without any counts from its own latest version. Deliberately absent: deciding who goes.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::db::{Error, Tx};
use crate::resolve::reference;

/// A person with their last sign, after following merges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inactive {
    /// The survivor of the merged set.
    pub person: Uuid,
    /// The latest thing heard of them; none when nothing at all is kept.
    pub last_at: Option<DateTime<Utc>>,
    /// What they add to the tenant's sums.
    pub sums: Sums,
}

/// What some persons come to together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    /// How many.
    pub persons: i32,
    /// Kept bookings.
    pub bookings: i64,
    /// Trips taken.
    pub trips: i64,
    /// Revenue in hundredths of the tenant's currency.
    pub revenue: i64,
}

impl Sums {
    /// Adds another one's.
    pub fn add(&mut self, other: Self) {
        self.persons = self.persons.saturating_add(other.persons);
        self.bookings = self.bookings.saturating_add(other.bookings);
        self.trips = self.trips.saturating_add(other.trips);
        self.revenue = self.revenue.saturating_add(other.revenue);
    }
}

/// Persons behind `after` in the order of ids, at most `limit`, of whom nothing was heard after `before`, who are on no
/// tour to come and hold no open reservation.
pub async fn inactive(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    before: DateTime<Utc>,
    after: Uuid,
    limit: i64,
) -> Result<Vec<Inactive>, Error> {
    let rows = sqlx::query!(
        r#"select i.person_profile_id as "person!", s.last_at, i.total_bookings as "bookings!",
                  i.trips_taken as "trips!", i.lifetime_revenue as "revenue!"
           from customer_insight i
           cross join lateral (
             select coalesce(
               greatest(max(c.last_active_at), max((
                 select max(l.occurred_at) from activity_log l
                 where l.tenant_id = $1 and l.person_profile_id = c.person_profile_id and l.kind <> 2))),
               max((
                 select max(l.version_at) from activity_log l
                 where l.tenant_id = $1 and l.person_profile_id = c.person_profile_id and l.kind = 2))) as last_at
             from customer c
             where c.tenant_id = $1 and c.root = i.person_profile_id) s
           where i.tenant_id = $1 and i.person_profile_id > $3
             and (i.last_activity_at is null or i.last_activity_at <= $2)
             and i.upcoming_trips = 0 and i.open_reservations = 0
             and (s.last_at is null or s.last_at <= $2)
           order by i.person_profile_id limit $4"#,
        tenant_id,
        before,
        after,
        limit,
    )
    .fetch_all(connection)
    .await?;
    let found = rows.into_iter().map(|row| Inactive {
        person: row.person,
        last_at: row.last_at,
        sums: Sums {
            persons: 1,
            bookings: row.bookings.into(),
            trips: row.trips.into(),
            revenue: row.revenue,
        },
    });
    Ok(found.collect())
}

/// Flags these persons for review, and takes the flag from everybody else behind `after` up to and with `last`; returns
/// how many flags are new. The caller holds the tenant's row.
pub async fn flag_for_review(
    tx: &mut Tx,
    tenant_id: Uuid,
    (after, last): (Uuid, Uuid),
    persons: &[Uuid],
    now: DateTime<Utc>,
) -> Result<u64, Error> {
    sqlx::query!(
        "update customer set review_since = null
         where tenant_id = $1 and person_profile_id > $2 and person_profile_id <= $3
           and review_since is not null and person_profile_id <> all ($4)",
        tenant_id,
        after,
        last,
        persons,
    )
    .execute(&mut **tx)
    .await?;
    let flagged = sqlx::query!(
        "update customer set review_since = $3
         where tenant_id = $1 and person_profile_id = any ($2) and review_since is null",
        tenant_id,
        persons,
        now,
    )
    .execute(&mut **tx)
    .await?;
    Ok(flagged.rows_affected())
}

/// The tenant's headline currency as it stands.
pub async fn currency(connection: &mut PgConnection, tenant_id: Uuid) -> Result<String, Error> {
    let reference = reference::load(connection, tenant_id, [], 0, BTreeSet::new()).await?;
    Ok(reference.operator.currency.0)
}

/// Persons up for review, those flagged first before the others, at most `limit`: each with the instant of the flag.
pub async fn up_for_review(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    limit: i64,
) -> Result<Vec<(Uuid, DateTime<Utc>)>, Error> {
    let rows = sqlx::query!(
        r#"select person_profile_id as "person!", review_since as "since!" from customer
           where tenant_id = $1 and review_since is not null
           order by review_since, person_profile_id limit $2"#,
        tenant_id,
        limit,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.person, row.since))
        .collect())
}
