//! Scores that are written down: what a read would say, of nobody who may not be judged, whatever goes on meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use customer_intelligence::db::{Pool, Tx};
use customer_intelligence::derivations::scoring::Scorer;
use customer_intelligence::derivations::training::{self, TRAINERS};
use customer_intelligence::domain::metric::{Language, Metric, MetricValue};
use customer_intelligence::domain::model::churn::Artefact;
use customer_intelligence::domain::model::clusters::model::{Clusters, Customer, Rfm};
use customer_intelligence::domain::model::history::{Booking, DAY, History, minutes};
use customer_intelligence::domain::model::registry::{Kind, Verdict};
use customer_intelligence::domain::model::train::{Settings, train};
use customer_intelligence::domain::moment::Moment;
use customer_intelligence::insight::{ExplainRequest, Reader};
use customer_intelligence::models::{self, Candidate, Cause, Crowning, RolledBack, form};
use customer_intelligence::privacy::export::{Answer, Category, Request, export};
use customer_intelligence::workers::rebuild::{self, Options};
use customer_intelligence::workers::{Context, erase, ingest, scores};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::rig::{Rig, TENANT, backoffice, profile};
use crate::property::crowd;

const REBUILD: Options = Options {
    tenant: None,
    workers: 1,
    page: 7,
    max_rate: None,
    restart: false,
};

/// What is compared of a row.
#[derive(Debug, Clone, PartialEq)]
struct Row {
    churn_risk: Option<f64>,
    churn_band: Option<i16>,
    next_booking_expected_at: Option<DateTime<Utc>>,
    predicted_bookings: Option<f64>,
    predicted_value_12_months: Option<i64>,
    predicted_value_36_months: Option<i64>,
    engagement_score: Option<f64>,
    engagement_coverage: Option<f64>,
    cluster_id: Option<i32>,
    cluster_clarity: Option<f64>,
    nps_score: Option<i16>,
    rating: Option<i16>,
    churn_version: Option<i32>,
    clusters_version: Option<i32>,
    habits_version: Option<i32>,
}

async fn written(pool: &Pool) -> BTreeMap<Uuid, Row> {
    let rows = sqlx::query!(
        "select person_profile_id, churn_risk, churn_band, next_booking_expected_at, predicted_bookings,
           predicted_value_12_months, predicted_value_36_months, engagement_score, engagement_coverage, cluster_id,
           cluster_clarity, nps_score, rating, churn_version, clusters_version, habits_version
         from customer_score where tenant_id = $1",
        TENANT,
    );
    let rows = rows.fetch_all(pool).await.unwrap().into_iter();
    rows.map(|row| {
        let said = Row {
            churn_risk: row.churn_risk,
            churn_band: row.churn_band,
            next_booking_expected_at: row.next_booking_expected_at,
            predicted_bookings: row.predicted_bookings,
            predicted_value_12_months: row.predicted_value_12_months,
            predicted_value_36_months: row.predicted_value_36_months,
            engagement_score: row.engagement_score,
            engagement_coverage: row.engagement_coverage,
            cluster_id: row.cluster_id,
            cluster_clarity: row.cluster_clarity,
            nps_score: row.nps_score,
            rating: row.rating,
            churn_version: row.churn_version,
            clusters_version: row.clusters_version,
            habits_version: row.habits_version,
        };
        (row.person_profile_id, said)
    })
    .collect()
}

/// What reading each customer says now.
async fn read(context: &Context) -> BTreeMap<Uuid, Row> {
    let reader = Reader::new(context.pool.clone(), context.clock.clone(), 3);
    let ids = sqlx::query_scalar!(
        "select person_profile_id from customer where tenant_id = $1 and root = person_profile_id",
        TENANT,
    );
    let ids = ids.fetch_all(&context.pool).await.unwrap();
    let insights = reader.insights(TENANT, &ids).await.unwrap();
    let learned = reader.learned(TENANT, &[Moment::NOW]).await.unwrap();
    let learned = &learned[&Moment::NOW];
    let voices = learned.voices();
    let mut expected = BTreeMap::new();
    for (person, found) in insights {
        let found = found.unwrap();
        let Some(history) = &found.insight.history else {
            continue;
        };
        let said = voices.of(history, found.at());
        let forecast = said.forecast.clone();
        let churn = forecast.as_ref().and_then(|scores| scores.churn.clone());
        let value = forecast.as_ref().and_then(|scores| scores.value);
        let row = Row {
            churn_risk: churn.as_ref().map(|one| one.risk),
            churn_band: churn.map(|one| i16::from(one.band.code())),
            next_booking_expected_at: forecast.and_then(|scores| scores.next).map(|one| one.at),
            predicted_bookings: value.map(|one| one.bookings_12_months),
            predicted_value_12_months: value.map(|one| one.cents_12_months),
            predicted_value_36_months: value.map(|one| one.cents_36_months),
            engagement_score: said.engagement.as_ref().map(|one| one.score),
            engagement_coverage: said.engagement.as_ref().map(|one| one.coverage),
            cluster_id: said.group.map(|one| i32::try_from(one.group.id).unwrap()),
            cluster_clarity: said.group.map(|one| one.clarity),
            nps_score: said.nps.map(i16::from),
            rating: said.rating.map(i16::from),
            churn_version: learned.churn.as_ref().map(|one| one.version),
            clusters_version: learned.clusters.as_ref().map(|one| one.version),
            habits_version: learned.habits_version,
        };
        expected.insert(person, row);
    }
    expected
}

async fn assert_as_read(context: &Context) -> BTreeMap<Uuid, Row> {
    let (written, read) = (written(&context.pool).await, read(context).await);
    for (person, row) in &read {
        assert_eq!(written.get(person), Some(row), "{person}");
    }
    assert_eq!(
        written.len(),
        read.len(),
        "rows of somebody who is not judged"
    );
    written
}

/// Somebody who booked so often, so many days apart.
fn guest(until: DateTime<Utc>, n: i64) -> History {
    let (times, gap) = [(1, 0), (2, 300), (6, 180), (4, 365)][usize::try_from(n % 4).unwrap()];
    let last = minutes(until) - (30 + (n * 37) % 900) * DAY;
    let mut history = History::default();
    history.bookings = (0..times)
        .rev()
        .map(|back| Booking {
            booked: last - back * gap * DAY,
            cancelled: None,
            no_show: false,
            value: Some(20_000 + (n % 50) * 1_000),
            tour: None,
            end: None,
            party: Some(2),
            sales_channel: None,
            extras: Vec::new(),
        })
        .collect();
    history
}

fn churn(until: DateTime<Utc>, horizon_days: f64) -> Artefact {
    let histories: Vec<History> = (0..300).map(|n| guest(until, n)).collect();
    let settings = Settings {
        horizon_days,
        ..Settings::default()
    };
    let (artefact, report) = train(&histories, until, settings, None);
    artefact.unwrap_or_else(|| panic!("{}", report.reason))
}

fn clusters(until: DateTime<Utc>) -> Clusters {
    let histories: Vec<History> = (0..300).map(|n| guest(until, n)).collect();
    let customers: Vec<Customer<'_>> = histories
        .iter()
        .map(|history| Customer {
            rfm: Rfm::of(history, minutes(until)).unwrap(),
            region: None,
        })
        .collect();
    Clusters::train(&customers, None, 42, minutes(until))
        .unwrap()
        .0
}

/// Lets a model speak from now on.
async fn crown(context: &Context, kind: Kind, artefact: Vec<u8>) -> i32 {
    let now = context.clock.now();
    let mut matrix_hash = [0; 32];
    matrix_hash[..16].copy_from_slice(context.clock.uuid_v7().as_bytes());
    let candidate = Candidate {
        kind,
        algorithm: "a test's".to_owned(),
        settings: json!({}),
        seed: 0,
        window_from: None,
        window_until: now,
        high_water: None,
        persons: 300,
        matrix_hash,
        report: json!({}),
        artefact: Some(artefact),
        verdict: Verdict::Promoted,
        reason: "a test".to_owned(),
        took_ms: 1,
    };
    let mut tx = Tx::begin(&context.pool).await.unwrap();
    let kept = models::keep(&mut tx, TENANT, &candidate, now)
        .await
        .unwrap();
    let crowning = Crowning {
        version: Some(kept.version),
        cause: Cause::Won,
        reason: "a test",
        actor: "a test",
    };
    models::crown(&mut tx, TENANT, kind, &crowning, now)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    kept.version
}

async fn learn(context: &Context) {
    let now = context.clock.now();
    crown(context, Kind::Churn, form::encode(&churn(now, 456.0))).await;
    crown(context, Kind::Clusters, form::encode(&clusters(now))).await;
    let material = training::gather(&context.pool, TENANT, now).await.unwrap();
    let (kind, trainer) = TRAINERS
        .iter()
        .find(|(kind, _)| *kind == Kind::Habits)
        .unwrap();
    let trained = trainer(&material, None);
    let at = (Duration::from_millis(1), now);
    training::keep(
        &context.pool,
        TENANT,
        *kind,
        (&material, trained),
        at,
        "a test",
    )
    .await
    .unwrap();
}

async fn round(context: &Context, scorer: &Scorer) {
    scores::round(context, scorer, true).await.unwrap();
}

#[tokio::test]
async fn what_is_written_down_is_what_a_read_says_and_events_are_followed_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::new(folder.path()).await;
    let context = &rig.context;
    let scorer = scores::scorer(context);
    let crowd = crowd::shuffled(TENANT, 0..60, 30, true);
    let (half, rest) = crowd.bodies.split_at(crowd.bodies.len() / 2);
    rig.tell(half).await;
    // Before anything was learned only what needs no learning is said.
    round(context, &scorer).await;
    let rows = assert_as_read(context).await;
    assert!(
        rows.values()
            .all(|row| row.churn_version.is_none() && row.cluster_id.is_none())
    );

    learn(context).await;
    round(context, &scorer).await;
    let rows = assert_as_read(context).await;
    let known = |of: fn(&Row) -> bool| rows.values().filter(|row| of(row)).count();
    assert!(known(|row| row.churn_risk.is_some()) > 10, "{rows:#?}");
    assert!(known(|row| row.predicted_value_12_months.is_some()) > 5);
    assert!(known(|row| row.cluster_id.is_some()) > 5);
    assert!(known(|row| row.engagement_score.is_some()) > 10);

    assert_explained(context, &rows).await;
    assert_exported(&rig, &rows).await;

    // What was heard of since is scored without everybody being looked at.
    rig.tell(rest).await;
    scores::round(context, &scorer, false).await.unwrap();
    assert_as_read(context).await;
    let due = sqlx::query_scalar!(r#"select count(*) as "n!" from score_due"#);
    assert_eq!(due.fetch_one(&context.pool).await.unwrap(), 0);

    // A day later silence has grown.
    context.clock.advance(TimeDelta::days(40));
    round(context, &scorer).await;
    assert_as_read(context).await;
}

/// Whoever asks for their data gets what is written down of them.
async fn assert_exported(rig: &Rig, rows: &BTreeMap<Uuid, Row>) {
    let (person, row) = rows
        .iter()
        .find(|(_, row)| row.churn_risk.is_some())
        .unwrap();
    let request = Request {
        tenant_id: TENANT,
        person: *person,
        categories: [Category::Metrics, Category::Storage].into(),
        language: None,
        quarantine_days: 3,
    };
    let (pool, pepper) = (rig.db.pool(), &rig.context.pepper);
    let Answer::Found(document) = export(pool, pepper, &request, rig.context.clock.now())
        .await
        .unwrap()
    else {
        panic!("nothing is held about {person}");
    };
    let cell = |table: &str, line: &str| {
        let table = document
            .tables
            .iter()
            .find(|one| one.name == table)
            .unwrap();
        let found = table.rows.iter().find(|row| row[0] == line);
        found.unwrap_or_else(|| panic!("no {line}")).clone()
    };
    assert_eq!(cell("metrics", "churn_risk")[2].as_f64(), row.churn_risk);
    assert_eq!(cell("storage", "customer_score")[1], 1);
}

/// Every value is explained as it is read, by rows and sentences, with the version that said it.
async fn assert_explained(context: &Context, rows: &BTreeMap<Uuid, Row>) {
    let reader = Reader::new(context.pool.clone(), context.clock.clone(), 3);
    let mut told: BTreeMap<Metric, usize> = BTreeMap::new();
    for (person, row) in rows {
        let requests = Metric::JUDGED.map(|metric| ExplainRequest {
            person: *person,
            moment: Moment::NOW,
            metric,
        });
        let found = reader.explanations(TENANT, &requests).await.unwrap();
        assert_eq!(found.len(), requests.len());
        for (request, one) in found {
            let number = match request.metric {
                Metric::ChurnRisk => Some(row.churn_risk),
                Metric::Score => Some(row.engagement_score),
                Metric::Coverage => Some(row.engagement_coverage),
                _ => None,
            };
            if let Some(number) = number {
                let expected = number.map_or(MetricValue::Nothing, MetricValue::Number);
                assert_eq!(one.value, expected, "{person} {:?}", request.metric);
            }
            if one.value == MetricValue::Nothing {
                assert!(one.activities.is_empty());
                continue;
            }
            *told.entry(request.metric).or_default() += 1;
            assert_eq!(one.judgement.version, Some(1), "{:?}", request.metric);
            let sentences = one.judgement.told(Language::English).len();
            assert_eq!(sentences, one.judgement.told(Language::German).len());
            if matches!(
                request.metric,
                Metric::ChurnRisk | Metric::Score | Metric::Cluster
            ) {
                assert!(sentences > 0, "{person} {:?}", request.metric);
                assert!(one.inputs > 0 && !one.sources.is_empty());
            }
        }
    }
    for metric in [
        Metric::ChurnRisk,
        Metric::Score,
        Metric::PredictedValue,
        Metric::Cluster,
    ] {
        assert!(told.contains_key(&metric), "{metric:?} of nobody: {told:?}");
    }
}

#[tokio::test]
async fn a_step_back_or_another_model_is_followed_by_everybody() {
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::new(folder.path()).await;
    let context = &rig.context;
    let scorer = scores::scorer(context);
    rig.tell(&crowd::plainly(TENANT, 0..30).bodies).await;
    learn(context).await;
    round(context, &scorer).await;
    let first = assert_as_read(context).await;
    context.clock.advance(TimeDelta::seconds(1));
    crown(
        context,
        Kind::Churn,
        form::encode(&churn(context.clock.now(), 365.0)),
    )
    .await;
    round(context, &scorer).await;
    let second = assert_as_read(context).await;
    assert_ne!(first, second);
    assert!(second.values().all(|row| row.churn_version == Some(2)));
    context.clock.advance(TimeDelta::seconds(1));
    let mut tx = Tx::begin(&context.pool).await.unwrap();
    let now = context.clock.now();
    let back = models::roll_back(&mut tx, TENANT, Kind::Churn, "worse", "a test", now);
    assert_eq!(back.await.unwrap(), RolledBack::To(1));
    tx.commit().await.unwrap();
    round(context, &scorer).await;
    assert_eq!(assert_as_read(context).await, first);
}

fn objecting(person: Uuid, minute: u32, at: Option<&str>) -> Value {
    let mut row = profile(person, None, minute);
    row["profiling_objection_at"] = at.into();
    row
}

/// Whether anything about scores names the person.
async fn is_there(pool: &Pool, person: Uuid) -> bool {
    let found = sqlx::query_scalar!(
        r#"select exists (select from customer_score where tenant_id = $1 and person_profile_id = $2)
             or exists (select from score_due where tenant_id = $1 and person_profile_id = $2) as "found!""#,
        TENANT,
        person,
    );
    found.fetch_one(pool).await.unwrap()
}

#[tokio::test]
async fn an_objection_a_merge_and_an_erasure_take_the_row_with_them() {
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::new(folder.path()).await;
    let (context, pool) = (&rig.context, &rig.context.pool);
    let scorer = scores::scorer(context);
    let [objector, alias, survivor, gone] = [1, 2, 3, 4].map(|n| Uuid::from_u128(0xa0 + n));
    let told = |new: &Value| backoffice("person_profiles", &Value::Null, new);
    let all = [objector, alias, survivor, gone].map(|one| told(&profile(one, None, 1)));
    rig.tell(&all).await;
    round(context, &scorer).await;
    for person in [objector, alias, survivor, gone] {
        assert!(is_there(pool, person).await);
    }
    let no = objecting(objector, 2, Some("2027-02-01T00:02:00Z"));
    rig.tell(&[told(&no), told(&profile(alias, Some(survivor), 2))])
        .await;
    // In the transaction that heard of it: nobody scored since.
    assert!(!is_there(pool, objector).await);
    assert!(!is_there(pool, alias).await);
    assert!(is_there(pool, survivor).await);
    erase::run(context, &rig.office, &Rig::order(gone))
        .await
        .unwrap();
    assert!(!is_there(pool, gone).await);
    rig.assert_gone(gone).await;
    round(context, &scorer).await;
    let rows = assert_as_read(context).await;
    assert_eq!(rows.into_keys().collect::<Vec<_>>(), [survivor]);
    // Whoever lifts the objection is judged again.
    rig.tell(&[told(&objecting(objector, 3, None))]).await;
    scores::round(context, &scorer, false).await.unwrap();
    assert!(assert_as_read(context).await.contains_key(&objector));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_scorers_ingest_rebuilds_erasures_and_new_models_at_once_leave_no_wrong_row() {
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::new(folder.path()).await;
    let crowd = crowd::shuffled(TENANT, 100..150, 30, true);
    let (half, rest) = crowd.bodies.split_at(crowd.bodies.len() / 2);
    rig.tell(half).await;
    learn(&rig.context).await;
    // Learned beforehand: whoever calculates for long keeps transactions of the same task waiting.
    let now = rig.context.clock.now();
    let artefacts = [365.0, 456.0, 548.0].map(|horizon| form::encode(&churn(now, horizon)));

    let mut busy = JoinSet::new();
    for _ in 0..2 {
        let context = rig.context.clone();
        let wake = Arc::new(Notify::new());
        busy.spawn(async move { ingest::run(context, &wake, std::future::pending()).await });
        let context = rig.context.clone();
        busy.spawn(async move {
            let scorer = scores::scorer(&context);
            loop {
                // One that loses against an erasure is begun again.
                scores::round(&context, &scorer, true).await.ok();
                tokio::task::yield_now().await;
            }
        });
    }
    let folding = rig.context.folding();
    busy.spawn(async move {
        loop {
            rebuild::run(&folding, &REBUILD, |_, _| {}).await.ok();
        }
    });
    let erased: Vec<Uuid> = crowd.persons.iter().copied().step_by(5).take(12).collect();
    let speak = async {
        for artefact in artefacts {
            rig.context.clock.advance(TimeDelta::seconds(1));
            crown(&rig.context, Kind::Churn, artefact).await;
        }
    };
    let erase = async {
        for person in &erased {
            erase::run(&rig.context, &rig.office, &Rig::order(*person))
                .await
                .unwrap();
        }
    };
    tokio::join!(rig.bring(rest), speak, erase);
    busy.shutdown().await;
    rig.fold().await;
    let scorer = scores::scorer(&rig.context);
    round(&rig.context, &scorer).await;
    let rows = assert_as_read(&rig.context).await;
    assert!(rows.len() > 20);
    let all: BTreeSet<Uuid> = erased.into_iter().collect();
    assert!(rows.keys().all(|person| !all.contains(person)));
    let counts = rig.office.count(TENANT, &all).await.unwrap();
    assert!(counts.values().all(|rows| *rows == 0), "{counts:?}");
}
