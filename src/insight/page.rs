//! Persons by stored values: filtered, ordered, paged by key. No OFFSET: a page costs the same wherever it is.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgRow;
use sqlx::{Postgres, QueryBuilder, Row};
use uuid::Uuid;

use super::column::Kind;
use super::person::{self, Stored};
use super::{Column, Condition, Direction, Error, Found, OrderStep, Reader, Test, Value};
use crate::db::cursor;
use crate::jobs;

const SCORED_AT: &str = "least(computed_at, scored_at) as computed_at";
/// The scores by names that `customer_insight` does not have.
const SCORES: &str = "select person_profile_id as scored_person, computed_at as scored_at, churn_risk, churn_band, \
    next_booking_expected_at, predicted_bookings, predicted_value_12_months, predicted_value_36_months, \
    engagement_score, cluster_id from customer_score where tenant_id = ";

/// Which persons, in which order, from where, how many.
#[derive(Clone, Debug, Default)]
pub struct PageRequest {
    /// All must hold.
    pub conditions: Vec<Condition>,
    /// Steps of the order; the person's id decides what they leave open.
    pub order: Vec<OrderStep>,
    /// How many at most.
    pub first: u32,
    /// Behind which row.
    pub after: Option<String>,
}

/// One person of a page.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Names this row's place.
    pub cursor: String,
    /// The instant of the stored values that were looked at.
    pub computed_at: DateTime<Utc>,
    /// The person.
    pub person_profile_id: Uuid,
    /// Their insight at the instant of reading.
    pub insight: Found,
}

/// A page of persons.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// In order.
    pub rows: Vec<Listed>,
    /// There are more behind the last.
    pub has_next: bool,
}

/// Where a row stands in an order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Place {
    order: Vec<OrderStep>,
    keys: Vec<Option<Value>>,
    id: Uuid,
}

pub(super) async fn page(
    reader: &Reader,
    tenant: Uuid,
    request: &PageRequest,
) -> Result<Page, Error> {
    let after = request
        .after
        .as_deref()
        .map(|text| cursor::decode::<Place>(text).ok_or(Error::Cursor))
        .transpose()?;
    if after
        .as_ref()
        .is_some_and(|place| !fits(place, &request.order))
    {
        return Err(Error::Cursor);
    }
    let now = reader.clock.now();
    let mut statement = statement(tenant, request, after.as_ref(), now);
    let rows = async {
        let mut connection = reader.connection(tenant).await?;
        let rows = statement.build().fetch_all(&mut *connection).await?;
        connection.done();
        Ok(rows)
    };
    let mut rows = reader.in_time(rows).await?;
    let first = request.first as usize;
    let has_next = rows.len() > first;
    rows.truncate(first);
    let oldest = rows
        .first()
        .map(|row| row.try_get("oldest_delivery"))
        .transpose()?
        .flatten();
    let found = rows.iter().map(|row| placed(row, &request.order));
    let found = found.collect::<Result<Vec<_>, _>>()?;
    let (places, stored): (Vec<_>, Vec<_>) = found.into_iter().unzip();
    let partial = rows.first().map(|row| row.try_get("partial")).transpose()?;
    let dated = person::Dated {
        read_at: now,
        fresh_as_of: person::fresh_as_of(oldest, now),
        partial: partial.unwrap_or_default(),
    };
    let insights = person::read(reader, tenant, stored, dated).await;
    let rows = places.into_iter().filter_map(|(place, computed_at)| {
        let insight = insights.get(&place.id)?.clone();
        let person_profile_id = place.id;
        Some(Listed {
            cursor: cursor::encode(&place),
            computed_at,
            person_profile_id,
            insight,
        })
    });
    Ok(Page {
        rows: rows.collect(),
        has_next,
    })
}

/// Where a row stands, when it was computed, and what is kept of the person.
fn placed(
    row: &PgRow,
    order: &[OrderStep],
) -> Result<((Place, DateTime<Utc>), Stored), sqlx::Error> {
    let id = row.try_get("person_profile_id")?;
    let keys = order.iter().map(|step| key(row, step.column));
    let place = Place {
        order: order.to_vec(),
        keys: keys.collect::<Result<_, _>>()?,
        id,
    };
    let stored = Stored {
        root: id,
        valid_until: row.try_get("valid_until")?,
        body: row.try_get("body")?,
    };
    Ok(((place, row.try_get("computed_at")?), stored))
}

/// Whether a cursor's place was made in this order: steps, number and kinds of its keys.
fn fits(place: &Place, order: &[OrderStep]) -> bool {
    let kind = |value: &Value| match value {
        Value::Int(_) => Kind::Int,
        Value::Float(_) => Kind::Float,
        Value::Bool(_) => Kind::Bool,
        Value::Day(_) => Kind::Day,
        Value::Instant(_) => Kind::Instant,
    };
    let typed = |(key, step): (&Option<Value>, &OrderStep)| {
        key.as_ref()
            .is_none_or(|key| kind(key) == step.column.identifier().1)
    };
    place.order == order
        && place.keys.len() == order.len()
        && place.keys.iter().zip(order).all(typed)
}

/// Whether anything is asked that models say.
fn looks_at_scores(request: &PageRequest) -> bool {
    let tested = request.conditions.iter().map(|one| one.column);
    let ordered = request.order.iter().map(|one| one.column);
    tested.chain(ordered).any(Column::is_score)
}

fn statement(
    tenant: Uuid,
    request: &PageRequest,
    after: Option<&Place>,
    now: DateTime<Utc>,
) -> QueryBuilder<Postgres> {
    let mut sql =
        QueryBuilder::new("with oldest as materialized (select id from inbox where tenant_id = ");
    sql.push_bind(tenant)
        .push(" and channel = 0 order by id limit 1) select person_profile_id, ");
    // What a model says is as old as its saying.
    let scored = looks_at_scores(request);
    sql.push(if scored { SCORED_AT } else { "computed_at" });
    sql.push(
        ", valid_until, body, (select id from oldest) as oldest_delivery, \
         exists (select from job where tenant_id = ",
    );
    sql.push_bind(tenant)
        .push(" and name = any (array['backfill', 'rebuild']) and state = 0 and touched_at >= ")
        .push_bind(now - jobs::SILENT_AFTER)
        .push(") as partial");
    for step in &request.order {
        let (name, kind) = step.column.identifier();
        sql.push(", ")
            .push(name)
            .push(if kind == Kind::Int { "::bigint" } else { "" });
        sql.push(" as key_").push(name);
    }
    sql.push(" from customer_insight");
    if scored {
        sql.push(" left join (").push(SCORES).push_bind(tenant);
        sql.push(") as score on scored_person = person_profile_id");
    }
    sql.push(" where tenant_id = ").push_bind(tenant);
    for condition in &request.conditions {
        sql.push(" and ");
        push_condition(&mut sql, condition);
    }
    if let Some(place) = after {
        sql.push(" and (");
        push_behind(&mut sql, place);
        sql.push(")");
    }
    sql.push(" order by ");
    for step in &request.order {
        sql.push(step.column.identifier().0);
        sql.push(match step.direction {
            Direction::Asc => " asc nulls last, ",
            Direction::Desc => " desc nulls last, ",
        });
    }
    sql.push("person_profile_id limit ")
        .push_bind(i64::from(request.first) + 1);
    sql
}

fn push_condition(sql: &mut QueryBuilder<Postgres>, condition: &Condition) {
    let (name, _) = condition.column.identifier();
    match &condition.test {
        Test::Compare(comparison, value) => {
            sql.push(name).push(comparison.operator());
            push_value(sql, *value);
        }
        Test::OneOf(numbers) => {
            sql.push(name)
                .push("::bigint = any(")
                .push_bind(numbers.clone())
                .push(")");
        }
        Test::IsNull(true) => drop(sql.push(name).push(" is null")),
        Test::IsNull(false) => drop(sql.push(name).push(" is not null")),
        Test::Never => drop(sql.push("false")),
    }
}

/// Rows behind a place: equal in the first n keys and behind in the next, or equal in all and of a greater id.
fn push_behind(sql: &mut QueryBuilder<Postgres>, place: &Place) {
    let steps: Vec<_> = place.order.iter().zip(&place.keys).collect();
    for (length, (step, key)) in steps.iter().enumerate() {
        // Behind an unknown value there is nothing but equals.
        let Some(value) = key else { continue };
        push_equal(sql, steps.iter().take(length));
        let name = step.column.identifier().0;
        sql.push("(").push(name).push(match step.direction {
            Direction::Asc => " > ",
            Direction::Desc => " < ",
        });
        push_value(sql, *value);
        sql.push(" or ").push(name).push(" is null) or ");
    }
    push_equal(sql, steps.iter());
    sql.push("person_profile_id > ").push_bind(place.id);
}

fn push_equal<'a>(
    sql: &mut QueryBuilder<Postgres>,
    steps: impl Iterator<Item = &'a (&'a OrderStep, &'a Option<Value>)>,
) {
    for (step, key) in steps {
        sql.push(step.column.identifier().0);
        if let Some(value) = key {
            sql.push(" = ");
            push_value(sql, *value);
            sql.push(" and ");
        } else {
            sql.push(" is null and ");
        }
    }
}

fn push_value(sql: &mut QueryBuilder<Postgres>, value: Value) {
    match value {
        Value::Int(number) => sql.push_bind(number),
        Value::Float(number) => sql.push_bind(number),
        Value::Bool(yes) => sql.push_bind(yes),
        Value::Day(day) => sql.push_bind(day),
        Value::Instant(at) => sql.push_bind(at),
    };
}

fn key(row: &PgRow, column: Column) -> Result<Option<Value>, sqlx::Error> {
    let (name, kind) = column.identifier();
    let name = format!("key_{name}");
    let name = name.as_str();
    Ok(match kind {
        Kind::Int => row.try_get::<Option<i64>, _>(name)?.map(Value::Int),
        Kind::Float => row.try_get::<Option<f64>, _>(name)?.map(Value::Float),
        Kind::Bool => row.try_get::<Option<bool>, _>(name)?.map(Value::Bool),
        Kind::Day => row.try_get::<Option<_>, _>(name)?.map(Value::Day),
        Kind::Instant => row.try_get::<Option<_>, _>(name)?.map(Value::Instant),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::Comparison;

    fn step(column: Column, direction: Direction) -> OrderStep {
        OrderStep { column, direction }
    }

    #[test]
    fn the_statement_binds_every_value_and_pages_by_key() {
        let order = vec![
            step(Column::LastActivityAt, Direction::Desc),
            step(Column::TripsTaken, Direction::Asc),
        ];
        let request = PageRequest {
            conditions: vec![
                Condition {
                    column: Column::LifetimeRevenue,
                    test: Test::Compare(Comparison::AtLeast, Value::Int(100)),
                },
                Condition {
                    column: Column::NpsScore,
                    test: Test::IsNull(false),
                },
            ],
            order: order.clone(),
            first: 10,
            after: None,
        };
        let place = Place {
            order,
            keys: vec![None, Some(Value::Int(3))],
            id: Uuid::nil(),
        };
        let sql = statement(Uuid::nil(), &request, Some(&place), DateTime::UNIX_EPOCH).sql();
        insta::assert_snapshot!(sql.as_str(), @"with oldest as materialized (select id from inbox where tenant_id = $1 and channel = 0 order by id limit 1) select person_profile_id, computed_at, valid_until, body, (select id from oldest) as oldest_delivery, exists (select from job where tenant_id = $2 and name = any (array['backfill', 'rebuild']) and state = 0 and touched_at >= $3) as partial, last_activity_at as key_last_activity_at, trips_taken::bigint as key_trips_taken from customer_insight where tenant_id = $4 and lifetime_revenue >= $5 and nps_score is not null and (last_activity_at is null and (trips_taken > $6 or trips_taken is null) or last_activity_at is null and trips_taken = $7 and person_profile_id > $8) order by last_activity_at desc nulls last, trips_taken asc nulls last, person_profile_id limit $9");
    }

    #[test]
    fn what_models_say_is_looked_up_only_where_it_is_asked_for() {
        let request = PageRequest {
            conditions: vec![Condition {
                column: Column::ClusterId,
                test: Test::Compare(Comparison::Equal, Value::Int(3)),
            }],
            order: vec![step(Column::ChurnRisk, Direction::Desc)],
            first: 10,
            after: None,
        };
        let sql = statement(Uuid::nil(), &request, None, DateTime::UNIX_EPOCH).sql();
        insta::assert_snapshot!(sql.as_str(), @"with oldest as materialized (select id from inbox where tenant_id = $1 and channel = 0 order by id limit 1) select person_profile_id, least(computed_at, scored_at) as computed_at, valid_until, body, (select id from oldest) as oldest_delivery, exists (select from job where tenant_id = $2 and name = any (array['backfill', 'rebuild']) and state = 0 and touched_at >= $3) as partial, churn_risk as key_churn_risk from customer_insight left join (select person_profile_id as scored_person, computed_at as scored_at, churn_risk, churn_band, next_booking_expected_at, predicted_bookings, predicted_value_12_months, predicted_value_36_months, engagement_score, cluster_id from customer_score where tenant_id = $4) as score on scored_person = person_profile_id where tenant_id = $5 and cluster_id = $6 order by churn_risk desc nulls last, person_profile_id limit $7");
    }

    #[test]
    fn a_cursor_of_another_order_is_refused() {
        let order = vec![step(Column::NoShowRate, Direction::Desc)];
        let place = Place {
            order: order.clone(),
            keys: vec![Some(Value::Float(0.1))],
            id: Uuid::nil(),
        };
        assert!(fits(&place, &order));
        assert!(!fits(&place, &[step(Column::NoShowRate, Direction::Asc)]));
        let forged = Place {
            keys: vec![Some(Value::Int(1))],
            ..place.clone()
        };
        assert!(!fits(&forged, &order));
        let text = cursor::encode(&place);
        assert_eq!(cursor::decode(&text), Some(place));
    }
}
