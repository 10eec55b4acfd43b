//! Prints GraphQL as Hasura's printer does: every field is followed by a space even without a selection, siblings are joined by
//! one more (`{ id  tier  }`), arguments are separated by a comma alone.
//!
//! Fragments are expanded, as Hasura expands them; directives are refused, since Hasura evaluates them itself.

use std::collections::HashMap;

use async_graphql_parser::Positioned;
use async_graphql_parser::types::{Field, FragmentDefinition, Selection, SelectionSet};
use async_graphql_value::{Name, Value};

use super::error::{Error, Result};

/// The fragments of a document.
pub type Fragments = HashMap<Name, Positioned<FragmentDefinition>>;

/// How deep fragments and selections may nest.
const DEPTH_MAX: usize = 32;

/// The fields of a selection set, with fragments expanded in place.
pub fn fields<'a>(set: &'a SelectionSet, fragments: &'a Fragments) -> Result<Vec<&'a Field>> {
    let mut out = Vec::new();
    expand(set, fragments, DEPTH_MAX, &mut out)?;
    Ok(out)
}

fn expand<'a>(
    set: &'a SelectionSet,
    fragments: &'a Fragments,
    depth: usize,
    out: &mut Vec<&'a Field>,
) -> Result<()> {
    let depth = depth
        .checked_sub(1)
        .ok_or_else(|| Error::Query("nested too deeply".into()))?;
    for selection in &set.items {
        if !selection.node.directives().is_empty() {
            return Err(Error::Query(
                "the stand-in does not evaluate directives".into(),
            ));
        }
        match &selection.node {
            Selection::Field(field) => out.push(&field.node),
            Selection::InlineFragment(inline) => {
                expand(&inline.node.selection_set.node, fragments, depth, out)?;
            }
            Selection::FragmentSpread(spread) => {
                let name = &spread.node.fragment_name.node;
                let fragment = fragments
                    .get(name)
                    .ok_or_else(|| Error::Query(format!("unknown fragment {name}")))?;
                expand(&fragment.node.selection_set.node, fragments, depth, out)?;
            }
        }
    }
    Ok(())
}

/// A selection set: `{ id  tier  }`; empty for a leaf.
pub fn selection(set: &SelectionSet, fragments: &Fragments) -> Result<String> {
    nested(set, fragments, DEPTH_MAX)
}

fn nested(set: &SelectionSet, fragments: &Fragments, depth: usize) -> Result<String> {
    if set.items.is_empty() {
        return Ok(String::new());
    }
    let depth = depth
        .checked_sub(1)
        .ok_or_else(|| Error::Query("nested too deeply".into()))?;
    let mut printed = Vec::new();
    for field in fields(set, fragments)? {
        printed.push(format!(
            "{} {}",
            head(field),
            nested(&field.selection_set.node, fragments, depth)?
        ));
    }
    Ok(format!("{{ {} }}", printed.join(" ")))
}

/// One field with its selection: `alias: name(args) { … }`.
pub fn field(field: &Field, fragments: &Fragments) -> Result<String> {
    Ok(format!(
        "{} {}",
        head(field),
        selection(&field.selection_set.node, fragments)?
    ))
}

fn head(field: &Field) -> String {
    let alias = field
        .alias
        .as_ref()
        .map(|a| format!("{}: ", a.node))
        .unwrap_or_default();
    let arguments = match arguments(field) {
        list if list.is_empty() => String::new(),
        list => format!("({})", list.join(",")),
    };
    format!("{alias}{}{arguments}", field.name.node)
}

/// The arguments of a field, printed one by one.
pub fn arguments(field: &Field) -> Vec<String> {
    field
        .arguments
        .iter()
        .map(|(name, v)| format!("{}: {}", name.node, value(&v.node)))
        .collect()
}

/// A value.
pub fn value(of: &Value) -> String {
    match of {
        Value::Variable(name) => format!("${name}"),
        Value::Null | Value::Binary(_) => "null".into(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => serde_json::Value::from(text.as_str()).to_string(),
        Value::Boolean(flag) => flag.to_string(),
        Value::Enum(name) => name.to_string(),
        Value::List(items) => {
            format!(
                "[{}]",
                items.iter().map(value).collect::<Vec<_>>().join(",")
            )
        }
        Value::Object(map) => {
            let fields: Vec<_> = map
                .iter()
                .map(|(k, v)| format!("{k}: {}", value(v)))
                .collect();
            format!("{{{}}}", fields.join(","))
        }
    }
}

/// Adds the names of the variables that a field and what is below it use.
pub fn variables(of: &Field, fragments: &Fragments, out: &mut Vec<Name>) -> Result<()> {
    for (_, argument) in &of.arguments {
        used(&argument.node, out);
    }
    for inner in fields(&of.selection_set.node, fragments)? {
        variables(inner, fragments, out)?;
    }
    Ok(())
}

fn used(value: &Value, out: &mut Vec<Name>) {
    match value {
        Value::Variable(name) if !out.contains(name) => out.push(name.clone()),
        Value::List(items) => items.iter().for_each(|item| used(item, out)),
        Value::Object(map) => map.values().for_each(|item| used(item, out)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(query: &str) -> String {
        let document = async_graphql_parser::parse_query(query).unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        selection(&operation.node.selection_set.node, &document.fragments).unwrap()
    }

    #[test]
    fn selections_are_printed_with_hasuras_spaces() {
        assert_eq!(
            print("{ tier churnRisk { score } }"),
            "{ tier  churnRisk { score  } }"
        );
        assert_eq!(
            print(r#"{ a: list(first: 3, kinds: [A, B], x: {y: "z"}, n: null, v: $v) { id } }"#),
            r#"{ a: list(first: 3,kinds: [A,B],x: {y: "z"},n: null,v: $v) { id  } }"#
        );
    }

    #[test]
    fn fragments_are_expanded_and_cycles_refused() {
        let spread = "query { ...F } fragment F on Query { a ... on Query { b } }";
        assert_eq!(print(spread), "{ a  b  }");
        let cyclic = "query { ...F } fragment F on Query { a ...F }";
        let document = async_graphql_parser::parse_query(cyclic).unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        assert!(selection(&operation.node.selection_set.node, &document.fragments).is_err());
    }
}
