//! What was learned about tours, channels and groups, trained from persons in the database and read over HTTP.

use std::time::Duration;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use customer_intelligence::derivations::training::{self, TRAINERS};
use customer_intelligence::domain::derive::derive;
use customer_intelligence::domain::fold::booking::BookingFact;
use customer_intelligence::domain::fold::fate::Fate;
use customer_intelligence::domain::fold::fold;
use customer_intelligence::domain::fold::journey::{Journey, Outcome};
use customer_intelligence::domain::fold::voice::Talk;
use customer_intelligence::domain::insight::Insight;
use customer_intelligence::domain::model::registry::{Kind, Verdict};
use customer_intelligence::domain::money::Currency;
use customer_intelligence::domain::reference::Reference;
use customer_intelligence::domain::source::{
    ContentHash, Field, Flags, SourceKey, SourceKind, Value, Version,
};
use customer_intelligence::resolve::dossier::Dossier;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::rig::{Rig, TENANT, ask, key, now, person};

const SEA: [u128; 4] = [1, 2, 3, 4];
const HILLS: [u128; 4] = [11, 12, 13, 14];

fn tour(number: u128) -> Uuid {
    Uuid::from_u128(0x70_0000 + number)
}

fn region(number: u128) -> &'static str {
    if number < 10 { "Nordsee" } else { "Tirol" }
}

fn today() -> NaiveDate {
    now().date_naive()
}

/// Somebody who travelled these tours so many days ago, each on a booking of their own.
pub(super) struct Guest<'t> {
    number: u128,
    trips: &'t [(u128, i64)],
    /// Messages that were read.
    whatsapp: u32,
    /// Messages that were not.
    email: u32,
    minor: bool,
    /// Hundredths of each booking.
    value: i128,
}

impl<'t> Guest<'t> {
    pub(super) fn of(number: u128, trips: &'t [(u128, i64)]) -> Self {
        Self {
            number,
            trips,
            whatsapp: 0,
            email: 0,
            minor: false,
            value: 49_900,
        }
    }

    pub(super) fn insight(&self) -> Insight {
        let mut state = fold(person(self.number), &[], &Reference::default());
        state.standing.minor = self.minor;
        for (place, (of, days)) in (0_u128..).zip(self.trips) {
            let start = today() - TimeDelta::days(*days);
            let id = Uuid::from_u128((self.number << 8) + place);
            let booked = Some(now() - TimeDelta::days(days + 90));
            state.journeys.push(journey(id, booked, start, *of));
            let mut booking = booked_as(id, booked, start, tour(*of));
            booking.value = self.value;
            state.bookings.push(booking);
        }
        let read = (0..self.whatsapp).map(|n| talk("WHATSAPP", n, true));
        let unread = (0..self.email).map(|n| talk("EMAIL", n, false));
        state.talk.extend(read.chain(unread));
        derive(&state, now())
    }
}

fn journey(id: Uuid, seen_at: Option<DateTime<Utc>>, start: NaiveDate, of: u128) -> Journey {
    Journey {
        departure: id,
        booking_id: id,
        seen_at,
        outcome: Outcome::Trip,
        offering_id: id,
        template_id: Some(tour(of)),
        tour_title: None,
        region: Some(region(of).to_owned()),
        start_date: Some(start),
        end_date: Some(start),
        seat_position: None,
        seat_label: None,
        place: None,
    }
}

fn talk(channel: &str, n: u32, read: bool) -> Talk {
    let at = now() - TimeDelta::days(10 + i64::from(n));
    Talk {
        at,
        inbound: false,
        delivered: true,
        failed: false,
        read: read.then(|| at + TimeDelta::minutes(5)),
        channel: Some(channel.to_owned()),
        account: None,
    }
}

/// Writes down what somebody said about a purpose; 0 is what everybody begins with, 2 a yes.
async fn said(rig: &Rig, number: u128, purpose: &str, act: i16) {
    sqlx::query!(
        "insert into consent (tenant_id, person_profile_id, purpose, channel, told_at, evidence, act, source, recorded_at)
         values ($1, $2, $3, 'ANY', $4, $5, $6, 1, $4)",
        TENANT,
        person(number),
        purpose,
        now(),
        &[0_u8; 16][..],
        act,
    )
    .execute(rig.db.pool())
    .await
    .unwrap();
}

fn booked_as(id: Uuid, booked: Option<DateTime<Utc>>, end: NaiveDate, of: Uuid) -> BookingFact {
    BookingFact {
        id,
        fate: Fate {
            confirmed: true,
            completed: true,
            failed_to_show: false,
            cancelled: false,
            ever_fully_paid: true,
            refunded_afterwards: false,
            pending: false,
        },
        cancellation: None,
        cancelled_at: None,
        template_id: Some(of),
        currency: Currency::default(),
        value: 49_900,
        paid: 49_900,
        outstanding: 0,
        booked,
        end_date: Some(end),
        lead_days: None,
        reseller: false,
        passenger_count: Some(2),
        sales_channel: None,
        ancillaries: Vec::new(),
        no_show: false,
    }
}

/// People of two tastes over three years.
fn population() -> Vec<Insight> {
    (0_u128..240)
        .map(|number| {
            let side = if number % 2 == 0 { SEA } else { HILLS };
            let from = usize::try_from(number / 8).unwrap();
            // Four kinds of guests by rhythm and revenue: usual ones, big spenders, sleepers, regulars.
            let kind = (number / 2) % 4;
            let days: &[i64] = match kind {
                2 => &[900, 500],
                3 => &[900, 880, 860, 840, 500, 480, 460, 100],
                _ => &[900, 500, 100],
            };
            let value = [49_900, 499_000, 19_900, 49_900][usize::try_from(kind).unwrap()];
            let trips: Vec<(u128, i64)> = days
                .iter()
                .copied()
                .enumerate()
                .map(|(step, days)| {
                    (
                        side[(from + step) % 4],
                        days + i64::try_from(number % 30).unwrap(),
                    )
                })
                .collect();
            let mut guest = Guest::of(1_000 + number, &trips);
            (guest.whatsapp, guest.email, guest.value) = (1, 1, value);
            guest.insight()
        })
        .collect()
}

/// One departure of every tour, in two months, each a row of the platform.
async fn publish(rig: &Rig, status: &str) {
    for number in SEA.into_iter().chain(HILLS) {
        let start = today().checked_add_days(Days::new(60)).unwrap();
        let mut fields = vec![
            (Field::Template, Value::Id(tour(number))),
            (Field::Title, Value::Text(format!("Tour {number}"))),
            (Field::Region, Value::Text(region(number).to_owned())),
            (Field::StartDate, Value::Day(start)),
            (Field::EndDate, Value::Day(start)),
            (Field::Status, Value::Text(status.to_owned())),
        ];
        fields.sort_by_key(|(field, _)| *field);
        let version = Version {
            source: SourceKey::new(
                SourceKind::TourOffering,
                Uuid::from_u128(0x0f_0000 + number),
            ),
            version_at: now(),
            occurred_at: now(),
            flags: Flags::default(),
            rank: 0,
            content_hash: ContentHash::new(&[1], Flags::default()),
            fields,
        };
        let mut dossier = Dossier::default();
        dossier.add(&version);
        sqlx::query!(
            "insert into dossier (tenant_id, kind, id, waiting, recorded_at, body)
             values ($1, $2, $3, false, $4, $5)
             on conflict (tenant_id, kind, id) do update set body = excluded.body",
            TENANT,
            version.source.kind.code(),
            version.source.id,
            now(),
            dossier.encode().unwrap(),
        )
        .execute(rig.db.pool())
        .await
        .unwrap();
    }
}

/// Trains everything from what is in the database.
pub(super) async fn train(rig: &Rig) -> Vec<(Kind, Verdict, String)> {
    let pool = rig.db.pool();
    let material = training::gather(pool, TENANT, now()).await.unwrap();
    let mut done = Vec::new();
    for (kind, trainer) in TRAINERS {
        let champion = training::champion(pool, TENANT, *kind, now())
            .await
            .unwrap();
        let trained = trainer(&material, champion.as_deref());
        assert_eq!(
            trained.artefact,
            trainer(&material, champion.as_deref()).artefact
        );
        let at = (Duration::from_millis(1), now());
        let kept = training::keep(pool, TENANT, *kind, (&material, trained), at, "a test");
        let kept = kept.await.unwrap();
        done.push((kept.kind, kept.verdict, kept.reason));
    }
    done
}

pub(super) async fn prepared(extra: &[Insight]) -> Rig {
    let rig = Rig::new().await;
    let mut all = population();
    all.extend_from_slice(extra);
    rig.put(TENANT, &all).await;
    publish(&rig, "SCHEDULED").await;
    let done = train(&rig).await;
    for wanted in [Kind::Tours, Kind::Clusters, Kind::Habits] {
        let (_, verdict, reason) = done.iter().find(|(kind, ..)| *kind == wanted).unwrap();
        assert_eq!(*verdict, Verdict::Promoted, "{wanted:?}: {reason}");
    }
    rig
}

pub(super) async fn insight(rig: &Rig, number: u128, selection: &str) -> Json {
    let query = format!(
        "{{ customer_insight(person_profile_id: {}) {{ {selection} }} }}",
        key(person(number))
    );
    rig.ask(&query).await.joined()["customer_insight"].take()
}

#[tokio::test]
async fn what_was_learned_is_shown_with_reasons() {
    let mut regular = Guest::of(1, &[(1, 300), (2, 650), (1, 680)]);
    (regular.whatsapp, regular.email) = (6, 8);
    let mut child = Guest::of(2, &[(1, 300)]);
    (child.whatsapp, child.minor) = (3, true);
    let rig = prepared(&[regular.insight(), child.insight()]).await;
    said(&rig, 1, "marketing", 0).await;
    let seen = insight(
        &rig,
        1,
        r#"recommendations(first: 3) { list tour_template_id title score reason_code model_version start_date
             reason(locale: "en") because { tour_template_id times adds } }
           channel_preference { channel learned_channel stated_channel confidence based_on reason(locale: "de")
             ranked { channel responded based_on reachable } model_version }
           engagement_score { score coverage weights_version parts(locale: "en") { part value weight reason } }
           cluster { cluster_id name_de name_en clarity customers }"#,
    )
    .await;
    let tours = seen["recommendations"].as_array().unwrap();
    let of =
        |list: &str| -> Vec<&Json> { tours.iter().filter(|one| one["list"] == list).collect() };
    let likes = of("YOU_MAY_LIKE");
    assert_eq!(likes.len(), 3, "{seen:#}");
    for one in &likes[..2] {
        let title = one["title"].as_str().unwrap();
        assert!(
            title == "Tour 3" || title == "Tour 4",
            "planted co-travel: {title}"
        );
        assert_eq!(one["reason_code"], "TRAVELLED_SIMILAR");
        let reason = one["reason"].as_str().unwrap();
        assert!(reason.contains("“Tour 1” twice"), "{reason}");
    }
    let again: Vec<&Json> = of("BOOK_AGAIN").iter().map(|one| &one["title"]).collect();
    assert_eq!(again, ["Tour 1", "Tour 2"]);
    let channel = &seen["channel_preference"];
    assert_eq!(channel["channel"], "WHATSAPP", "{channel:#}");
    assert_eq!(
        (&channel["stated_channel"], &channel["model_version"]),
        (&Json::Null, &json!(1))
    );
    assert!(channel["confidence"].as_f64().unwrap() > 0.7);
    let reason = channel["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("WhatsApp: 6 von 6 gelesen oder beantwortet"),
        "{reason}"
    );
    let score = &seen["engagement_score"];
    assert!(
        (1.0..=100.0).contains(&score["score"].as_f64().unwrap()),
        "{score:#}"
    );
    assert_eq!(score["parts"].as_array().unwrap().len(), 4);
    assert!(seen["cluster"]["cluster_id"].is_i64(), "{seen:#}");
    let minor = insight(
        &rig,
        2,
        "recommendations { title } channel_preference { channel } engagement_score { score } cluster { name }",
    )
    .await;
    assert_eq!(
        minor,
        json!({ "recommendations": [], "channel_preference": null, "engagement_score": null, "cluster": null })
    );
}

#[tokio::test]
async fn nothing_that_cannot_be_booked_is_offered() {
    let rig = prepared(&[Guest::of(1, &[(1, 300)]).insight()]).await;
    publish(&rig, "SOLD_OUT").await;
    rig.clock.advance(TimeDelta::seconds(60));
    let seen = insight(&rig, 1, "recommendations { title }").await;
    assert_eq!(seen["recommendations"], json!([]));
}

#[tokio::test]
async fn before_anything_was_learned_nothing_is_claimed() {
    let rig = Rig::new().await;
    let mut guest = Guest::of(1, &[(1, 300)]);
    guest.whatsapp = 4;
    rig.put(TENANT, &[guest.insight()]).await;
    said(&rig, 1, "marketing", 0).await;
    let query = "recommendations { title } rebooking_prompt { season } extra_offers { ancillary_type } cluster { name }
        channel_preference { channel model_version } engagement_score { score }";
    let seen = insight(&rig, 1, query).await;
    assert_eq!(seen["recommendations"], json!([]));
    assert_eq!(
        (&seen["rebooking_prompt"], &seen["cluster"]),
        (&Json::Null, &Json::Null)
    );
    assert_eq!(seen["channel_preference"]["model_version"], Json::Null);
    assert_eq!(
        seen["channel_preference"]["channel"], "WHATSAPP",
        "the person's own words suffice"
    );
    assert!(seen["engagement_score"]["score"].is_f64());
}

#[tokio::test]
async fn a_tour_knows_its_neighbours_and_its_audience() {
    let fan = Guest::of(1, &[(1, 300), (2, 650)]);
    let mut child = Guest::of(2, &[(1, 300), (2, 600)]);
    child.minor = true;
    let rig = prepared(&[fan.insight(), child.insight()]).await;
    let id = key(tour(3));
    let query = format!(
        "{{ also_booked(tour_template_id: {id}, first: 2) {{ title travellers based_on share share_at_least lift }}
           tour_audience(tour_template_id: {id}, first: 500) {{ person_profile_id score because_times }} }}"
    );
    let seen = rig.ask(&query).await.joined();
    let also = seen["also_booked"].as_array().unwrap();
    assert_eq!(also.len(), 2);
    for one in also {
        assert!(
            one["travellers"].as_i64().unwrap() >= 5 && one["lift"].as_f64().unwrap() > 1.0,
            "{one}"
        );
        assert!(one["share_at_least"].as_f64() < one["share"].as_f64());
    }
    let audience = seen["tour_audience"].as_array().unwrap();
    let ids: Vec<&str> = audience
        .iter()
        .map(|one| one["person_profile_id"].as_str().unwrap())
        .collect();
    assert!(ids.contains(&person(1).to_string().as_str()), "{seen:#}");
    assert!(
        !ids.contains(&person(2).to_string().as_str()),
        "minors are nobody's audience"
    );
    let scores: Vec<f64> = audience
        .iter()
        .map(|one| one["score"].as_f64().unwrap())
        .collect();
    assert!(scores.windows(2).all(|two| two[0] >= two[1]));
}

#[tokio::test]
async fn a_checkout_is_filled_in_only_for_those_who_allow_it() {
    let rig = Rig::new().await;
    let guests = [1, 2].map(|number| Guest::of(number, &[(1, 300), (2, 650)]).insight());
    rig.put(TENANT, &guests).await;
    said(&rig, 1, "personalisation", 2).await;
    said(&rig, 2, "personalisation", 0).await;
    let tenant = TENANT.to_string();
    let asked = |role: &'static str, number: u128| {
        let query = format!(
            "{{ checkout_prefill(person_profile_id: {}) {{ party_size extras {{ ancillary_type }} }} }}",
            key(person(number))
        );
        let headers = [
            ("x-hasura-role", role),
            ("x-hasura-tenant-id", tenant.as_str()),
        ];
        let router = rig.router.clone();
        async move {
            ask(&router, &headers, &json!({ "query": query }))
                .await
                .json()
        }
    };
    let filled = asked("service", 1).await;
    assert_eq!(
        filled["data"]["checkout_prefill"],
        json!({ "party_size": 2, "extras": [] }),
        "{filled}"
    );
    assert_eq!(
        asked("service", 2).await["data"]["checkout_prefill"],
        Json::Null
    );
    assert_eq!(
        asked("dispatcher", 1).await["data"]["checkout_prefill"],
        Json::Null
    );
}
