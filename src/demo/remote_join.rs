//! The wire format of a remote join, to the byte: how Hasura v2 prints the request (`Execute/RemoteJoin`, the printer of
//! graphql-parser-hs) and what it requires of the answer. Pure, so that the conformance tests use the same code.
//!
//! One request per relationship holds one alias for each distinct key; null keys are skipped; the alias counter is shared by
//! all joins of one step, in row-then-field order. Absent: nested target fields, fragments on interfaces, block strings.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::aeson;

/// Hands out alias numbers for all joins of one step.
#[derive(Debug, Default)]
pub struct Step {
    next: u32,
}

/// The distinct keys of one join, in the order of their aliases.
#[derive(Debug, Default)]
pub struct Keys {
    literals: Vec<(u32, String)>,
    known: HashMap<String, u32>,
}

impl Keys {
    /// Notes a row's join column; returns its alias number, or `None` for null, for which nothing is asked.
    pub fn note(&mut self, step: &mut Step, key: &Value) -> Option<u32> {
        if key.is_null() {
            return None;
        }
        let literal = literal(key);
        if let Some(known) = self.known.get(&literal) {
            return Some(*known);
        }
        let id = step.next;
        step.next += 1;
        self.known.insert(literal.clone(), id);
        self.literals.push((id, literal));
        Some(id)
    }

    /// Alias numbers, ascending.
    pub fn aliases(&self) -> impl Iterator<Item = u32> + '_ {
        self.literals.iter().map(|(id, _)| *id)
    }

    /// Whether there is nothing to ask.
    pub fn is_empty(&self) -> bool {
        self.literals.is_empty()
    }
}

/// The remote field of a relationship, with what the user asked of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// Remote root field.
    pub field: String,
    /// Argument that the join column is mapped to.
    pub argument: String,
    /// Further arguments given by the user, already printed, e.g. `as_of: $as_of`.
    pub arguments: Vec<String>,
    /// Printed selection set, e.g. `{ status  }`.
    pub selection: String,
    /// Printed variable definitions that the arguments use, e.g. `$as_of: timestamptz`.
    pub definitions: Vec<String>,
}

/// The query text for all keys: `query  { f0: field(arg: "…") { … } f1: … }`.
pub fn query_text(target: &Target, keys: &Keys) -> String {
    let Target {
        field,
        argument,
        selection,
        ..
    } = target;
    let more = std::iter::once("").chain(target.arguments.iter().map(String::as_str));
    let more = more.collect::<Vec<_>>().join(",");
    let fields: Vec<String> = keys
        .literals
        .iter()
        .map(|(id, literal)| format!("f{id}: {field}({argument}: {literal}{more}) {selection}"))
        .collect();
    let head = match target.definitions.as_slice() {
        [] => String::new(),
        definitions => format!("({})", definitions.join(",")),
    };
    format!("query {head} {{ {} }}", fields.join(" "))
}

/// The body: `{"query": …}` alone, with `variables` only when there are some.
pub fn body(query: &str, variables: &Map<String, Value>) -> String {
    if variables.is_empty() {
        json!({ "query": query }).to_string()
    } else {
        json!({ "query": query, "variables": variables }).to_string()
    }
}

/// A JSON value as the GraphQL literal that Hasura inlines.
pub fn literal(value: &Value) -> String {
    match value {
        Value::Number(number) if number.as_i64().is_some() => number.to_string(),
        Value::Number(number) => aeson::shown(&number.to_string()),
        Value::Array(items) => {
            format!(
                "[{}]",
                items.iter().map(literal).collect::<Vec<_>>().join(",")
            )
        }
        Value::Object(map) => {
            let fields: Vec<_> = map
                .iter()
                .map(|(k, v)| format!("{k}: {}", literal(v)))
                .collect();
            format!("{{{}}}", fields.join(","))
        }
        Value::Null | Value::Bool(_) | Value::String(_) => value.to_string(),
    }
}

/// Why Hasura fails the whole client query. Display is Hasura's own message.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum Fatal {
    /// The body is not JSON, or not an object.
    #[error("Remote server response is not valid JSON: {0}")]
    NotJson(String),
    /// `errors` is present and not null, even when it is empty.
    #[error("Errors from remote server")]
    Errors(Value),
    /// There is no `data` key.
    #[error("\"data\" field not found in remote response")]
    NoData,
    /// `data` is not an object.
    #[error("unexpected value for \"data\" in remote response")]
    DataNotObject,
    /// An alias is missing.
    #[error("failed to lookup key 'f{0}' in response")]
    Missing(u32),
}

/// Judges an answer as Hasura does; the HTTP status does not count. Returns the value of each alias.
pub fn judge(
    answer: &[u8],
    aliases: impl Iterator<Item = u32>,
) -> Result<HashMap<u32, Value>, Fatal> {
    let mut data = data_of(answer)?;
    aliases
        .map(|id| {
            data.remove(&format!("f{id}"))
                .map(|value| (id, value))
                .ok_or(Fatal::Missing(id))
        })
        .collect()
}

/// The `data` object of an answer, by the same rules.
pub fn data_of(answer: &[u8]) -> Result<Map<String, Value>, Fatal> {
    let value: Value =
        serde_json::from_slice(answer).map_err(|error| Fatal::NotJson(error.to_string()))?;
    let Value::Object(mut object) = value else {
        return Err(Fatal::NotJson("not an object".into()));
    };
    match object.remove("errors") {
        None | Some(Value::Null) => {}
        Some(errors) => return Err(Fatal::Errors(errors)),
    }
    match object.remove("data") {
        None => Err(Fatal::NoData),
        Some(Value::Object(data)) => Ok(data),
        Some(_) => Err(Fatal::DataNotObject),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target() -> Target {
        Target {
            field: "customerInsight".into(),
            argument: "personProfileId".into(),
            arguments: vec![],
            selection: "{ tier  churnRisk { score  } }".into(),
            definitions: vec![],
        }
    }

    #[test]
    fn the_request_is_printed_as_hasura_prints_it() {
        let (mut step, mut keys) = (Step::default(), Keys::default());
        for key in [
            "7a0c0f7e-7f8c-4a63-9b0e-6a4f1d8f2b11",
            "1b5d6c0e-0d0b-4f57-9a51-0b6b4f0c8f02",
        ] {
            keys.note(&mut step, &json!(key));
        }
        assert_eq!(
            body(&query_text(&target(), &keys), &Map::new()),
            concat!(
                r#"{"query":"query  { f0: customerInsight(personProfileId: \"7a0c0f7e-7f8c-4a63-9b0e-6a4f1d8f2b11\") "#,
                r#"{ tier  churnRisk { score  } } f1: customerInsight(personProfileId: "#,
                r#"\"1b5d6c0e-0d0b-4f57-9a51-0b6b4f0c8f02\") { tier  churnRisk { score  } } }"}"#
            )
        );
    }

    #[test]
    fn a_users_argument_travels_as_a_variable() {
        let (mut step, mut keys) = (Step::default(), Keys::default());
        keys.note(&mut step, &json!(42));
        let mut target = target();
        target.arguments = vec!["asOf: $asOf".into()];
        target.definitions = vec!["$asOf: timestamptz!".into()];
        let text = query_text(&target, &keys);
        assert_eq!(
            text,
            "query ($asOf: timestamptz!) { f0: customerInsight(personProfileId: 42,asOf: $asOf) { tier  churnRisk { score  } } }"
        );
        let variables = Map::from_iter([("asOf".to_owned(), json!("2026-01-01"))]);
        assert!(body(&text, &variables).ends_with(r#""variables":{"asOf":"2026-01-01"}}"#));
    }

    #[test]
    fn keys_are_deduplicated_nulls_skipped_and_the_counter_shared() {
        let (mut step, mut a, mut b) = (Step::default(), Keys::default(), Keys::default());
        assert_eq!(a.note(&mut step, &json!("x")), Some(0));
        assert_eq!(b.note(&mut step, &json!("x")), Some(1));
        assert_eq!(a.note(&mut step, &Value::Null), None);
        assert_eq!(a.note(&mut step, &json!("y")), Some(2));
        assert_eq!(a.note(&mut step, &json!("x")), Some(0));
        assert_eq!(a.aliases().collect::<Vec<_>>(), [0, 2]);
        assert_eq!(b.aliases().collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn literals_follow_json_to_graphql() {
        for (value, text) in [
            (json!("a\"b"), r#""a\"b""#),
            (json!(9_007_199_254_740_993_i64), "9007199254740993"),
            (json!(0.05), "5.0e-2"),
            (json!(1e20), "1.0e20"),
            (json!(true), "true"),
            (json!([1, "a"]), r#"[1,"a"]"#),
            (json!({"a": null}), "{a: null}"),
        ] {
            assert_eq!(literal(&value), text);
        }
    }

    #[test]
    fn the_judge_is_as_hard_as_hasura() {
        let judged = |text: &str| judge(text.as_bytes(), [0, 1].into_iter());
        let good =
            judged(r#"{"data":{"f1":null,"f0":{"tier":"GOLD"}},"errors":null,"extensions":{}}"#)
                .unwrap();
        assert_eq!(good[&1], Value::Null);
        assert!(matches!(
            judged(r#"{"data":{"f0":1,"f1":2},"errors":[]}"#),
            Err(Fatal::Errors(_))
        ));
        assert_eq!(judged(r#"{"data":{"f0":null}}"#), Err(Fatal::Missing(1)));
        assert_eq!(judged(r#"{"data":null}"#), Err(Fatal::DataNotObject));
        assert_eq!(judged("{}"), Err(Fatal::NoData));
        assert!(matches!(judged("[]"), Err(Fatal::NotJson(_))));
        assert!(matches!(judged("<html>"), Err(Fatal::NotJson(_))));
    }
}
