//! Deliveries made to hurt: nothing panics, what is let in decodes, and what is not listed never gets through.

use std::sync::LazyLock;

use customer_intelligence::contracts::{self, ColumnType, allow_list};
use proptest::prelude::*;
use serde_json::{Map, Number, Value, json};

use super::FIXTURES;

/// Stands for everything personal; no letter of it may pass the door where it does not belong.
const SECRET: &str = "s3cr3t@example.org";

static BODIES: LazyLock<Vec<&Value>> = LazyLock::new(|| FIXTURES.values().collect());

fn any_json() -> impl Strategy<Value = Value> {
    let number = prop_oneof![
        any::<i64>().prop_map(|number| json!(number)),
        "-?[0-9]{1,40}(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,12})?".prop_filter_map(
            "no number",
            |text| text.parse::<Number>().ok().map(Value::Number)
        ),
    ];
    let text = prop_oneof![
        ".{0,12}",
        Just("NaN".to_owned()),
        Just("infinity".to_owned()),
        Just("\0".to_owned()),
        Just("2026-01-01T00:00:00+14:00".to_owned()),
        "[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.]{0,12}(Z|[+-][0-9:]{0,8})",
        "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}",
        Just("PARTIAL".to_owned()),
        Just("REFUNDED".to_owned()),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        number,
        text.prop_map(Value::String),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::btree_map("[a-z_$]{1,8}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Every place in a value, as JSON pointers.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(map) => {
            for (name, inner) in map {
                places(
                    inner,
                    &format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")),
                    found,
                );
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                places(inner, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

fn place_of(body: &Value, index: prop::sample::Index) -> String {
    let mut found = Vec::new();
    places(body, "", &mut found);
    index.get(&found).clone()
}

fn judge(body: &Value) {
    let bytes = body.to_string().into_bytes();
    match contracts::read(&bytes) {
        Ok(delivery) => {
            let decoded = contracts::decode(&delivery.cut).unwrap();
            assert_eq!(
                contracts::decode(&bytes).unwrap(),
                decoded,
                "the cut says the same"
            );
            let again = contracts::read(&delivery.cut).unwrap();
            assert_eq!(again.cut, delivery.cut, "a cut is cut to itself");
            assert_eq!(again.dropped_columns, 0);
            assert_eq!(again.event_name, delivery.event_name);
            for version in decoded.versions {
                assert!(
                    version
                        .fields
                        .is_sorted_by(|(one, _), (next, _)| one < next)
                );
            }
        }
        Err(refusal) => {
            assert!(contracts::decode(&bytes).is_err());
            let shown = refusal
                .envelope
                .map_or(String::new(), |envelope| envelope.to_string());
            assert!(
                !shown.contains("\\u0000"),
                "PostgreSQL can store what is shown"
            );
        }
    }
}

/// Puts the secret at a place: as a value of a type that no listed column has, or beside what is there.
fn plant(body: &mut Value, place: &str, how: u8) {
    let Some(target) = body.pointer_mut(place) else {
        return;
    };
    let hidden = json!({"name": SECRET});
    match (how % 4, target) {
        (0, Value::Object(map)) => {
            map.insert("first_name".to_owned(), json!(SECRET));
        }
        (1, Value::Object(map)) => {
            map.insert(SECRET.to_owned(), hidden);
        }
        (2, Value::Array(items)) => items.push(hidden),
        (_, target) => *target = hidden,
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(contracts::read(&bytes).is_err());
    }

    #[test]
    fn no_json_makes_it_panic(body in any_json()) {
        judge(&body);
    }

    #[test]
    fn a_delivery_with_anything_replaced_is_refused_or_decodes_as_its_cut_does(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any_json(), any::<bool>()), 1..4),
    ) {
        let mut body = (*which.get(&BODIES)).clone();
        for (place, value, inside) in changes {
            let place = place_of(&body, place);
            let target = body.pointer_mut(&place).unwrap();
            match (inside, target) {
                (true, Value::Object(map)) => { map.retain(|name, _| name.len() % 3 != 0); }
                (_, target) => *target = value,
            }
        }
        judge(&body);
    }

    #[test]
    fn what_is_not_listed_never_gets_through(
        which in any::<prop::sample::Index>(),
        plants in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
    ) {
        let mut body = (*which.get(&BODIES)).clone();
        for (place, how) in plants {
            let place = place_of(&body, place);
            plant(&mut body, &place, how);
        }
        judge(&body);
        match contracts::read(body.to_string().as_bytes()) {
            Ok(delivery) => {
                prop_assert!(!String::from_utf8(delivery.cut).unwrap().contains(SECRET));
                prop_assert!(!delivery.trigger.contains(SECRET));
            }
            Err(refusal) => prop_assert!(!format!("{refusal:?}").contains(SECRET), "{refusal:?}"),
        }
    }

    #[test]
    fn extra_columns_are_dropped_and_counted(
        which in any::<prop::sample::Index>(),
        extra in prop::collection::btree_set("[a-z_]{1,20}", 1..12),
    ) {
        let table = which.get(allow_list());
        let extra: Vec<_> = extra.into_iter().filter(|name| table.column(name).is_none()).collect();
        let file = format!("{}/{}.insert", table.schema, table.table);
        let name = if table.kind.is_some() { file } else { "commerce/domain_events.insert.PaymentReceived".to_owned() };
        let mut body = super::fixture(&name);
        let before = contracts::read(body.to_string().as_bytes()).unwrap();
        let row = body["event"]["data"]["new"].as_object_mut().unwrap();
        let known = extra.iter().filter(|name| row.contains_key(*name)).count();
        for name in &extra {
            row.insert(name.clone(), json!(SECRET));
        }
        let after = contracts::read(body.to_string().as_bytes()).unwrap();
        prop_assert_eq!(&after.cut, &before.cut);
        let added = u32::try_from(extra.len() - known).unwrap();
        prop_assert_eq!(after.dropped_columns, before.dropped_columns + added);
    }

    #[test]
    fn a_name_where_an_id_or_number_belongs_is_refused_without_being_shown(
        which in any::<prop::sample::Index>(),
        column in any::<prop::sample::Index>(),
    ) {
        let tables: Vec<_> = allow_list().iter().filter(|table| table.kind.is_some()).collect();
        let table = which.get(&tables);
        let typed: Vec<_> = table.columns.iter().filter(|column| !matches!(
            column.ty,
            ColumnType::Word { .. } | ColumnType::Label
        )).collect();
        let column = column.get(&typed).name;
        let mut row: Map<String, Value> =
            super::fixture(&format!("{}/{}.insert", table.schema, table.table))["event"]["data"]["new"]
                .as_object().unwrap().clone();
        row.insert(column.to_owned(), json!(SECRET));
        let name = format!("{}.{}", table.schema, table.table);
        let refusal = super::read(&super::envelope(&name, "INSERT", &Value::Null, &row.into(),)).unwrap_err();
        let shown = format!("{refusal:?}");
        prop_assert!(!shown.contains(SECRET));
        prop_assert!(refusal.detail.contains(column), "{}", refusal.detail);
    }
}
