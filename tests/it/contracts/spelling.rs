//! The same value however Hasura, a driver or an event producer spells it.

use customer_intelligence::contracts::Reason;
use customer_intelligence::domain::source::{Field, Value as Told};
use serde_json::{Value, json};

use super::{decode, fixture};

fn told(fixture_name: &str, column: &str, value: &str, field: Field) -> Result<Told, Reason> {
    let mut body = fixture(fixture_name);
    let value: Value = serde_json::from_str(value).unwrap();
    body["event"]["data"]["new"][column] = value;
    let decoded = decode(&body).map_err(|refusal| refusal.reason)?;
    Ok(decoded.versions[0].get(field).unwrap().clone())
}

#[test]
fn amounts_may_be_numbers_exponents_or_strings() {
    let total = |json| {
        told(
            "commerce/bookings.insert",
            "total_amount",
            json,
            Field::Total,
        )
    };
    for json in [
        "1234.5",
        "1234.50",
        "1.2345e3",
        "123450E-2",
        "\"1234.5\"",
        "\"1.2345e+3\"",
    ] {
        assert_eq!(total(json), Ok(Told::Cents(123_450)), "{json}");
    }
    for json in ["9007199254740993", "\"9007199254740993\""] {
        assert_eq!(
            total(json),
            Ok(Told::Cents(900_719_925_474_099_300)),
            "{json}"
        );
    }
    for json in [
        "\"NaN\"",
        "\"Infinity\"",
        "\"-Infinity\"",
        "1e28",
        "1e999999999999",
        "1e17",
    ] {
        assert_eq!(total(json), Err(Reason::OutOfRange), "{json}");
    }
    for json in ["true", "[1]", "{\"a\":1}", "\"\"", "\"1,5\"", "\"EUR 5\""] {
        assert_eq!(total(json), Err(Reason::WrongType), "{json}");
    }
    assert_eq!(total("null"), Ok(Told::Null));
}

#[test]
fn counts_are_whole() {
    let count = |json| {
        told(
            "commerce/bookings.insert",
            "passenger_count",
            json,
            Field::PassengerCount,
        )
    };
    for json in ["4", "4.0", "\"4\"", "0.4e1"] {
        assert_eq!(count(json), Ok(Told::Int(4)), "{json}");
    }
    assert_eq!(count("4.5"), Err(Reason::WrongType));
    assert_eq!(count("2147483648"), Err(Reason::OutOfRange));
}

#[test]
fn flags_may_be_words() {
    let flag = |json| {
        told(
            "commerce/passengers.insert",
            "is_door_pickup",
            json,
            Field::DoorPickup,
        )
    };
    for json in ["true", "\"true\"", "\"t\""] {
        assert_eq!(flag(json), Ok(Told::Bool(true)), "{json}");
    }
    for json in ["false", "\"false\"", "\"f\""] {
        assert_eq!(flag(json), Ok(Told::Bool(false)), "{json}");
    }
    for json in ["1", "\"yes\"", "\"\""] {
        assert_eq!(flag(json), Err(Reason::WrongType), "{json}");
    }
}

#[test]
fn text_is_limited_to_what_can_be_stored() {
    let label = |text: String| {
        told(
            "backoffice/tour_templates.insert",
            "title",
            &json!(text).to_string(),
            Field::Title,
        )
    };
    assert_eq!(label("ü".repeat(300)), Ok(Told::Text("ü".repeat(300))));
    assert_eq!(label("ü".repeat(301)), Err(Reason::OutOfRange));
    assert_eq!(label("a\0b".to_owned()), Err(Reason::UnstorableText));
    let tags = |json: &str| {
        told(
            "backoffice/tour_templates.insert",
            "tags",
            json,
            Field::Tags,
        )
    };
    assert_eq!(tags("[]"), Ok(Told::Words(vec![])));
    assert_eq!(tags("[1]"), Err(Reason::WrongType));
    assert_eq!(tags("\"SEA\""), Err(Reason::WrongType));
    assert_eq!(
        tags(&json!(vec!["x"; 65]).to_string()),
        Err(Reason::OutOfRange)
    );
    let word = |column: &str, text: &str, field: Field| {
        told(
            "commerce/bookings.insert",
            column,
            &json!(text).to_string(),
            field,
        )
    };
    assert_eq!(
        word("channel", "FAX", Field::SalesChannel),
        Ok(Told::Text("FAX".to_owned())),
        "most vocabularies are open"
    );
    assert_eq!(
        word("channel", &"X".repeat(65), Field::SalesChannel),
        Err(Reason::OutOfRange)
    );
    assert_eq!(
        word("status", "ON_HOLD", Field::Status),
        Err(Reason::UnknownValue),
        "numbers rest on the state of a booking"
    );
}

#[test]
fn the_order_of_keys_and_unknown_keys_do_not_matter() {
    let body = fixture("commerce/bookings.update");
    // serde_json keeps objects sorted; Hasura's jsonb sorts by length first.
    let text = body.to_string();
    let event = body["event"].to_string();
    let shuffled = format!(
        r#"{{"zzz":[1,{{}}],"event":{event},"table":{{"extra":null,"schema":"commerce","name":"bookings"}}}}"#
    );
    let plain = customer_intelligence::contracts::decode(text.as_bytes()).unwrap();
    assert_eq!(
        customer_intelligence::contracts::decode(shuffled.as_bytes()).unwrap(),
        plain
    );
}
