//! Row changes and canonical events are the same facts: what both carry, both carry alike.

use customer_intelligence::contracts::{
    Column, ColumnType, EventContract, Part, TableContract, When, allow_list, events,
};
use customer_intelligence::domain::source::{Field, SourceKind, Version};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{decode, envelope, fixture};

const TENANT: &str = "000000a1-0000-4000-8000-0000000000a1";
const ROW: &str = "000000b1-0000-4000-8000-0000000000b1";
const AT: &str = "2026-03-01T08:15:00.5Z";

/// A value of a column's type, the same for the same field wherever it stands.
fn sample(column: &Column) -> Value {
    let seed = column.field.map_or(0, |field| field as u128);
    match column.ty {
        ColumnType::Uuid => json!(Uuid::from_u128(0x4000_8000 + seed)),
        ColumnType::Bool => json!(true),
        ColumnType::Int { min, max } => json!(i64::midpoint(min.max(1), max.min(9))),
        ColumnType::Money => json!(format!("{}.25", 10 + seed)),
        ColumnType::At => json!(AT),
        ColumnType::Day => json!("2026-05-01"),
        ColumnType::Word { known } | ColumnType::Fixed { known } => {
            json!(known.first().unwrap_or(&"WORD"))
        }
        ColumnType::Label => json!("Nordsee"),
        ColumnType::Currency => json!("EUR"),
        ColumnType::Words => json!(["SEA"]),
        ColumnType::Payload => unreachable!("a payload is no column of a row"),
    }
}

fn row_version(table: &TableContract) -> Version {
    let mut row: Map<String, Value> = table
        .columns
        .iter()
        .map(|column| (column.name.to_owned(), sample(column)))
        .collect();
    row.insert(table.tenant.to_owned(), json!(TENANT));
    row.insert(
        table.key.to_owned(),
        json!(if table.tenant == "id" { TENANT } else { ROW }),
    );
    let name = format!("{}.{}", table.schema, table.table);
    let decoded = decode(&envelope(&name, "INSERT", &Value::Null, &row.into())).unwrap();
    assert_eq!(decoded.versions.len(), 1, "{name}");
    decoded.versions.into_iter().next().unwrap()
}

fn event_version(event: &EventContract, part: &Part, older: bool) -> Version {
    let name = |column: &Column| {
        let older = older.then(|| column.aliases.first().copied()).flatten();
        older.unwrap_or(column.name).to_owned()
    };
    let mut payload = Map::new();
    payload.extend(
        part.columns
            .iter()
            .chain(part.shared)
            .map(|c| (name(c), sample(c))),
    );
    payload.insert(name(&part.id), json!(ROW));
    if part.kind == SourceKind::Conversation {
        payload.insert("message_id".to_owned(), json!(ROW));
    }
    if part.when != When::Subject && part.when != When::ScopeFull {
        let subject = &event.parts[0];
        payload.entry(subject.id.name).or_insert(json!(ROW));
    }
    if let Some(list) = part.list {
        let item: Map<String, Value> = part
            .columns
            .iter()
            .chain(std::iter::once(&part.id))
            .filter_map(|column| {
                payload
                    .remove(&name(column))
                    .map(|json| (name(column), json))
            })
            .collect();
        let partial = part.when == When::ScopePartial;
        payload.insert(
            list.to_owned(),
            json!([if partial { json!(ROW) } else { json!(item) }]),
        );
        if partial {
            payload.insert("scope".to_owned(), json!("PARTIAL"));
        }
        payload.entry("booking_id").or_insert(json!(ROW));
    }
    let event_type = event
        .aliases
        .first()
        .filter(|_| older)
        .unwrap_or(&event.name);
    let row = json!({
        "event_id": ROW, "tenant_id": TENANT, "event_type": event_type, "schema_version": 1,
        "occurred_at": AT, "payload": payload,
    });
    let table = format!("{}.domain_events", event.schema);
    let decoded = decode(&envelope(&table, "INSERT", &Value::Null, &row)).unwrap();
    let of_kind = |version: &Version| version.source.kind == part.kind;
    decoded
        .versions
        .into_iter()
        .find(of_kind)
        .unwrap_or_else(|| panic!("{} {part:?}", event.name))
}

#[test]
fn a_field_has_the_same_value_in_a_row_and_in_every_event_that_carries_it() {
    for event in events() {
        for part in event.parts {
            let mut tables = allow_list().iter();
            let Some(table) = tables.find(|table| table.kind == Some(part.kind)) else {
                assert_eq!(part.kind, SourceKind::Consent, "only told by events");
                continue;
            };
            let row = row_version(table);
            for older in [false, true] {
                let told = event_version(event, part, older);
                assert!(told.flags.canonical, "{}", event.name);
                for column in part.columns.iter().chain(part.shared) {
                    let field = column.field.unwrap();
                    let in_event = told.get(field);
                    assert!(in_event.is_some(), "{} {field:?}", event.name);
                    // What only an event says outright has no column to compare with.
                    let only_told = row.get(field).is_none();
                    let same = only_told || in_event == row.get(field);
                    assert!(same, "{} {field:?}: {in_event:?}", event.name);
                    if only_told {
                        let known = matches!(
                            (part.kind, field),
                            (SourceKind::BoardingEvent, Field::Person | Field::Booking)
                                | (SourceKind::OnboardSale, Field::Person | Field::Passenger)
                                | (SourceKind::Message, Field::ChannelType)
                                | (SourceKind::Passenger, Field::SaidBoarded)
                        );
                        assert!(known, "{} {field:?} has no column", event.name);
                    }
                }
            }
        }
    }
}

#[test]
fn equal_content_has_an_equal_hash_in_both_shapes() {
    let event = events()
        .iter()
        .find(|event| event.name == "TripFeedbackSubmitted")
        .unwrap();
    let table = allow_list()
        .iter()
        .find(|table| table.table == "trip_feedback")
        .unwrap();
    let (row, told) = (
        row_version(table),
        event_version(event, &event.parts[0], false),
    );
    assert_eq!(row.fields, told.fields);
    assert_eq!(row.content_hash.content(), told.content_hash.content());
    assert_ne!(
        row.content_hash, told.content_hash,
        "the flags tell them apart"
    );
}

#[test]
fn insert_update_and_manual_are_the_same_version() {
    let [insert, update, manual] = ["INSERT", "UPDATE", "MANUAL"].map(|op| {
        let mut body = fixture("commerce/bookings.insert");
        body["event"]["op"] = json!(op);
        decode(&body).unwrap().versions
    });
    assert_eq!(insert, update);
    assert_eq!(insert, manual);
}

#[test]
fn what_frames_an_event_may_stand_in_its_payload() {
    let body = fixture("commerce/domain_events.insert.BookingConfirmed");
    let mut inside = body.clone();
    for name in ["tenant_id", "occurred_at", "event_type", "schema_version"] {
        let value = inside["event"]["data"]["new"][name].take();
        inside["event"]["data"]["new"]["payload"][name] = value;
    }
    assert_eq!(decode(&body), decode(&inside));
    let mut bare = body["event"]["data"]["new"].clone();
    bare["name"] = json!("ignored");
    let (bare, wrapped) = (decode(&bare).unwrap(), decode(&body).unwrap());
    assert_eq!(bare, wrapped);
}

#[test]
fn an_older_row_name_is_the_same_row() {
    let older = decode(&fixture("commerce/passengers.insert.older-name")).unwrap();
    assert_eq!(
        older,
        decode(&fixture("commerce/passengers.insert")).unwrap()
    );
}

#[test]
fn a_fee_for_several_passengers_is_shared_out_to_the_hundredth() {
    use customer_intelligence::domain::source::Value as Told;

    let versions = decode(&fixture(
        "commerce/domain_events.insert.BookingCancelled.partial",
    ))
    .unwrap()
    .versions;
    let fees: Vec<_> = versions
        .iter()
        .filter_map(|v| v.get(Field::CancellationFee))
        .collect();
    assert_eq!(
        fees,
        [&Told::Cents(3334), &Told::Cents(3333), &Told::Cents(3333)]
    );
}
