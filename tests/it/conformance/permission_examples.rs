//! What Hasura takes and what it refuses, so that the judge itself is judged.

use super::grammar;
use super::permission::complaints;
use super::schema::Document;

/// What every refused example needs besides its own line.
const REST: &str = "type Insight { id: uuid! } scalar uuid";

/// Examples, each with a word of the reason for which it is refused.
const DEVIATIONS: &[(&str, &str)] = &[
    (
        "type Query { insight(id: uuid! = \"a\"): Insight }",
        "default value",
    ),
    (
        "type Query { page(first: Int): [Insight!]! }",
        "default value",
    ),
    (
        "type Query { insight(id: uuid!): Insight @deprecated }",
        "Directive: \"deprecated\"",
    ),
    (
        "type Query @preset(value: 1) { insight(id: uuid!): Insight }",
        "Preset directives",
    ),
    ("type Query { insight: Insight }", "non nullable arguments"),
    (
        "type Query { insight(id: uuid): Insight }",
        "non nullable arguments",
    ),
    (
        "type Query { insight(id: uuid!, as_of: timestamptz!): Insight } scalar timestamptz",
        "to be timestamptz but",
    ),
    (
        "type Query { insight(id: uuid!): Insight! }",
        "to be Insight but received Insight!",
    ),
    (
        "type Query { page: [Insight]! }",
        "to be [Insight!]! but received [Insight]!",
    ),
    (
        "type Query { other: Insight }",
        "field \"other\" does not exist",
    ),
    (
        "type Query { insight(id: uuid!, more: Int): Insight }",
        "input argument \"more\" does not exist",
    ),
    (
        "type Query { insight(id: uuid!): Insight } scalar jsonb",
        "Scalar: \"jsonb\" does not exist",
    ),
    (
        "type Query { insight(id: uuid!): Insight } type Extra { a: Int }",
        "Object: \"Extra\" does not exist",
    ),
    (
        "type Query { insight(id: uuid!): Insight } enum Tier { BRONZE }",
        "does not exist: BRONZE",
    ),
    (
        "type Query { insight(id: uuid!): Insight } input Filter { text: String }",
        "non nullable arguments",
    ),
    (
        "type Query { insight(id: uuid!, as_of: timestamptz): Insight }",
        "Could not find type with name timestamptz",
    ),
    (
        "type Query { insight(id: uuid!, ids: [uuid!] @preset(value: \"x-hasura-ids\")): Insight }",
        "singleton",
    ),
    (
        "type Query { insight(id: uuid! @preset(value: GOLD)): Insight }",
        "does not fit",
    ),
    (
        "type Query { insight(id: uuid! @preset(static: true)): Insight }",
        "\"value\" not found",
    ),
    (
        "schema { query: Root } type Query { insight(id: uuid!): Insight }",
        "Could not find type with name Root",
    ),
    (
        "schema { query: Query } schema { query: Query } type Query { insight(id: uuid!): Insight }",
        "multiple schema",
    ),
    (
        "type Query { insight(id: uuid!): Insight } directive @skip(if: Boolean!) on FIELD",
        "endOfInput",
    ),
    (
        "type Query { insight(id: uuid!): Insight insight(id: uuid!): Insight }",
        "duplicate fields",
    ),
];

/// What Hasura would hold of this schema, were it served.
fn upstream() -> Document {
    grammar::parse_schema(
        "type Query {
            insight(id: uuid!, as_of: timestamptz, tier: Tier, ids: [uuid!]): Insight
            page(first: Int = 10, where: Filter): [Insight!]!
        }
        type Insight { id: uuid! tier: Tier score: Float }
        input Filter { tier: Tier! text: String }
        enum Tier { GOLD SILVER }
        scalar uuid
        scalar timestamptz",
    )
    .unwrap()
}

#[test]
fn a_subset_with_equal_types_is_taken() {
    let taken = [
        "schema { query: Query } type Query { insight(id: uuid!): Insight } type Insight { id: uuid! } scalar uuid",
        "type Query { insight(id: uuid! @preset(value: \"x-hasura-user-id\")): Insight } type Insight { tier: Tier } enum Tier { GOLD } scalar uuid",
        "type Query { page(first: Int = 10, where: Filter): [Insight!]! } type Insight { score: Float } input Filter { tier: Tier! } enum Tier { GOLD SILVER }",
    ];
    for sdl in taken {
        assert_eq!(complaints(&upstream(), sdl), Vec::<String>::new(), "{sdl}");
    }
}

#[test]
fn each_deviation_is_refused_for_its_own_reason() {
    for (query, reason) in DEVIATIONS {
        let said = complaints(&upstream(), &format!("{query} {REST}"));
        assert!(
            said.iter().any(|complaint| complaint.contains(reason)),
            "{query}\nwas answered with {said:?}"
        );
    }
}
