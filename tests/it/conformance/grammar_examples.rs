//! What Hasura's schema parser takes and what it refuses.

use super::grammar::{parse_constant, parse_schema};
use super::schema::{Const, Roots};

#[test]
fn a_schema_of_plain_definitions_is_accepted() {
    let document = parse_schema(
        r#"
        # a comment
        schema { query: Query }
        "a description" type Query implements Node {
            insight(id: uuid! @preset(value: "x-hasura-user-id"), list: [Int!]! = [1, 2]): Insight
            "another" node: [Node!]!
        }
        interface Node { id: ID! }
        union Any = Insight | Query
        enum Tier { GOLD SILVER }
        input Filter { tier: Tier = GOLD, deep: Filter }
        scalar uuid
        "#,
    )
    .unwrap();
    assert_eq!(document.types.len(), 6);
    assert_eq!(
        document.schemas,
        [Roots {
            query: Some("Query".into()),
            ..Roots::default()
        }]
    );
    let query = &document.types[0].kind.fields()[0];
    assert_eq!(query.arguments[0].directives[0].name, "preset");
    assert_eq!(query.arguments[1].ty.to_string(), "[Int!]!");
    assert_eq!(
        query.arguments[1].default,
        Some(Const::List(vec![
            Const::Number("1".into()),
            Const::Number("2".into())
        ]))
    );
}

#[test]
fn what_hasuras_parser_refuses_is_refused() {
    for text in [
        "",
        "type Query { a: Int } directive @include(if: Boolean!) on FIELD",
        "extend type Query { a: Int }",
        "union Any = | A | B",
        "type Query implements & Node { a: Int }",
        "type Query implements A & B { a: Int }",
        "interface A implements B { a: Int }",
        "type Query { }",
        "type Query { a(): Int }",
        "\"\"\"block\"\"\" type Query { a: Int }",
        "enum Tier { GOLD @deprecated }",
        "schema { request: Query }",
        "type Query { a: Int",
        "type Query { a }",
        "fragment F on Query { a }",
    ] {
        assert!(parse_schema(text).is_err(), "{text} was accepted");
    }
}

#[test]
fn a_default_value_must_be_one_whole_constant() {
    for text in [
        "SILVER",
        "10",
        "-1.5e3",
        "[]",
        r#""a\"b""#,
        "{a: [1, null], b: true}",
    ] {
        assert!(parse_constant(text).is_ok(), "{text} was refused");
    }
    for text in [
        "",
        "10 11",
        "$a",
        "[1",
        "{a 1}",
        "undefined()",
        "'a'",
        "\"a",
        "1-2",
    ] {
        assert!(parse_constant(text).is_err(), "{text} was accepted");
    }
}
