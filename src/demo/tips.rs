//! Three things to try, with the numbers of this very database.

use serde_json::{Value, json};
use sqlx::Row as _;
use uuid::Uuid;

use super::error::Result;
use super::gateway::Gateway;
use super::platform::run;
use super::progress::Out;
use super::run::DemoConfig;

/// A loyal booker with an upcoming booking whose value is exactly its total.
const CANDIDATE: &str = "
select b.id, b.booker_profile_id, p.first_name || ' ' || p.last_name, b.total_amount::text
from commerce.bookings b
join backoffice.person_profiles p on p.id = b.booker_profile_id
join commerce.tour_offerings o on o.id = b.tour_offering_id
where b.tenant_id = $1 and b.status in ('DEPOSIT_PAID', 'FULLY_PAID') and b.reseller_id is null
  and o.start_date > current_date + 1 and p.merged_into_id is null and p.pii_redacted_at is null
  and not exists (select from commerce.ancillaries a where a.booking_id = b.id and a.purchase_phase = 'POST_BOOKING')
  and not exists (select from commerce.passengers c where c.booking_id = b.id and c.status = 'CANCELLED')
  and not exists (select from backoffice.person_profiles d where d.merged_into_id = p.id)
order by (select count(*) from commerce.bookings x where x.booker_profile_id = p.id) desc, b.id limit 1";

const NUMBERS: &str = "query Numbers($id: uuid!) { backoffice_person_profiles_by_pk(id: $id) { customer_insight { \
    behavior_aggregate { total_bookings cancelled_bookings lifetime_revenue } } } }";

const JOIN: &str = "{ backoffice_person_profiles(limit: 3, order_by: {last_name: asc}) { first_name last_name \
    customer_insight { status behavior_aggregate { lifetime_revenue total_bookings trips_taken preferred_seat_position } } } }";

pub(super) async fn print(config: &DemoConfig, gateway: &Gateway, out: Out<'_>) -> Result<()> {
    let server = config.server.trim_end_matches('/');
    let body = json!({ "query": JOIN });
    writeln!(out, "\nReady. Three things to try:\n")?;
    writeln!(
        out,
        "1. A remote join: names from the platform's table, insight from the service"
    )?;
    writeln!(
        out,
        "   curl -s {server}/v1/graphql -H 'content-type: application/json' -d '{body}'\n"
    )?;
    if let Some(row) = run(CANDIDATE)
        .bind(gateway.session().tenant)
        .fetch_optional(&config.platform)
        .await?
    {
        let (booking, person): (Uuid, Uuid) = (row.try_get(0)?, row.try_get(1)?);
        let (name, total): (String, String) = (row.try_get(2)?, row.try_get(3)?);
        let asked = json!({ "query": NUMBERS, "variables": { "id": person } });
        let answer = gateway.answer(&asked).await;
        let facts = answer
            .pointer("/data/backoffice_person_profiles_by_pk/customer_insight/behavior_aggregate");
        writeln!(
            out,
            "2. Change a row and see the insight of {name} follow, {server}/person/{person}"
        )?;
        writeln!(
            out,
            "   {} -c \"update commerce.bookings set status = 'CANCELLED', cancelled_by = 'PASSENGER', cancellation_fee = 0 where id = '{booking}'\"",
            config.psql
        )?;
        writeln!(
            out,
            "   {}\n",
            expected(facts.unwrap_or(&Value::Null), &total)
        )?;
    }
    writeln!(out, "3. The dispatcher's screen: {server}/")?;
    writeln!(out, "   Joined queries:          {server}/console")?;
    writeln!(out, "   GraphiQL:                {server}/graphiql\n")?;
    Ok(out.flush()?)
}

/// What the cancellation will change, from the numbers of this moment.
fn expected(facts: &Value, total: &str) -> String {
    let count = |key: &str| facts.get(key).and_then(Value::as_i64);
    let revenue = facts
        .get("lifetime_revenue")
        .and_then(|v| cents(&v.to_string()));
    let (Some(kept), Some(cancelled)) = (count("total_bookings"), count("cancelled_bookings"))
    else {
        return "total_bookings falls by 1, cancelled_bookings rises by 1".to_owned();
    };
    let revenue = match (revenue, cents(total)) {
        (Some(now), Some(total)) => {
            let then = now - total;
            format!(
                ", lifetime_revenue {}.{:02} becomes {}.{:02}",
                now / 100,
                now % 100,
                then / 100,
                then % 100
            )
        }
        _ => String::new(),
    };
    format!(
        "total_bookings {kept} becomes {}, cancelled_bookings {cancelled} becomes {}{revenue}",
        kept - 1,
        cancelled + 1
    )
}

/// Hundredths of a decimal text.
fn cents(text: &str) -> Option<i64> {
    let (whole, fraction) = text.trim_matches('"').split_once('.').unwrap_or((text, ""));
    let fraction: String = fraction
        .chars()
        .chain(std::iter::repeat('0'))
        .take(2)
        .collect();
    format!("{whole}{fraction}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tip_says_what_will_change() {
        let facts: Value = serde_json::from_str(
            r#"{"total_bookings":5,"cancelled_bookings":0,"lifetime_revenue":3480.50}"#,
        )
        .unwrap();
        assert_eq!(
            expected(&facts, "590.00"),
            "total_bookings 5 becomes 4, cancelled_bookings 0 becomes 1, lifetime_revenue 3480.50 becomes 2890.50"
        );
        assert_eq!(
            expected(&Value::Null, "1"),
            "total_bookings falls by 1, cancelled_bookings rises by 1"
        );
    }
}
