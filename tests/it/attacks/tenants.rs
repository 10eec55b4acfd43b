//! Random questions across tenants: whoever asks in whatever role for whatever ids, nothing of another tenant is answered.

use std::collections::BTreeSet;

use axum::Router;
use customer_intelligence::actions::receive::receive;
use customer_intelligence::domain::clock::Clock;
use customer_intelligence::graphql::caller::Role;
use customer_intelligence::inbox::{self, Channel, Letter, Writer};
use customer_intelligence::insight::Reader;
use customer_intelligence::projections::Settings;
use customer_intelligence::resolve::fence::Pepper;
use customer_intelligence::workers::{Context, ingest};
use futures::future::join_all;
use serde_json::{Value, json};
use sqlx::{PgConnection, Row};
use uuid::Uuid;

use super::cases;
use crate::graphql::rig::{ask, router_over};
use crate::property::crowd;
use crate::property::dice::Dice;
use crate::support::TestDb;

const TENANTS: u64 = 3;
const HISTORIES: u64 = 10;

/// Some tenants with customers of their own, all in one database.
pub(super) struct World {
    pub(super) db: TestDb,
    pub(super) clock: Clock,
    all: Vec<Tenant>,
}

/// One tenant, and what tells its rows from others'.
struct Tenant {
    id: Uuid,
    persons: Vec<Uuid>,
    /// Every id that was delivered, and the titles of tours and places.
    marks: BTreeSet<String>,
    letter: Uuid,
}

/// What the tenant's tours and places are called.
fn title(number: u64) -> String {
    format!("only for tenant {number}")
}

/// Renames tours and places.
fn named(body: &str, number: u64) -> String {
    fn walk(value: &mut Value, number: u64) {
        match value {
            Value::Object(map) => {
                for (name, value) in map {
                    if matches!(name.as_str(), "title" | "label") && value.is_string() {
                        *value = json!(title(number));
                    }
                    walk(value, number);
                }
            }
            Value::Array(all) => all.iter_mut().for_each(|one| walk(one, number)),
            _ => {}
        }
    }
    let mut body = serde_json::from_str(body).unwrap();
    walk(&mut body, number);
    body.to_string()
}

/// Everything in a text that is written as a uuid.
fn ids(text: &str) -> impl Iterator<Item = &str> {
    text.split('"')
        .filter(|word| word.len() == 36 && word.parse::<Uuid>().is_ok())
}

impl World {
    pub(super) async fn new() -> Self {
        let db = TestDb::new().await;
        let clock = Clock::manual("2027-03-01T12:00:00Z".parse().unwrap());
        let context = Context {
            pool: db.pool().clone(),
            clock: clock.clone(),
            pepper: Pepper::new(b"pepper"),
            settings: Settings::default(),
        };
        let mut all = Vec::new();
        let writer = Writer::new(db.pool().clone(), clock.clone(), inbox::Limits::default());
        let bring = async {
            for number in 0..TENANTS {
                let id = Uuid::from_u128(0x7e_0000 + u128::from(number));
                let seeds = number * HISTORIES..(number + 1) * HISTORIES;
                let crowd = crowd::plainly(id, seeds);
                let bodies: Vec<String> = crowd
                    .bodies
                    .iter()
                    .map(|body| named(body, number))
                    .collect();
                for some in bodies.chunks(100) {
                    let each = some
                        .iter()
                        .map(|body| receive(&writer, &clock, body.as_bytes(), Channel::Live));
                    for received in join_all(each).await {
                        received.expect("it is kept");
                    }
                }
                let letter = Uuid::from_u128(0x1e_0000 + u128::from(number));
                writer.bury(letter_of(id, letter, &clock)).await.unwrap();
                let mut marks: BTreeSet<String> = bodies
                    .iter()
                    .flat_map(|body| ids(body).map(str::to_owned).collect::<Vec<_>>())
                    .collect();
                marks.extend([title(number), id.to_string(), letter.to_string()]);
                all.push(Tenant {
                    id,
                    persons: crowd.persons,
                    marks,
                    letter,
                });
            }
            writer.close();
        };
        tokio::join!(writer.run(), bring);
        let mut sizes = std::collections::BTreeMap::new();
        while ingest::round(&context, &mut sizes).await.expect("a round") {}
        Self { db, clock, all }
    }

    pub(super) fn tenants(&self) -> Vec<Uuid> {
        self.all.iter().map(|tenant| tenant.id).collect()
    }

    /// Marks of other tenants that this one does not share.
    fn foreign(&self, tenant: Option<Uuid>) -> BTreeSet<&str> {
        let own = self.all.iter().find(|one| Some(one.id) == tenant);
        let others = self.all.iter().filter(|one| Some(one.id) != tenant);
        others
            .flat_map(|other| &other.marks)
            .filter(|mark| own.is_none_or(|own| !own.marks.contains(*mark)))
            .map(String::as_str)
            .collect()
    }

    async fn letters(&self) -> i64 {
        let count = sqlx::raw_sql("select count(*) from dead_letter");
        count.fetch_one(self.db.pool()).await.unwrap().get(0)
    }
}

fn letter_of(tenant_id: Uuid, id: Uuid, clock: &Clock) -> Letter {
    Letter {
        tenant_id,
        id,
        event_id: None,
        table: None,
        trigger: None,
        reason: "not_json".to_owned(),
        detail: "what is wrong".to_owned(),
        envelope: None,
        received_at: clock.now(),
    }
}

/// Everything that is shown of a person and leads to other tables.
const WHOLE: &str = "{ status person_profile_id is_minor consents { purpose state }
    behavior_aggregate { lifetime_revenue total_bookings next_departure { tour_title }
      preferred_boarding_point { id label } favourite_tours { tour_template_id title } }
    explain(metric: \"total_bookings\") { value activity_ids }
    activities(first: 20) { nodes { booking_id tour_offering_id boarding_point_id tour_title boarding_point_label
      kind late_note } page_info { end_cursor } } }";
const PLAIN: &str = "{ status person_profile_id behavior_aggregate { lifetime_revenue } }";

/// One question; `ids` are of any tenant.
fn question(world: &World, dice: &mut Dice, cursors: &[String]) -> String {
    let anybody = |dice: &mut Dice| {
        let tenant = &world.all[dice.below(world.all.len())];
        dice.pick(&tenant.persons)
    };
    let selection = if dice.chance(30) { WHOLE } else { PLAIN };
    let after = match cursors {
        [] => String::new(),
        some => format!(", after: {}", json!(some[dice.below(some.len())])),
    };
    match dice.below(9) {
        0..=3 => {
            let aliases = (0..=dice.below(4)).map(|number| {
                let person = anybody(dice);
                format!("f{number}: customer_insight(person_profile_id: \"{person}\") {selection} ")
            });
            format!("{{ {} }}", aliases.collect::<String>())
        }
        4 => {
            let persons: Vec<Uuid> = (0..5).map(|_| anybody(dice)).collect();
            format!(
                "{{ customer_insights_by_ids(person_profile_ids: {}) {selection} }}",
                json!(persons)
            )
        }
        5 => format!(
            "{{ customer_insight(person_profile_id: \"{}\", as_of: \"2026-06-01T00:00:00Z\", known_at: \
             \"2026-12-01T00:00:00Z\") {selection} }}",
            anybody(dice)
        ),
        6 => format!(
            "{{ customer_insights(first: 30, where: {{ total_bookings: {{ _gte: {} }} }}{after}) {{ nodes {PLAIN} \
             page_info {{ end_cursor }} }} }}",
            dice.below(3)
        ),
        7 => format!(
            "{{ customer_insight(person_profile_id: \"{}\") {{ person_profile_id activities(first: 3{after}) {{ \
             nodes {{ booking_id tour_title }} page_info {{ end_cursor }} }} }} }}",
            anybody(dice)
        ),
        _ => {
            let letter = world.all[dice.below(world.all.len())].letter;
            match dice.below(4) {
                0 => format!("{{ dead_letter(id: \"{letter}\") {{ id tenant_id reason }} }}"),
                1 => "{ dead_letters(first: 100) { nodes { id tenant_id } } }".to_owned(),
                2 => format!(
                    "mutation {{ redrive_dead_letter(input: {{ id: \"{letter}\" }}) {{ status }} }}"
                ),
                // A letter of the last tenant, as which nobody of this test asks.
                _ => format!(
                    "mutation {{ drop_dead_letter(input: {{ id: \"{}\" }}) {{ status }} }}",
                    world.all[world.all.len() - 1].letter
                ),
            }
        }
    }
}

fn cursors_of(answer: &Value, found: &mut Vec<String>) {
    match answer {
        Value::Object(map) => {
            for (name, value) in map {
                found.extend(
                    value
                        .as_str()
                        .filter(|_| name == "end_cursor")
                        .map(str::to_owned),
                );
                cursors_of(value, found);
            }
        }
        Value::Array(all) => all.iter().for_each(|one| cursors_of(one, found)),
        _ => {}
    }
}

/// Asks as somebody of a tenant; returns how many persons and letters were shown.
async fn ask_around(world: &World, router: &Router, seed: u64, cases: u64) -> usize {
    let mut dice = Dice::new(seed);
    let (mut cursors, mut shown) = (Vec::new(), 0);
    for case in 0..cases {
        // The last tenant never asks, so that its letter has to be there in the end.
        let asking = &world.all[..world.all.len() - 1];
        let tenant = &asking[dice.below(asking.len())];
        let own = dice.pick(&tenant.persons).to_string();
        let tenant = (!dice.chance(5)).then_some(tenant.id);
        // Without a tenant operators of the service see letters of all, so they do not ask here.
        let role = match (dice.pick(&Role::ALL), tenant) {
            (Role::Admin | Role::BusflowStaff, None) => Role::Manager,
            (role, _) => role,
        };
        let said = tenant.map_or_else(|| "no uuid".to_owned(), |tenant| tenant.to_string());
        let headers = [
            ("x-hasura-role", role.name()),
            ("x-hasura-tenant-id", said.as_str()),
            ("x-hasura-person-profile-id", own.as_str()),
        ];
        let query = question(world, &mut dice, &cursors);
        let reply = ask(router, &headers, &json!({ "query": query })).await;
        let told = format!(
            "case {case} of seed {seed}, {role:?} of {tenant:?}: {query}\n{}",
            reply.text
        );
        assert!(reply.status.is_success(), "{told}");
        for word in ids(&reply.text).chain(
            reply
                .text
                .split('"')
                .filter(|word| word.starts_with("only for")),
        ) {
            assert!(!world.foreign(tenant).contains(word), "{word} in {told}");
            shown += 1;
        }
        let answer = reply.json();
        assert!(
            answer["data"]["drop_dead_letter"]["status"] != "DROPPED",
            "{told}"
        );
        if cursors.len() < 200 {
            cursors_of(&answer, &mut cursors);
        }
    }
    shown
}

async fn nothing_foreign(fenced: bool, seed: u64) {
    let world = World::new().await;
    let router = if fenced {
        router_over(world.db.reads(), &world.db, world.clock.clone())
    } else {
        router_over(world.db.pool().clone(), &world.db, world.clock.clone())
    };
    let letters = world.letters().await;
    let shown = ask_around(&world, &router, seed, cases()).await;
    assert!(shown > 1_000, "only {shown} values were shown at all");
    assert_eq!(world.letters().await, letters);
}

#[tokio::test]
async fn random_questions_are_answered_with_nothing_of_another_tenant_behind_both_fences() {
    nothing_foreign(true, 1).await;
}

#[tokio::test]
async fn random_questions_are_answered_with_nothing_of_another_tenant_without_row_level_security() {
    nothing_foreign(false, 2).await;
}

/// The statements ask for one tenant, the connection was told another: as if a condition had been forgotten.
#[tokio::test]
async fn every_read_gives_nothing_when_the_second_fence_alone_stands() {
    let world = World::new().await;
    let [own, foreign] = [world.all[0].id, world.all[1].id];
    for told in [foreign, own] {
        let reads = world.db.reads();
        // Everything that is read goes over this one connection, which believes to be of another tenant.
        let router = router_over(reads.clone(), &world.db, world.clock.clone());
        let mut dice = Dice::new(3);
        let mut shown = 0;
        for _ in 0..200 {
            let mut reading = reads.of(foreign).await.unwrap();
            tell(&mut reading, told).await;
            reading.done();
            let query = question(&world, &mut dice, &[]);
            if query.contains("letter") {
                continue;
            }
            let tenant = foreign.to_string();
            let headers = [
                ("x-hasura-role", "manager"),
                ("x-hasura-tenant-id", tenant.as_str()),
            ];
            let reply = ask(&router, &headers, &json!({ "query": query })).await;
            shown += ids(&reply.text).count();
        }
        assert_eq!(shown > 100, told == foreign, "{shown} ids were shown");
        assert!(told == foreign || shown == 0, "{shown} ids were shown");
    }
}

/// Says to a connection whose rows it may see.
async fn tell(connection: &mut PgConnection, tenant: Uuid) {
    sqlx::query!(
        "select set_config('ci.tenant_id', $1, false)",
        tenant.to_string()
    )
    .fetch_one(connection)
    .await
    .unwrap();
}

/// The same below GraphQL.
#[tokio::test]
async fn a_reader_that_is_asked_about_another_tenant_on_a_told_connection_finds_nobody() {
    let world = World::new().await;
    let [own, foreign] = [&world.all[0], &world.all[1]];
    let reads = world.db.reads();
    let mut reading = reads.of(foreign.id).await.unwrap();
    tell(&mut reading, own.id).await;
    reading.done();
    let reader = Reader::new(reads, world.clock.clone(), 3);
    let found = reader.insights(foreign.id, &foreign.persons).await.unwrap();
    assert!(found.is_empty(), "{}", found.len());
    let found = reader.insights(own.id, &foreign.persons).await.unwrap();
    assert!(found.is_empty(), "{}", found.len());
}
