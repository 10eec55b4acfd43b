//! An export is complete, about one person alone, and says when there is nothing to export.

use std::collections::BTreeSet;

use customer_intelligence::domain::metric::{Language, Metric};
use customer_intelligence::privacy::export::{
    Answer, Category, Document, HOLDINGS, Request, csv, export,
};
use customer_intelligence::privacy::ledger::{self, Export};
use serde_json::Value;
use uuid::Uuid;

use super::{Rig, TENANT};
use crate::property::crowd;

fn request(person: Uuid) -> Request {
    Request {
        tenant_id: TENANT,
        person,
        categories: Category::ALL.into(),
        language: None,
        quarantine_days: 3,
    }
}

async fn answer(rig: &Rig, request: &Request) -> Answer {
    let (pool, pepper) = (rig.db.pool(), &rig.context.pepper);
    let answer = export(pool, pepper, request, rig.context.clock.now()).await;
    answer.expect("an answer")
}

async fn found(rig: &Rig, request: &Request) -> Document {
    match answer(rig, request).await {
        Answer::Found(document) => *document,
        other => panic!("{other:?}"),
    }
}

/// The uuids in these columns of the crowd's deliveries.
fn named(bodies: &[String], columns: &[&str]) -> BTreeSet<Uuid> {
    fn walk(value: &Value, columns: &[&str], found: &mut BTreeSet<Uuid>) {
        match value {
            Value::Object(map) => {
                for (name, value) in map {
                    let id: Option<Uuid> = value.as_str().and_then(|text| text.parse().ok());
                    found.extend(id.filter(|_| columns.contains(&name.as_str())));
                    walk(value, columns, found);
                }
            }
            Value::Array(all) => all.iter().for_each(|one| walk(one, columns, found)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    for body in bodies {
        walk(&serde_json::from_str(body).unwrap(), columns, &mut found);
    }
    found
}

#[tokio::test]
async fn everything_of_the_person_is_in_it_and_nothing_of_anybody_else() {
    let crowd = crowd::shuffled(TENANT, 0..8, 30, false);
    let rig = Rig::new().await;
    rig.tell(&crowd.bodies, 100).await;
    let columns = [
        "person_profile_id",
        "booker_profile_id",
        "merged_into_id",
        "passenger_profile_id",
    ];
    let mut everybody = named(&crowd.bodies, &columns);
    everybody.extend(&crowd.persons);
    assert!(everybody.len() > 15);
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for person in rig.customers().await {
        let document = found(&rig, &request(person)).await;
        let text = serde_json::to_string(&document).unwrap();
        let own: BTreeSet<Uuid> = document
            .merged
            .iter()
            .copied()
            .chain([document.person])
            .collect();
        assert!(own.contains(&person));
        for other in everybody.difference(&own) {
            assert!(!text.contains(&other.to_string()), "{other} in {person}'s");
        }
        seen.extend(complete(&rig, &document, &own).await);
    }
    for table in [
        "activity_log",
        "consent",
        "customer",
        "customer_insight",
        "dossier",
        "link",
    ] {
        assert!(seen.contains(table), "nobody has rows in {table}");
    }
}

/// Every table in which rows of the person are found is told of with as many; returns those tables.
async fn complete(rig: &Rig, document: &Document, own: &BTreeSet<Uuid>) -> Vec<String> {
    let rows = |name: &str| {
        let of = document.tables.iter().find(|table| table.name == name);
        of.unwrap_or_else(|| panic!("no {name}")).rows.clone()
    };
    let ids: Vec<String> = own.iter().map(|id| format!("'{id}'")).collect();
    let tables = rig
        .lines(
            "select table_name::text from information_schema.columns
             where table_schema = 'customer_intelligence' and column_name = 'person_profile_id'",
        )
        .await;
    let mut told = Vec::new();
    for table in tables {
        let statement = format!(
            "select count(*)::text from {table} where person_profile_id in ({})",
            ids.join(",")
        );
        let counted: usize = rig.lines(&statement).await[0].parse().unwrap();
        let storage = rows("storage");
        let line = storage.iter().find(|line| line[0] == table.as_str());
        let line = line.unwrap_or_else(|| panic!("{table} is not in the export"));
        assert_eq!(line[1], counted, "{table}");
        match table.as_str() {
            "activity_log" => assert_eq!(rows("log").len(), counted),
            "consent" => assert_eq!(rows("consent_history").len(), counted),
            "customer" => assert_eq!(rows("customer").len(), counted),
            _ => {}
        }
    }
    for line in rows("storage") {
        if line[1].as_i64() > Some(0) {
            told.push(line[0].as_str().unwrap().to_owned());
            let exported_as = line[2].as_str().unwrap().to_owned();
            assert!(!rows(&exported_as).is_empty(), "{exported_as} is empty");
        }
    }
    let metrics: BTreeSet<String> = rows("metrics")
        .iter()
        .map(|row| row[0].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(metrics.len(), Metric::ALL.len());
    told
}

#[tokio::test]
async fn every_table_with_a_person_is_declared() {
    let rig = Rig::new().await;
    let with_a_person = rig
        .lines(
            "select distinct table_name::text from information_schema.columns
             where table_schema = 'customer_intelligence' and column_name = 'person_profile_id'",
        )
        .await;
    assert!(with_a_person.len() >= 5);
    for table in with_a_person {
        assert!(
            HOLDINGS.iter().any(|(name, ..)| *name == table),
            "{table} holds data of a person and is in no export: add it to HOLDINGS"
        );
    }
    for table in ledger::TABLES {
        if let Export::As(name) = table.export {
            let held = HOLDINGS.iter().find(|(held, ..)| *held == table.name);
            let (_, exported_as, _) =
                held.unwrap_or_else(|| panic!("{} is in no export", table.name));
            assert_eq!(*exported_as, name, "{}", table.name);
        }
    }
}

#[tokio::test]
async fn one_can_ask_for_a_part_of_it_in_a_language() {
    let crowd = crowd::plainly(TENANT, 0..2);
    let rig = Rig::new().await;
    rig.tell(&crowd.bodies, 100).await;
    let person = rig.customers().await[0];
    for (language, code) in [(Language::German, "de"), (Language::English, "en")] {
        let part = Request {
            categories: [Category::Metrics, Category::Consents].into(),
            language: Some(language),
            ..request(person)
        };
        let document = found(&rig, &part).await;
        assert_eq!(document.language, code);
        let names: Vec<_> = document.tables.iter().map(|table| table.name).collect();
        assert_eq!(names, ["metrics", "consents", "consent_history"]);
        let formula = Metric::ALL[0].formula(language);
        assert_eq!(document.tables[0].rows[0][3], formula);
    }
}

#[tokio::test]
async fn strangers_and_the_erased_get_a_clear_answer() {
    let crowd = crowd::shuffled(TENANT, 0..20, 30, true);
    let rig = Rig::new().await;
    rig.tell(&crowd.bodies, 100).await;
    let known: BTreeSet<Uuid> = rig.customers().await.into_iter().collect();
    let (mut unknown, mut erased) = (0, 0);
    for person in crowd
        .persons
        .iter()
        .filter(|person| !known.contains(person))
    {
        match answer(&rig, &request(*person)).await {
            Answer::Unknown { .. } => unknown += 1,
            Answer::Erased { at } => {
                assert!(at <= rig.context.clock.now());
                erased += 1;
            }
            Answer::Found(_) => panic!("{person} is no customer"),
        }
    }
    assert!(
        unknown > 0 && erased > 0,
        "{unknown} unknown, {erased} erased"
    );
    // Nor is a customer of one tenant any of another's.
    let person = known.iter().next().unwrap();
    let foreign = Request {
        tenant_id: Uuid::from_u128(0xbad),
        ..request(*person)
    };
    assert!(matches!(
        answer(&rig, &foreign).await,
        Answer::Unknown { waiting: 0 }
    ));
}

#[tokio::test]
async fn both_forms_hold_the_same_and_are_as_documented() {
    let guide = include_str!("../../../docs/export.md");
    let rig = Rig::new().await;
    rig.tell(&crowd::plainly(TENANT, 0..2).bodies, 100).await;
    let document = found(&rig, &request(rig.customers().await[0])).await;
    let json: Value = serde_json::from_str(&serde_json::to_string(&document).unwrap()).unwrap();
    let files = csv(&document);
    assert_eq!(files.len(), document.tables.len() + 1, "and the head");
    for table in &document.tables {
        let rows = json[table.name].as_array().expect(table.name);
        assert_eq!(rows.len(), table.rows.len());
        for column in table.columns {
            assert!(rows.iter().all(|row| row.get(column).is_some()));
            let told = format!("`{column}`");
            let section = guide
                .split("\n### ")
                .find(|part| part.starts_with(&format!("`{}`", table.name)));
            let section = section.unwrap_or_else(|| panic!("docs/export.md lacks {}", table.name));
            assert!(
                section.contains(&told),
                "docs/export.md: {} lacks {column}",
                table.name
            );
        }
        let name = format!("{}.csv", table.name);
        let (_, text) = files
            .iter()
            .find(|(file, _)| *file == name)
            .expect("a file");
        let head = text.lines().next().unwrap().trim_start_matches('\u{feff}');
        assert_eq!(head, table.columns.join(","));
    }
    let version = json["schema_version"].as_str().unwrap();
    assert!(guide.contains(&format!("`{version}`")));
}
