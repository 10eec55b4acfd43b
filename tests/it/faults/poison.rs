//! One delivery in twenty cannot be folded: it is parked with its reason, and the others of its tenant and of the other
//! tenants do not wait for it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use customer_intelligence::inbox::dead_letters::{self, PAGE_MAX, Query, Summary};
use serde_json::Value;
use uuid::Uuid;

use super::expected::Expected;
use super::load::Load;
use super::switches::{alone, hold_against};
use super::wired::Wired;
use crate::property::crowd::{self, Crowd};
use crate::support::TestDb;

const TENANTS: u64 = 3;
const HISTORIES: u64 = 12;
/// Few, because the lag of a steady stream is asked for, not how long a flood takes.
const CONNECTIONS: usize = 2;
/// What a delivery waits at most until it is folded.
const LAG: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_mins(2);

/// The database refuses every twentieth source row, whoever writes it.
const POISON: &str = "
    create function refuse() returns trigger language plpgsql as $$ begin
      if get_byte(uuid_send(new.id), 7) % 20 = 0 then
        raise exception 'refused' using errcode = 'check_violation';
      end if;
      return new;
    end $$;
    create trigger poison before insert or update on dossier for each row execute function refuse()";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn poison_is_parked_with_its_reason_and_delays_nobody() {
    let _alone = alone().await;
    let crowds: Vec<Crowd> = (1..=TENANTS)
        .map(|tenant| {
            let seeds = tenant * 1_000..tenant * 1_000 + HISTORIES;
            crowd::plainly(Uuid::from_u128(tenant.into()), seeds)
        })
        .collect();
    let wired = Wired::new(&[]).await;
    sqlx::raw_sql(POISON)
        .execute(&wired.db.superuser())
        .await
        .unwrap();
    let longest = crowds
        .iter()
        .map(|crowd| crowd.bodies.len())
        .max()
        .unwrap_or_default();
    let in_turns =
        (0..longest).flat_map(|at| crowds.iter().filter_map(move |crowd| crowd.bodies.get(at)));
    let bodies: Vec<String> = in_turns.cloned().collect();

    let load = Load::start(wired.door(), &bodies, CONNECTIONS);
    let folding = async {
        let (begun, mut lag) = (Instant::now(), 0.0_f64);
        loop {
            let now = wired.program.lag_seconds().await.unwrap_or_default();
            lag = lag.max(now);
            let acked = load.acked() == bodies.len();
            if acked && now == 0.0 && waiting(&wired.db).await == 0 {
                return Duration::from_secs_f64(lag);
            }
            assert!(begun.elapsed() < PATIENCE, "it is not folded");
            tokio::time::sleep(POLL).await;
        }
    };
    let lag = folding.await;

    let letters = letters(&wired.db).await;
    let parked: BTreeSet<(Uuid, &str)> = letters
        .iter()
        .filter_map(|letter| Some((letter.tenant_id, letter.event_id.as_deref()?)))
        .collect();
    assert_eq!(parked.len(), letters.len(), "each tells of one delivery");
    assert!(
        letters
            .iter()
            .all(|letter| letter.reason == "processing_failed" && !letter.detail.is_empty())
    );
    let share = f64::from(u32::try_from(parked.len()).unwrap())
        / f64::from(u32::try_from(bodies.len()).unwrap());
    assert!(share > 0.02, "{share}");

    let expected: Vec<Expected> = crowds
        .into_iter()
        .map(|mut crowd| {
            let tenant = crowd.tenant;
            crowd
                .bodies
                .retain(|body| !parked.contains(&(tenant, event_id(body).as_str())));
            Expected::of(&crowd)
        })
        .collect();
    let processor = wired.program.processor_time();
    let (tally, _) = wired.settle(load, &expected).await;
    println!(
        "{} deliveries of {TENANTS} tenants, {} of them poison ({:.1} %): the longest lag was {lag:.2?}, \
         {processor:.2?} of the processor; {tally:?}",
        bodies.len(),
        parked.len(),
        share * 100.0
    );
    hold_against("the lag beside poison", lag, LAG);
}

fn event_id(body: &str) -> String {
    let told: Value = serde_json::from_str(body).unwrap();
    told["id"].as_str().unwrap().to_owned()
}

async fn waiting(db: &TestDb) -> i64 {
    customer_intelligence::inbox::backlog::read(db.pool())
        .await
        .unwrap()
        .waiting
}

async fn letters(db: &TestDb) -> Vec<Summary> {
    let mut all: Vec<Summary> = Vec::new();
    loop {
        let after = all.last().map(|last| (last.received_at, last.id));
        let query = Query {
            limit: PAGE_MAX,
            after,
            ..Query::default()
        };
        let page = dead_letters::list(db.pool(), &query).await.unwrap();
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}
