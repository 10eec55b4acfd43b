//! One tenant's flood does not keep the others waiting: every tenant has a batch in every turn.

use std::collections::BTreeMap;

use customer_intelligence::actions::receive::receive;
use customer_intelligence::db::{PoolConfig, pool};
use customer_intelligence::domain::clock::Clock;
use customer_intelligence::inbox::{self, Channel, Writer};
use customer_intelligence::projections::Settings;
use customer_intelligence::resolve::fence::Pepper;
use customer_intelligence::workers::{Context, ingest};
use futures::future::join_all;
use sqlx::{AssertSqlSafe, Row};
use uuid::Uuid;

use crate::property::crowd::{self, Crowd};
use crate::support::TestDb;

/// The flooding tenant comes first in every order.
const FLOODING: Uuid = Uuid::from_u128(1);
const OTHERS: u128 = 5;
/// Histories of the flood and of each of the others.
const FLOOD: u64 = 150;
const TRICKLE: u64 = 2;
/// Deliveries that are on their way into the inbox at the same time.
const ABREAST: usize = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_one_tenant_delays_the_others_by_one_of_its_batches() {
    let db = TestDb::new().await;
    let clock = Clock::system();
    let context = Context {
        pool: pool::connect_lazy(db.options(), &PoolConfig::default()),
        clock: clock.clone(),
        pepper: Pepper::new(b"pepper"),
        settings: Settings::default(),
    };
    let others: Vec<Uuid> = (2..2 + OTHERS).map(Uuid::from_u128).collect();
    let flood = crowd::plainly(FLOODING, 0..FLOOD);
    bring(&db, &clock, &[flood]).await;
    let all = waiting(&db, FLOODING).await;

    let (mut sizes, mut turns) = (BTreeMap::new(), 0_u64);
    let mut largest = 0;
    while waiting(&db, FLOODING).await > 0 {
        // While the flood lasts the others bring something before every turn.
        let crowds: Vec<Crowd> = others
            .iter()
            .map(|tenant| crowd::plainly(*tenant, turns * TRICKLE..(turns + 1) * TRICKLE))
            .collect();
        bring(&db, &clock, &crowds).await;
        let before = waiting(&db, FLOODING).await;
        assert!(ingest::round(&context, &mut sizes).await.unwrap());
        largest = largest.max(before - waiting(&db, FLOODING).await);
        for tenant in &others {
            assert_eq!(
                waiting(&db, *tenant).await,
                0,
                "it waits for the flood in turn {turns}"
            );
        }
        turns += 1;
    }
    println!(
        "a flood of {all}: {turns} turns, at most {largest} of it in a turn, nobody waited longer than one"
    );
    assert!(turns >= 3, "{all} deliveries are no flood");
}

async fn bring(db: &TestDb, clock: &Clock, crowds: &[Crowd]) {
    let writer = Writer::new(db.pool().clone(), clock.clone(), inbox::Limits::default());
    let bodies: Vec<&String> = crowds.iter().flat_map(|crowd| &crowd.bodies).collect();
    let deliver = async {
        for some in bodies.chunks(ABREAST) {
            let each = some
                .iter()
                .map(|body| receive(&writer, clock, body.as_bytes(), Channel::Live));
            for received in join_all(each).await {
                received.expect("it is kept");
            }
        }
        writer.close();
    };
    tokio::join!(writer.run(), deliver);
}

async fn waiting(db: &TestDb, tenant: Uuid) -> i64 {
    let question = format!("select count(*) from inbox where tenant_id = '{tenant}'");
    let row = sqlx::raw_sql(AssertSqlSafe(question))
        .fetch_one(db.pool())
        .await;
    row.unwrap().get(0)
}
