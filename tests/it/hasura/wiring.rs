//! What the Hasura server expects of the metadata: names, variables, and that every reference leads somewhere.

use std::collections::BTreeSet;

use customer_intelligence::workers::cron::JOBS;
use serde_json::{Value, json};

use super::directory::{list, metadata, qualified, remote_schema, tables, text};

fn triggers() -> Vec<(String, Value)> {
    let of = |table: &Value| {
        let name = qualified(&table["table"]);
        list(&table["event_triggers"])
            .iter()
            .map(|trigger| (name.clone(), trigger.clone()))
            .collect::<Vec<_>>()
    };
    tables().iter().flat_map(of).collect()
}

fn secret(variable: &str) -> Value {
    json!([{ "name": "x-ci-secret", "value_from_env": variable }])
}

#[test]
fn every_trigger_has_a_lawful_unique_name_and_the_webhooks_address_and_secret() {
    let mut names = BTreeSet::new();
    for (table, trigger) in triggers() {
        let name = text(&trigger["name"]);
        let lawful = name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        assert!(
            lawful && (1..=42).contains(&name.len()),
            "{name} is no trigger name"
        );
        assert!(names.insert(name.to_owned()), "{name} is used twice");
        assert_eq!(trigger["webhook_from_env"], "CI_WEBHOOK_URL", "{table}");
        assert!(trigger.get("webhook").is_none(), "{table}: two addresses");
        assert_eq!(trigger["headers"], secret("CI_WEBHOOK_SECRET"), "{table}");
        assert!(
            trigger.get("request_transform").is_none(),
            "{table}: a failing transform loses the event"
        );
    }
    assert!(names.len() > 20, "{names:?}");
}

#[test]
fn a_day_without_an_answer_loses_no_event() {
    for (table, trigger) in triggers() {
        let retries = &trigger["retry_conf"];
        let number = |key: &str| {
            retries[key]
                .as_u64()
                .unwrap_or_else(|| panic!("{table}: {key}"))
        };
        assert!(
            number("num_retries") * number("interval_sec") >= 86_400,
            "{table}"
        );
        assert!(number("timeout_sec") <= 60, "{table}");
    }
}

#[test]
fn every_trigger_listens_with_non_empty_lists_and_delivers_by_name_only() {
    for (table, trigger) in triggers() {
        let definition = &trigger["definition"];
        let operations: Vec<&Value> = ["insert", "update", "delete"]
            .iter()
            .filter_map(|operation| definition.get(operation))
            .collect();
        assert!(!operations.is_empty(), "{table} listens to nothing");
        for operation in operations {
            assert!(
                !list(&operation["payload"]).is_empty(),
                "{table} would deliver every column"
            );
            let listened = &operation["columns"];
            assert!(
                *listened == json!("*") || !list(listened).is_empty(),
                "{table}"
            );
        }
        if let Some(update) = definition.get("update") {
            let listened = list(&update["columns"]);
            assert!(
                !listened.is_empty(),
                "{table} would deliver edits of columns that it may not tell"
            );
            assert!(
                listened
                    .iter()
                    .all(|column| list(&update["payload"]).contains(column)),
                "{table}"
            );
        }
        assert_eq!(
            definition["enable_manual"], false,
            "{table}: the console would send the whole row"
        );
    }
}

#[test]
fn the_remote_schema_is_found_by_environment_and_forwards_no_client_header() {
    let schema = remote_schema();
    assert_eq!(schema["name"], "customer_intelligence");
    let definition = &schema["definition"];
    assert_eq!(definition["url_from_env"], "CI_GRAPHQL_URL");
    assert_eq!(definition["timeout_seconds"], 10);
    assert_eq!(definition["forward_client_headers"], false);
    assert_eq!(definition["headers"], secret("CI_GATEWAY_SECRET"));
    assert!(
        definition.get("customization").is_none(),
        "the names on the wire are the names in the API"
    );
}

#[test]
fn profiles_bookings_and_contacts_lead_to_the_insight() {
    let mut joins = Vec::new();
    for table in tables() {
        for relationship in list(&table["remote_relationships"]) {
            assert_eq!(relationship["name"], "customer_insight");
            let target = &relationship["definition"]["to_remote_schema"];
            assert_eq!(target["remote_schema"], remote_schema()["name"]);
            assert_eq!(list(&target["lhs_fields"]).len(), 1);
            let key = text(&target["lhs_fields"][0]);
            let expected = json!({ "customer_insight": { "arguments": { "person_profile_id": format!("${key}") } } });
            assert_eq!(target["remote_field"], expected);
            for permission in list(&table["select_permissions"]) {
                let columns = list(&permission["permission"]["columns"]);
                assert!(
                    columns.contains(&json!(key)),
                    "{permission} cannot follow the relationship"
                );
            }
            joins.push((qualified(&table["table"]), key.to_owned()));
        }
    }
    joins.sort();
    let expected = [
        ("backoffice.person_profiles", "id"),
        ("commerce.bookings", "booker_profile_id"),
        ("communications.contacts", "person_profile_id"),
    ];
    assert_eq!(
        joins,
        expected.map(|(table, key)| (table.to_owned(), key.to_owned()))
    );
}

#[test]
fn the_insight_leads_back_to_the_profile() {
    let schema = remote_schema();
    let expected = json!([{
        "type_name": "CustomerInsight",
        "relationships": [{ "name": "person_profile", "definition": { "to_source": {
            "source": "default",
            "table": { "schema": "backoffice", "name": "person_profiles" },
            "relationship_type": "object",
            "field_mapping": { "person_profile_id": "id" },
        } } }],
    }]);
    assert_eq!(schema["remote_relationships"], expected);
}

#[test]
fn a_sample_permission_always_has_a_row_filter() {
    for table in tables() {
        for permission in list(&table["select_permissions"]) {
            let filter = permission["permission"]["filter"].as_object();
            assert!(
                filter.is_some_and(|filter| !filter.is_empty()),
                "{permission} sees other tenants"
            );
            assert_eq!(permission["permission"]["allow_aggregations"], false);
        }
    }
}

#[test]
fn the_directory_is_whole_and_of_version_three() {
    let config: Value = serde_norway::from_str(
        &std::fs::read_to_string(super::directory::root().join("config.yaml")).unwrap(),
    )
    .unwrap();
    assert_eq!(config["version"], 3);
    assert_eq!(config["metadata_directory"], "metadata");
    assert_eq!(metadata("version.yaml"), json!({ "version": 3 }));
    for file in [
        "allow_list.yaml",
        "query_collections.yaml",
        "rest_endpoints.yaml",
    ] {
        assert_eq!(metadata(file), json!([]), "{file}");
    }
    assert_eq!(metadata("actions.yaml")["actions"], json!([]));
    let source = &metadata("databases/databases.yaml")[0];
    let url = &source["configuration"]["connection_info"]["database_url"];
    assert_eq!(*url, json!({ "from_env": "HASURA_GRAPHQL_DATABASE_URL" }));
}

#[test]
fn every_job_has_a_cron_trigger_that_hasura_takes_and_that_asks_for_the_runs_of_our_own_clock() {
    let triggers = metadata("cron_triggers.yaml");
    let triggers = list(&triggers);
    assert_eq!(triggers.len(), JOBS.len());
    for (trigger, job) in triggers.iter().zip(JOBS) {
        assert_eq!(trigger["name"], job.name);
        assert_eq!(trigger["schedule"], job.line);
        assert_eq!(trigger["schedule"].as_str().unwrap().split(' ').count(), 5);
        assert_eq!(trigger["webhook"], "{{CI_CRON_URL}}");
        assert_eq!(trigger["headers"], secret("CI_WEBHOOK_SECRET"));
        assert_eq!(trigger["include_in_metadata"], true);
        assert!(trigger["payload"].is_object());
        let keys: Vec<&String> = trigger["retry_conf"].as_object().unwrap().keys().collect();
        let known = [
            "num_retries",
            "retry_interval_seconds",
            "timeout_seconds",
            "tolerance_seconds",
        ];
        assert_eq!(
            keys, known,
            "the retries of cron triggers have names of their own"
        );
    }
}
