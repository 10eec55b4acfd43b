//! Keeps the platform living after the simulated history: every few seconds somebody books, pays, boards, writes or reads, in
//! real time, by plain SQL. Absent: a plan; each happening looks only at the rows that are there.

use std::time::Duration;

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::error::Result;
use super::platform::run;

/// Something that happens, as one statement about the tenant `$1`.
#[derive(Clone, Copy, Debug)]
pub struct Happening {
    /// What to call it.
    pub name: &'static str,
    sql: &'static str,
}

/// What can happen; the first ones more often.
pub const HAPPENINGS: &[Happening] = &[
    Happening {
        name: "somebody booked",
        sql: BOOK,
    },
    Happening {
        name: "a deposit arrived, the booking is confirmed",
        sql: CONFIRM,
    },
    Happening {
        name: "a message was sent",
        sql: SEND,
    },
    Happening {
        name: "a message was delivered",
        sql: DELIVER,
    },
    Happening {
        name: "a message was read",
        sql: READ,
    },
    Happening {
        name: "somebody boarded",
        sql: BOARD,
    },
    Happening {
        name: "a trip was rated",
        sql: RATE,
    },
    Happening {
        name: "a tour is over, its bookings are completed",
        sql: COMPLETE,
    },
];

/// Makes one thing happen; returns how many rows it wrote.
pub async fn happen(pool: &PgPool, tenant: Uuid, happening: Happening) -> Result<u64> {
    Ok(run(happening.sql)
        .bind(tenant)
        .execute(pool)
        .await?
        .rows_affected())
}

/// Lives until cancelled; `told` hears of everything that happened.
pub async fn live(
    pool: &PgPool,
    tenant: Uuid,
    pace: Duration,
    cancel: &CancellationToken,
    mut told: impl FnMut(&'static str) + Send,
) -> Result<()> {
    let mut rng: StdRng = StdRng::seed_from_u64(rand::rng().random());
    loop {
        let wait = pace.mul_f64(rng.random_range(0.5..1.5));
        tokio::select! {
            () = cancel.cancelled() => return Ok(()),
            () = tokio::time::sleep(wait) => {}
        }
        let Some(happening) = HAPPENINGS.get(rng.random_range(0..HAPPENINGS.len())) else {
            continue;
        };
        if happen(pool, tenant, *happening).await? > 0 {
            told(happening.name);
        }
    }
}

const BOOK: &str = "
with person as (
  select id from backoffice.person_profiles
  where tenant_id = $1 and merged_into_id is null and pii_redacted_at is null order by random() limit 1),
offering as (
  select id, list_price from commerce.tour_offerings
  where tenant_id = $1 and status = 'SCHEDULED' and start_date > current_date + 30 order by random() limit 1),
booking as (
  insert into commerce.bookings (id, tenant_id, tour_offering_id, status, booker_profile_id, channel, passenger_count,
    total_amount, deposit_amount, booked_at)
  select gen_random_uuid(), $1, o.id, 'PENDING_PAYMENT', p.id, 'WEB', 1, o.list_price, round(o.list_price / 5, 2), now()
  from person p, offering o returning id, booker_profile_id)
insert into commerce.passengers (id, tenant_id, booking_id, person_profile_id, is_primary_contact, fare_category, seat_label)
select gen_random_uuid(), $1, id, booker_profile_id, true, 'ADULT', '7A' from booking";

const CONFIRM: &str = "
with booking as (
  update commerce.bookings set status = 'DEPOSIT_PAID'
  where id = (select id from commerce.bookings where tenant_id = $1 and status = 'PENDING_PAYMENT' order by created_at limit 1)
  returning id, deposit_amount),
payment as (
  insert into commerce.payments (id, tenant_id, booking_id, payment_type, status, amount, payment_method, received_at)
  select gen_random_uuid(), $1, id, 'DEPOSIT', 'COMPLETED', deposit_amount, 'CARD', now() from booking)
insert into commerce.tickets (id, tenant_id, booking_id, passenger_id)
select gen_random_uuid(), $1, p.booking_id, p.id from commerce.passengers p join booking b on b.id = p.booking_id";

const SEND: &str = "
insert into communications.messages (id, tenant_id, conversation_id, channel_account_id, direction, trigger_event, status, sent_at)
select gen_random_uuid(), $1, c.id, a.id, 'OUTBOUND', 'SERVICE_NOTE', 'SENT', now()
from (select id from communications.conversations where tenant_id = $1 order by random() limit 1) c,
  (select id from communications.channel_accounts where tenant_id = $1 order by random() limit 1) a";

const DELIVER: &str = "
update communications.messages set status = 'DELIVERED', delivered_at = now()
where id = (select id from communications.messages where tenant_id = $1 and direction = 'OUTBOUND' and status = 'SENT'
  order by sent_at desc limit 1)";

const READ: &str = "
update communications.messages set status = 'READ', read_at = now()
where id = (select id from communications.messages where tenant_id = $1 and direction = 'OUTBOUND' and status = 'DELIVERED'
  order by delivered_at desc limit 1)";

const BOARD: &str = "
insert into operations.boarding_events (id, tenant_id, service_leg_id, tour_departure_id, ticket_id, boarding_point_id, seat_label,
  status, method, boarded_at, synced_at)
select gen_random_uuid(), $1, l.id, o.tour_departure_id, t.id, p.boarding_point_id, p.seat_label, 'BOARDED', 'QR', now(), now()
from commerce.tour_offerings o
join commerce.bookings b on b.tour_offering_id = o.id and b.status in ('DEPOSIT_PAID', 'FULLY_PAID')
join commerce.passengers p on p.booking_id = b.id and p.status = 'ACTIVE'
join commerce.tickets t on t.passenger_id = p.id
join operations.service_legs l on l.tour_departure_id = o.tour_departure_id and l.leg_type = 'PICKUP'
where o.tenant_id = $1 and o.status <> 'CANCELLED' and current_date between o.start_date and o.end_date
  and not exists (select from operations.boarding_events e where e.ticket_id = t.id)
order by o.start_date, t.id limit 1";

const RATE: &str = "
insert into commerce.trip_feedback (id, tenant_id, booking_id, person_profile_id, tour_departure_id, nps_score, rating, submitted_at)
select gen_random_uuid(), $1, b.id, b.booker_profile_id, o.tour_departure_id, 9, 5, now()
from commerce.bookings b join commerce.tour_offerings o on o.id = b.tour_offering_id
where b.tenant_id = $1 and b.status = 'COMPLETED' and b.reseller_id is null and o.end_date > current_date - 120
  and not exists (select from commerce.trip_feedback f where f.booking_id = b.id)
order by o.end_date desc, b.id limit 1";

const COMPLETE: &str = "
update commerce.bookings b set status = 'COMPLETED'
from commerce.tour_offerings o
where o.id = b.tour_offering_id and b.tenant_id = $1 and o.status <> 'CANCELLED' and o.end_date < current_date - 1
  and b.status in ('DEPOSIT_PAID', 'FULLY_PAID')";
