//! Each fixture has a snapshot of what it decodes to, or of the dead letter it becomes.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use customer_intelligence::contracts::{Refusal, allow_list, events};
use customer_intelligence::domain::source::Version;

use super::{FIXTURES, decode, read};

#[test]
fn every_fixture_decodes_as_its_snapshot_says() {
    for (name, body) in FIXTURES.iter() {
        let told = match read(body) {
            Ok(delivery) => {
                let from_cut = customer_intelligence::contracts::decode(&delivery.cut).unwrap();
                assert_eq!(
                    decode(body).unwrap(),
                    from_cut,
                    "{name}: the cut says the same"
                );
                let mut told = format!(
                    "tenant {}\nevent {:?}\ndropped {}, rounded {}, unattributable {}\nkept {}\n",
                    from_cut.tenant_id,
                    from_cut.event_name,
                    delivery.dropped_columns,
                    from_cut.rounded,
                    from_cut.unattributable,
                    String::from_utf8(delivery.cut).unwrap(),
                );
                for version in &from_cut.versions {
                    show(&mut told, version);
                }
                told
            }
            Err(refusal) => show_refusal(&refusal),
        };
        assert!(!told.contains("Erika"), "{name}: no name passes the door");
        insta::with_settings!({
            snapshot_path => "../snapshots/contracts",
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_snapshot!(name.replace('/', "."), told);
        });
    }
}

#[test]
fn every_table_and_every_event_has_a_fixture() {
    let fixtures: BTreeSet<&String> = FIXTURES.keys().collect();
    for table in allow_list().iter().filter(|table| table.kind.is_some()) {
        for op in table.ops {
            let op = op.name().to_lowercase();
            let name = format!("{}/{}.{op}", table.schema, table.table);
            let immutable = ["trip_feedback", "onboard_sales"].contains(&table.table);
            assert!(
                FIXTURES.contains_key(&name) || (immutable && op == "update"),
                "{name}"
            );
        }
    }
    for event in events() {
        let name = format!("{}/domain_events.insert.{}", event.schema, event.name);
        assert!(FIXTURES.contains_key(&name), "{name}");
        let older = fixtures
            .iter()
            .any(|found| found.starts_with(&format!("{name}.older-name")));
        assert!(
            older || event.aliases.is_empty() || event.name == "MessageReceived",
            "{name}"
        );
    }
}

fn show(to: &mut String, version: &Version) {
    let hash: String = version
        .content_hash
        .0
        .iter()
        .fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").unwrap();
            hex
        });
    let flags = version.flags;
    let flags: Vec<&str> = [
        (flags.superseded, "superseded"),
        (flags.tombstone, "tombstone"),
        (flags.canonical, "canonical"),
    ]
    .into_iter()
    .filter_map(|(set, name)| set.then_some(name))
    .collect();
    let (kind, id) = (version.source.kind, version.source.id);
    writeln!(to, "\n{kind:?} {id} {}", flags.join(" ")).unwrap();
    let (at, happened) = (version.version_at, version.occurred_at);
    writeln!(
        to,
        "  at {at:?}, happened {happened:?}, rank {}, hash {hash}",
        version.rank
    )
    .unwrap();
    for (field, value) in &version.fields {
        writeln!(to, "  {field:?} = {value:?}").unwrap();
    }
}

fn show_refusal(refusal: &Refusal) -> String {
    let envelope = refusal
        .envelope
        .as_ref()
        .map(|json| serde_json::to_string_pretty(json).unwrap());
    format!(
        "REFUSED {refusal}\ntenant {:?}\nevent {:?}, table {:?}, trigger {:?}\n{}\n",
        refusal.tenant_id,
        refusal.event_id,
        refusal.table,
        refusal.trigger,
        envelope.unwrap_or_else(|| "nothing kept".to_owned()),
    )
}
