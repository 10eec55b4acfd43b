//! Everything that the program says while it is told a whole story at its most talkative: no name, no address, no number, no
//! id of a person.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::faults::program::Program;
use crate::property::crowd;

const TENANT: Uuid = Uuid::from_u128(0x7e);
const PATIENCE: Duration = Duration::from_mins(1);

/// What the platform's rows hold of a person and must never be said, by column.
const PLANTED: [(&str, &str); 8] = [
    ("first_name", "Erika-Geheim"),
    ("last_name", "Mustermann-Geheim"),
    ("email", "erika.geheim@example.org"),
    ("phone", "+49 151 98765432"),
    ("date_of_birth", "1961-02-03"),
    ("dietary_needs", "Nussallergie-Geheim"),
    ("pickup_address", "Geheimgasse 7"),
    ("rendered_content", "Bitte niemandem sagen"),
];

/// The same deliveries with everything in their rows that Hasura would send if nobody cut the payload.
fn planted(body: &str) -> String {
    let mut envelope: Value = serde_json::from_str(body).unwrap();
    for row in ["new", "old"] {
        if let Some(Value::Object(row)) = envelope.pointer_mut(&format!("/event/data/{row}")) {
            row.extend(PLANTED.map(|(column, value)| (column.to_owned(), json!(value))));
        }
    }
    envelope.to_string()
}

async fn until_folded(program: &Program) {
    let begun = Instant::now();
    while program.lag_seconds().await != Some(0.0) {
        assert!(begun.elapsed() < PATIENCE, "it does not get through");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn nothing_that_is_said_at_the_most_verbose_names_anybody() {
    let settings = vec![
        ("CI_LOG", "trace".to_owned()),
        ("CI_LOG_FORMAT", "json".to_owned()),
    ];
    let mut program = Program::with(settings).await;
    let crowd = crowd::shuffled(TENANT, 0..15, 20, true);
    let door = program.door();
    for body in &crowd.bodies {
        let answer = door.deliver(&planted(body)).await.expect("an answer");
        assert!(answer.status().is_success());
    }
    // One that cannot be understood, with everything in the wrong place.
    let odd =
        planted(&crowd.bodies[0]).replace("\"id\":", "\"id\":\"erika.geheim@example.org\",\"x\":");
    door.deliver(&odd).await.expect("an answer");
    until_folded(&program).await;
    let selection = "status activities { nodes { kind id } } consents { purpose } \
        explain(metric: \"total_bookings\") { value activity_ids }";
    program.join(TENANT, &crowd.persons, selection).await;
    for query in [
        "{ customer_insights(first: 200) { nodes { person_profile_id } } }".to_owned(),
        format!(
            "{{ customer_insight(person_profile_id: \"{}\") {{ nonsense }} }}",
            crowd.persons[0]
        ),
        format!(
            "{{ dead_letter(id: \"{}\") {{ detail }} }}",
            crowd.persons[0]
        ),
        "{ customer_insight(person_profile_id: \"erika.geheim@example.org\") { status } }"
            .to_owned(),
    ] {
        let body = json!({ "query": query }).to_string();
        program
            .ask(TENANT, body.into_bytes())
            .await
            .expect("an answer");
    }
    program.stop().await;
    let log = program.log();
    assert!(
        log.lines().count() > 100,
        "it was not talkative: {} lines",
        log.lines().count()
    );
    let mut told = Vec::new();
    for line in log.lines() {
        let named = PLANTED.iter().any(|(_, value)| line.contains(value));
        let identified = crowd.persons.iter().any(|person| {
            line.contains(&person.to_string()) || line.contains(&person.simple().to_string())
        });
        if named || identified {
            told.push(line);
        }
    }
    told.truncate(5);
    assert!(told.is_empty(), "{}", told.join("\n"));
}
