//! What is almost a delivery, and what is almost a GraphQL document: made from good ones by small damage, again from a seed.

use serde_json::{Map, Value, json};

use crate::property::dice::Dice;

/// Damages a good delivery until it is none: the contract itself says that it is not.
pub(super) fn delivery(dice: &mut Dice, good: &[String]) -> Vec<u8> {
    loop {
        let base = &good[dice.below(good.len())];
        let bytes = match dice.below(4) {
            0 => damaged_bytes(dice, base.as_bytes()),
            _ => damaged_json(dice, base),
        };
        if customer_intelligence::contracts::read(&bytes).is_err() {
            return bytes;
        }
    }
}

fn damaged_json(dice: &mut Dice, base: &str) -> Vec<u8> {
    let mut value: Value = serde_json::from_str(base).expect("a good one");
    for _ in 0..=dice.below(3) {
        let mut places = 0;
        count(&value, &mut places);
        let mut place = dice.below(places);
        let hostile = hostile(dice);
        replace(&mut value, &mut place, &hostile, dice.chance(30));
    }
    let bytes = value.to_string().into_bytes();
    if dice.chance(20) {
        damaged_bytes(dice, &bytes)
    } else {
        bytes
    }
}

fn count(value: &Value, places: &mut usize) {
    *places += 1;
    match value {
        Value::Object(map) => map.values().for_each(|one| count(one, places)),
        Value::Array(all) => all.iter().for_each(|one| count(one, places)),
        _ => {}
    }
}

/// Puts something else in a place, or takes what is in it away.
fn replace(value: &mut Value, place: &mut usize, by: &Value, remove: bool) {
    if *place == 0 {
        *value = by.clone();
        *place = usize::MAX;
        return;
    }
    *place = place.saturating_sub(1);
    match value {
        Value::Object(map) => {
            if let (true, Some(name)) = (remove && *place < map.len(), map.keys().nth(*place)) {
                let name = name.clone();
                map.remove(&name);
                *place = usize::MAX;
                return;
            }
            for one in map.values_mut() {
                if *place == usize::MAX {
                    return;
                }
                replace(one, place, by, remove);
            }
        }
        Value::Array(all) => {
            for one in all {
                if *place == usize::MAX {
                    return;
                }
                replace(one, place, by, remove);
            }
        }
        _ => {}
    }
}

fn hostile(dice: &mut Dice) -> Value {
    let texts = [
        "",
        "null",
        "' or 1=1 --",
        "\u{0}",
        "\u{fffd}\u{202e}",
        "00000000-0000-0000-0000-000000000000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "99999-13-45T99:99:99Z",
        "infinity",
        "NaN",
        "1e400000",
        "-0",
        "<script>alert(1)</script>",
        "${jndi:ldap://x}",
    ];
    match dice.below(12) {
        0 => Value::Null,
        1 => json!(dice.chance(50)),
        2 => json!(dice.next()),
        3 => json!(-1),
        4 => json!(f64::MAX),
        5 => json!([]),
        6 => json!({}),
        7 => json!("x".repeat(dice.below(70_000))),
        8 => nested(dice.below(200)),
        9 => {
            let wide: Map<String, Value> = (0..dice.below(500))
                .map(|n| (format!("k{n}"), json!(n)))
                .collect();
            Value::Object(wide)
        }
        _ => json!(dice.pick(&texts)),
    }
}

fn nested(depth: usize) -> Value {
    (0..depth).fold(json!(1), |inner, level| {
        if level % 2 == 0 {
            json!([inner])
        } else {
            json!({ "event": inner })
        }
    })
}

fn damaged_bytes(dice: &mut Dice, bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=dice.below(8) {
        let at = dice.below(bytes.len().max(1));
        match dice.below(6) {
            0 => bytes.truncate(at),
            1 if !bytes.is_empty() => bytes[at] = dice.next().to_le_bytes()[0],
            2 => bytes.insert(at.min(bytes.len()), dice.next().to_le_bytes()[0]),
            3 if !bytes.is_empty() => drop(bytes.remove(at)),
            4 => bytes.extend_from_slice(&[0xff, 0xfe, 0x00]),
            _ => {
                let end = (at + dice.below(40)).min(bytes.len());
                let piece: Vec<u8> = bytes[at.min(end)..end].to_vec();
                bytes.extend(piece);
            }
        }
    }
    bytes
}

/// Documents that can be answered, to be damaged.
const DOCUMENTS: [&str; 7] = [
    "query  { f0: customer_insight(person_profile_id: \"00000000-0000-0000-0000-000000000001\") { status  behavior_aggregate { lifetime_revenue  total_bookings  } } }",
    "{ customer_insights(first: 10, where: { total_bookings: { _gte: 1 } }, order_by: [{ column: LIFETIME_REVENUE, direction: DESC }]) { nodes { person_profile_id } page_info { end_cursor has_next_page } } }",
    "query q($id: uuid!, $first: Int) { customer_insight(person_profile_id: $id) { activities(first: $first, kinds: [BOARDED]) { nodes { kind occurred_at amount { amount currency } } } } }",
    "{ customer_insights_by_ids(person_profile_ids: [\"a\", \"b\"]) { status explain(metric: \"total_bookings\", locale: \"en\") { value formula contributions { activity_id } } } }",
    "query a { ...f } fragment f on Query { customer_insight(person_profile_id: \"x\", as_of: \"2026-01-01T00:00:00Z\") { ... on CustomerInsight @include(if: true) { consents { purpose state } } } }",
    "{ __schema { queryType { name } types { name kind fields { name args { name type { name ofType { name } } } } } } }",
    "{ dead_letters(first: 5, reason: \"not_json\") { nodes { reason detail } } }",
];

/// A request's body whose document, variables or frame has been damaged.
pub(super) fn request(dice: &mut Dice) -> Vec<u8> {
    let base = dice.pick(&DOCUMENTS);
    let query = damaged_document(dice, base);
    let variables = match dice.below(6) {
        0 => json!({ "id": hostile(dice), "first": hostile(dice) }),
        1 => hostile(dice),
        _ => json!({ "id": "00000000-0000-0000-0000-000000000001", "first": 3 }),
    };
    let mut body = json!({ "query": query, "variables": variables });
    if dice.chance(10) {
        body["operationName"] = hostile(dice);
    }
    if dice.chance(5) {
        body["query"] = hostile(dice);
    }
    if dice.chance(5) {
        body = json!([body]);
    }
    let bytes = body.to_string().into_bytes();
    if dice.chance(15) {
        damaged_bytes(dice, &bytes)
    } else {
        bytes
    }
}

/// Signs and words that stand where they do not belong.
const ODD: [&str; 22] = [
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "!",
    "$",
    "@",
    "...",
    "|",
    "&",
    "\"",
    "\"\"\"",
    "#",
    "query",
    "on",
    "null",
    "99999999999999999999",
    "1e999",
    "\u{feff}",
    "__typename",
];

fn damaged_document(dice: &mut Dice, base: &str) -> String {
    let mut tokens: Vec<String> = Vec::new();
    for sign in base.chars() {
        let word = sign.is_alphanumeric() || sign == '_';
        match tokens.last_mut() {
            Some(last)
                if word && last.ends_with(|end: char| end.is_alphanumeric() || end == '_') =>
            {
                last.push(sign);
            }
            _ => tokens.push(sign.to_string()),
        }
    }
    for _ in 0..=dice.below(5) {
        let at = dice.below(tokens.len().max(1));
        let other = dice.below(tokens.len().max(1));
        match dice.below(7) {
            0 if !tokens.is_empty() => drop(tokens.remove(at)),
            1 if !tokens.is_empty() => tokens.insert(at, tokens[other].clone()),
            2 if !tokens.is_empty() => tokens.swap(at, other),
            3 => tokens.insert(at.min(tokens.len()), dice.pick(&ODD).to_owned()),
            4 if !tokens.is_empty() => tokens[at] = dice.pick(&ODD).to_owned(),
            5 => {
                let (from, to) = (at.min(other), at.max(other));
                let piece: Vec<String> = tokens[from..to.min(tokens.len())].to_vec();
                for _ in 0..dice.below(30) {
                    tokens.extend(piece.iter().cloned());
                }
            }
            _ => tokens.truncate(at.max(1)),
        }
        // Long enough to be slow to read, short enough for thousands of them.
        tokens.truncate(20_000);
    }
    tokens.concat()
}

#[test]
fn the_same_seed_damages_in_the_same_way() {
    let good = ["{\"event\": {\"op\": \"INSERT\", \"data\": {\"new\": {\"id\": 1}}}}".to_owned()];
    for seed in 0..50 {
        let [mut one, mut two] = [Dice::new(seed), Dice::new(seed)];
        assert_eq!(delivery(&mut one, &good), delivery(&mut two, &good));
        assert_eq!(request(&mut one), request(&mut two));
    }
}
