//! `attach.json` says the same as the metadata directory, in the words of Hasura's API.

use serde_json::{Map, Value, json};

use super::directory::{list, metadata, remote_schema, root, tables};

/// The arguments of every command of this type, in order.
fn commands(kind: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(root().join("attach.json")).unwrap();
    let request: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(request["type"], "bulk");
    list(&request["args"])
        .iter()
        .filter(|command| command["type"] == kind)
        .map(|command| command["args"].clone())
        .collect()
}

/// One object with the keys of both.
fn merged(a: &Value, b: &Value) -> Value {
    let mut all: Map<String, Value> = a.as_object().unwrap().clone();
    all.extend(b.as_object().unwrap().clone());
    Value::Object(all)
}

#[test]
fn the_remote_schema_and_its_permissions_are_the_same() {
    let mut schema = remote_schema();
    let permissions = schema["permissions"].take();
    schema
        .as_object_mut()
        .unwrap()
        .retain(|key, _| ["name", "definition", "comment"].contains(&key.as_str()));
    assert_eq!(commands("add_remote_schema"), [schema]);
    let named = json!({ "remote_schema": "customer_intelligence" });
    let expected: Vec<Value> = list(&permissions)
        .iter()
        .map(|permission| merged(&named, permission))
        .collect();
    assert_eq!(commands("add_remote_schema_permissions"), expected);
}

#[test]
fn the_relationships_are_the_same() {
    let mut expected = Vec::new();
    for table in tables() {
        let place = json!({ "source": "default", "table": table["table"] });
        expected.extend(
            list(&table["remote_relationships"])
                .iter()
                .map(|relationship| merged(&place, relationship)),
        );
    }
    assert_eq!(commands("pg_create_remote_relationship"), expected);

    let back = remote_schema()["remote_relationships"][0].clone();
    let place = json!({ "remote_schema": "customer_intelligence", "type_name": back["type_name"] });
    assert_eq!(
        commands("create_remote_schema_remote_relationship"),
        [merged(&place, &back["relationships"][0])]
    );
}

#[test]
fn the_event_triggers_are_the_same() {
    let mut expected = Vec::new();
    for table in tables() {
        for trigger in list(&table["event_triggers"]) {
            let place = json!({ "source": "default", "table": table["table"] });
            let mut flat = merged(&merged(&place, trigger), &trigger["definition"]);
            flat.as_object_mut().unwrap().remove("definition");
            expected.push(flat);
        }
    }
    assert_eq!(commands("pg_create_event_trigger"), expected);
}

#[test]
fn the_cron_triggers_are_the_same() {
    let expected = list(&metadata("cron_triggers.yaml")).to_vec();
    assert_eq!(commands("create_cron_trigger"), expected);
    assert!(!expected.is_empty());
}
