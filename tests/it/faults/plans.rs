//! A database that was filled in one go and never analysed: what every batch asks is found by index all the same.
//!
//! The statements run as they are; PostgreSQL's own counters say which tables were read from end to end.

use std::collections::{BTreeMap, BTreeSet};

use customer_intelligence::activity_log;
use customer_intelligence::db::Tx;
use customer_intelligence::domain::activity::RowBody;
use customer_intelligence::domain::clock::Clock;
use customer_intelligence::domain::source::{SourceKey, SourceKind};
use customer_intelligence::inbox::claim;
use customer_intelligence::projections::{self, Settings, Touched};
use customer_intelligence::resolve::dossier::Dossier;
use customer_intelligence::resolve::fence::Pepper;
use customer_intelligence::resolve::store;
use sqlx::{AssertSqlSafe, Row};
use uuid::Uuid;

use crate::support::TestDb;

const TENANT: Uuid = Uuid::from_u128(0xa1);
const BIG: &str = "'dossier', 'link', 'activity_log', 'customer', 'customer_insight', 'inbox'";
const SETTINGS: Settings = Settings {
    quarantine_days: 3,
    large_from: 2_000,
    at_a_time: 500,
    announces: false,
};

/// What is asked of the database in one way of planning.
struct Asked<'d> {
    db: &'d TestDb,
    mode: &'static str,
    keys: BTreeSet<SourceKey>,
    persons: BTreeSet<Uuid>,
}

#[tokio::test]
async fn what_a_batch_asks_is_found_by_index_before_anything_is_analysed() {
    let db = TestDb::new().await;
    fill(&db).await;
    for mode in ["force_custom_plan", "force_generic_plan"] {
        for some in [1, 40, 1_000] {
            let keys = ids(&db, "select id from dossier", some).await;
            let keys = keys
                .into_iter()
                .map(|id| SourceKey::new(SourceKind::Payment, id))
                .collect();
            let persons = ids(&db, "select person_profile_id from customer", some).await;
            let asked = Asked {
                db: &db,
                mode,
                keys,
                persons,
            };
            asked.dossiers().await;
            asked.log_and_insights().await;
            asked.inbox().await;
            asked.erasure().await;
        }
    }
}

#[tokio::test]
async fn a_table_that_is_read_from_end_to_end_is_noticed() {
    let db = TestDb::new().await;
    fill(&db).await;
    let nobody = (BTreeSet::new(), BTreeSet::new());
    let asked = Asked {
        db: &db,
        mode: "auto",
        keys: nobody.0,
        persons: nobody.1,
    };
    let mut tx = asked.begin().await;
    sqlx::raw_sql("select count(body) from dossier")
        .fetch_one(&mut *tx)
        .await
        .unwrap();
    assert_eq!(read_through(&mut tx).await, ["dossier"]);
}

impl Asked<'_> {
    async fn begin(&self) -> Tx {
        let mut tx = Tx::begin(self.db.pool()).await.unwrap();
        let mode = format!("set local plan_cache_mode = {}", self.mode);
        sqlx::raw_sql(AssertSqlSafe(mode))
            .execute(&mut *tx)
            .await
            .unwrap();
        tx
    }

    /// Nothing was read from end to end; what was done is undone.
    async fn end(&self, mut tx: Tx, what: &str) {
        let read = read_through(&mut tx).await;
        assert!(
            read.is_empty(),
            "{what} of {} by {}: {read:?}",
            self.persons.len(),
            self.mode
        );
        tx.rollback().await.unwrap();
    }

    async fn dossiers(&self) {
        let mut tx = self.begin().await;
        let found = store::load(&mut tx, TENANT, &self.keys).await.unwrap();
        assert_eq!(found.len(), self.keys.len());
        self.end(tx, "dossiers").await;
        let mut tx = self.begin().await;
        let found = store::children(&mut tx, TENANT, &self.keys).await.unwrap();
        assert_eq!(found.len(), self.keys.len());
        self.end(tx, "children").await;
    }

    async fn log_and_insights(&self) {
        let persons: Vec<Uuid> = self.persons.iter().copied().collect();
        let mut tx = self.begin().await;
        let found = activity_log::slices(&mut tx, TENANT, &persons)
            .await
            .unwrap();
        assert_eq!(found.len(), persons.len());
        let (rows, at) = (
            found.iter().map(|one| one.row.clone()),
            Clock::system().now(),
        );
        let rows: Vec<_> = rows.collect();
        activity_log::append(&mut tx, TENANT, &rows, 0, at)
            .await
            .unwrap();
        self.end(tx, "log").await;
        let mut tx = self.begin().await;
        let profiles: BTreeMap<_, _> = persons.iter().map(|person| (*person, None)).collect();
        projections::upsert_profiles(&mut tx, TENANT, &profiles)
            .await
            .unwrap();
        let written = {
            let touched = Touched::by_time(self.persons.iter().copied());
            projections::refold(&mut tx, SETTINGS, TENANT, touched, at).await
        };
        assert_eq!(written.unwrap(), persons.len());
        self.end(tx, "refold").await;
    }

    async fn inbox(&self) {
        let mut tx = self.begin().await;
        let some = i64::try_from(self.keys.len()).unwrap();
        let claimed = claim::claim(&mut tx, TENANT, some).await.unwrap();
        assert_eq!(claimed.len(), self.keys.len());
        self.end(tx, "claim").await;
        let ids = claim::oldest(self.db.pool(), TENANT, some).await.unwrap();
        let mut tx = self.begin().await;
        let claimed = claim::claim_these(&mut tx, TENANT, &ids).await.unwrap();
        assert_eq!(claimed.len(), ids.len());
        self.end(tx, "claim of these").await;
    }

    async fn erasure(&self) {
        let mut tx = self.begin().await;
        let asked: BTreeMap<_, _> = self
            .persons
            .iter()
            .map(|person| (*person, "deleted"))
            .collect();
        let now = Clock::system().now();
        let pepper = Pepper::new(b"pepper");
        let erased = projections::erase(&mut tx, &pepper, TENANT, &asked, now)
            .await
            .unwrap();
        assert_eq!(erased.persons.len(), self.persons.len());
        self.end(tx, "erasure").await;
    }
}

/// The big tables that this transaction has read from end to end.
async fn read_through(tx: &mut Tx) -> Vec<String> {
    let statement = format!(
        "select relname::text from pg_stat_xact_user_tables
         where schemaname = 'customer_intelligence' and seq_scan > 0 and relname in ({BIG})"
    );
    let rows = sqlx::raw_sql(AssertSqlSafe(statement))
        .fetch_all(&mut **tx)
        .await
        .unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// So many of the ids that a statement gives, from all over the table.
async fn ids(db: &TestDb, statement: &str, some: usize) -> BTreeSet<Uuid> {
    let statement = format!("{statement} order by 1 desc limit {some}");
    let rows = sqlx::raw_sql(AssertSqlSafe(statement))
        .fetch_all(&db.superuser())
        .await
        .unwrap();
    assert_eq!(rows.len(), some);
    rows.iter().map(|row| row.get(0)).collect()
}

/// 50,000 rows in every big table, and nobody to analyse them.
async fn fill(db: &TestDb) {
    let hex = |bytes: Vec<u8>| {
        bytes
            .iter()
            .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
    };
    let dossier = hex(Dossier::default().encode().unwrap());
    let body = RowBody {
        source_id: Uuid::nil(),
        rank: 0,
        fields: Vec::new(),
    };
    let row = hex(postcard::to_extend(&body, vec![1]).unwrap());
    let (payment, passenger) = (SourceKind::Payment.code(), SourceKind::Passenger.code());
    let id = |what: &str| format!("md5('{what}' || i)::uuid");
    let (thing, person, other) = (id("thing"), id("person"), id("other"));
    let from = "from generate_series(1, 50000) as i";
    let statement = format!(
        "set search_path = customer_intelligence;
         alter table dossier set (autovacuum_enabled = false);
         alter table link set (autovacuum_enabled = false);
         alter table activity_log set (autovacuum_enabled = false);
         alter table customer set (autovacuum_enabled = false);
         alter table customer_insight set (autovacuum_enabled = false);
         alter table inbox set (autovacuum_enabled = false);
         insert into tenant (tenant_id) values ('{TENANT}');
         insert into dossier select '{TENANT}', {payment}, {thing}, false, now(), '\\x{dossier}' {from};
         insert into link select '{TENANT}', {payment}, {thing}, {passenger}, {other} {from};
         insert into activity_log select '{TENANT}', {person}, {other}, now(), '\\x{nil}', {payment},
           1, 0, now(), now(), '\\x{row}' {from};
         insert into customer select '{TENANT}', {person}, null, {person} {from};
         insert into customer_insight (tenant_id, person_profile_id, revision, computed_at,
           lifetime_revenue, outstanding, total_bookings, cancelled_bookings, open_reservations,
           trips_taken, upcoming_trips, no_show_count, is_minor, body)
           select '{TENANT}', {person}, 1, now(), 0, 0, 0, 0, 0, 0, 0, 0, false, '\\x00' {from};
         insert into inbox (tenant_id, id, channel, payload)
           select '{TENANT}', {thing}, i % 2, '\\x00' {from};",
        nil = "00".repeat(16),
    );
    sqlx::raw_sql(AssertSqlSafe(statement))
        .execute(&db.superuser())
        .await
        .unwrap();
}
