//! The stand-in's event triggers are those of the shipped metadata.

use std::collections::BTreeSet;

use customer_intelligence::demo::triggers::triggers;

use super::directory::{list, tables, text};

#[test]
fn the_stand_in_listens_as_the_shipped_metadata_does() {
    let told = |name: &str, operation: &str, columns: BTreeSet<String>| {
        (name.to_owned(), operation.to_owned(), columns)
    };
    let mut shipped = BTreeSet::new();
    for table in tables() {
        for trigger in list(&table["event_triggers"]) {
            for operation in ["insert", "update", "delete"] {
                if let Some(listens) = trigger["definition"].get(operation) {
                    let columns = list(&listens["payload"])
                        .iter()
                        .map(|column| text(column).to_owned());
                    shipped.insert(told(text(&trigger["name"]), operation, columns.collect()));
                }
            }
        }
    }
    let mut stand_in = BTreeSet::new();
    for spec in triggers() {
        for operation in spec.operations() {
            let columns = spec.columns.iter().cloned().collect();
            stand_in.insert(told(&spec.name, &operation.to_lowercase(), columns));
        }
    }
    assert_eq!(stand_in, shipped);
}
