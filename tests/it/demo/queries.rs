//! Every field that the pages and the console's examples ask of the service exists in the committed schema.

use std::collections::HashMap;

use async_graphql_parser::types::{
    Field, FieldDefinition, ServiceDocument, Type, TypeKind, TypeSystemDefinition,
};
use async_graphql_parser::{Positioned, parse_query, parse_schema};
use customer_intelligence::demo::page::queries;
use customer_intelligence::demo::printer::{Fragments, fields};

const SCHEMA: &str = include_str!("../../../schema.graphql");

type Types = HashMap<String, Vec<Positioned<FieldDefinition>>>;

fn types(document: ServiceDocument) -> Types {
    let mut types = Types::new();
    for definition in document.definitions {
        let TypeSystemDefinition::Type(definition) = definition else {
            continue;
        };
        if let TypeKind::Object(object) = definition.node.kind {
            types.insert(definition.node.name.node.to_string(), object.fields);
        }
    }
    types
}

fn named(of: &Type) -> String {
    of.to_string().replace(['[', ']', '!'], "")
}

/// Complains about a field, an argument or a selection that the schema does not have.
fn check(types: &Types, on: &str, field: &Field, fragments: &Fragments) {
    let name = &field.name.node;
    if name == "__typename" {
        return;
    }
    let known = types
        .get(on)
        .and_then(|fields| fields.iter().find(|f| f.node.name.node == *name));
    let known = &known
        .unwrap_or_else(|| panic!("{on}.{name} does not exist"))
        .node;
    for (argument, _) in &field.arguments {
        let found = known
            .arguments
            .iter()
            .any(|a| a.node.name.node == argument.node);
        assert!(found, "{on}.{name} has no argument {}", argument.node);
    }
    let target = named(&known.ty.node);
    let inner = fields(&field.selection_set.node, fragments).expect("a selection");
    assert_eq!(
        inner.is_empty(),
        !types.contains_key(&target),
        "selection of {on}.{name}"
    );
    for field in inner {
        check(types, &target, field, fragments);
    }
}

#[test]
fn the_pages_ask_only_for_what_the_schema_has() {
    let types = types(parse_schema(SCHEMA).expect("a schema"));
    let pages = [
        queries::LIST,
        queries::LIST_WITHOUT_INSIGHT,
        queries::PROFILE,
        queries::INSIGHT,
    ];
    let examples = queries::EXAMPLES.iter().map(|(_, query)| *query);
    let mut checked = 0;
    for query in pages.into_iter().chain(examples) {
        let document = parse_query(query).expect("a query");
        for (_, operation) in document.operations.iter() {
            let roots = fields(&operation.node.selection_set.node, &document.fragments);
            for root in roots.expect("roots") {
                if !root.name.node.starts_with("backoffice_") {
                    check(&types, "Query", root, &document.fragments);
                    checked += 1;
                    continue;
                }
                let columns = fields(&root.selection_set.node, &document.fragments);
                for field in columns
                    .expect("columns")
                    .iter()
                    .filter(|f| f.name.node == "customer_insight")
                {
                    check(&types, "Query", field, &document.fragments);
                    checked += 1;
                }
            }
        }
    }
    assert!(
        checked >= 5,
        "only {checked} selections of the service were found"
    );
}
