//! `where` and `order_by` of the person list, as far as the demo needs them, to SQL.
//!
//! Columns come from a fixed list; values are bound, never printed. Absent: ranges, relationships, JSON operators.

use serde_json::Value;

use crate::demo::error::{Error, Result};

/// Columns of `backoffice.person_profiles` that the gateway shows.
pub(super) const COLUMNS: &[&str] = &[
    "id",
    "tenant_id",
    "first_name",
    "last_name",
    "email",
    "phone",
    "date_of_birth",
    "dietary_needs",
    "has_email",
    "has_phone",
    "marketing_consent",
    "marketing_consent_at",
    "profiling_objection_at",
    "locale",
    "merged_into_id",
    "pii_redacted_at",
    "created_at",
    "updated_at",
];

/// How deep a filter may nest.
const DEPTH_MAX: u8 = 8;

/// A condition with the texts bound to `$n`, each an array of text.
#[derive(Debug, Default)]
pub(super) struct Filter {
    pub(super) sql: String,
    pub(super) binds: Vec<Vec<String>>,
}

/// Checks a column name.
pub(super) fn column(name: &str) -> Result<&'static str> {
    let found = COLUMNS.iter().find(|c| **c == name).copied();
    found.ok_or_else(|| {
        Error::Query(format!(
            "field '{name}' not found in type: 'backoffice_person_profiles'"
        ))
    })
}

/// Translates a `backoffice_person_profiles_bool_exp`; binds are numbered from `first`.
pub(super) fn condition(exp: &Value, first: usize) -> Result<Filter> {
    let mut filter = Filter::default();
    filter.sql = walk(exp, first, DEPTH_MAX, &mut filter.binds)?;
    Ok(filter)
}

fn walk(exp: &Value, first: usize, depth: u8, binds: &mut Vec<Vec<String>>) -> Result<String> {
    let depth = depth
        .checked_sub(1)
        .ok_or_else(|| Error::Query("where: nested too deeply".into()))?;
    let Value::Object(map) = exp else {
        return Err(Error::Query("where: expected an object".into()));
    };
    let mut parts = vec!["true".to_owned()];
    for (key, value) in map {
        parts.push(match key.as_str() {
            "_and" => joined(value, "and", first, depth, binds)?,
            "_or" => joined(value, "or", first, depth, binds)?,
            "_not" => format!("not coalesce({}, false)", walk(value, first, depth, binds)?),
            name => comparisons(column(name)?, value, first, binds)?,
        });
    }
    Ok(format!("({})", parts.join(" and ")))
}

fn joined(
    list: &Value,
    word: &str,
    first: usize,
    depth: u8,
    binds: &mut Vec<Vec<String>>,
) -> Result<String> {
    let items = match list {
        Value::Array(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    let neutral = if word == "and" { "true" } else { "false" };
    let mut parts = vec![neutral.to_owned()];
    for item in items {
        parts.push(walk(item, first, depth, binds)?);
    }
    Ok(format!("({})", parts.join(&format!(" {word} "))))
}

fn comparisons(
    column: &str,
    value: &Value,
    first: usize,
    binds: &mut Vec<Vec<String>>,
) -> Result<String> {
    let Value::Object(operators) = value else {
        return Err(Error::Query(format!("where.{column}: expected an object")));
    };
    let mut parts = vec!["true".to_owned()];
    for (operator, operand) in operators {
        if operator == "_is_null" {
            let not = if operand == &Value::Bool(false) {
                "not "
            } else {
                ""
            };
            parts.push(format!("{column} is {not}null"));
            continue;
        }
        let texts = match operand {
            Value::Array(items) => items.iter().map(text).collect(),
            one => vec![text(one)],
        };
        binds.push(texts);
        let bind = format!("any(${}::text[])", first + binds.len() - 1);
        parts.push(match operator.as_str() {
            "_eq" | "_in" if column == "id" => format!("id = {}", bind.replace("text", "uuid")),
            "_eq" | "_in" => format!("{column}::text = {bind}"),
            "_neq" => format!("{column}::text <> {bind}"),
            "_like" => format!("{column}::text like {bind}"),
            "_ilike" => format!("{column}::text ilike {bind}"),
            other => {
                return Err(Error::Query(format!(
                    "where.{column}: unknown operator '{other}'"
                )));
            }
        });
    }
    Ok(parts.join(" and "))
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Translates `order_by`; the id is always the last key, so that pages never overlap.
pub(super) fn order(order_by: Option<&Value>) -> Result<String> {
    let items = match order_by {
        None | Some(Value::Null) => &[],
        Some(Value::Array(items)) => items.as_slice(),
        Some(one) => std::slice::from_ref(one),
    };
    let mut keys = Vec::new();
    for (name, direction) in items.iter().filter_map(Value::as_object).flatten() {
        let direction = match direction.as_str().unwrap_or_default() {
            "asc" => "asc",
            "asc_nulls_first" => "asc nulls first",
            "desc" => "desc",
            "desc_nulls_last" => "desc nulls last",
            other => {
                return Err(Error::Query(format!(
                    "order_by.{name}: unknown direction '{other}'"
                )));
            }
        };
        keys.push(format!("{} {direction}", column(name)?));
    }
    keys.push("id asc".to_owned());
    Ok(keys.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_search_becomes_bound_sql() {
        let exp = json!({"_or": [{"last_name": {"_ilike": "mül%"}}, {"email": {"_ilike": "mül%"}}], "merged_into_id": {"_is_null": true}});
        let filter = condition(&exp, 2).unwrap();
        assert_eq!(
            filter.sql,
            "(true and (false or (true and true and last_name::text ilike any($2::text[])) or \
             (true and true and email::text ilike any($3::text[]))) and true and merged_into_id is null)"
        );
        assert_eq!(
            filter.binds,
            [vec!["mül%".to_owned()], vec!["mül%".to_owned()]]
        );
    }

    #[test]
    fn unknown_columns_and_operators_are_refused() {
        assert!(condition(&json!({"1=1; drop": {"_eq": 1}}), 1).is_err());
        assert!(condition(&json!({"id": {"_raw": 1}}), 1).is_err());
        assert!(order(Some(&json!({"last_name": "asc; drop"}))).is_err());
        assert_eq!(
            order(Some(&json!([{"last_name": "asc"}]))).unwrap(),
            "last_name asc, id asc"
        );
    }
}
