//! The committed SDL, held against the program and against what Hasura can take.

use customer_intelligence::graphql::sdl;
use graphql_parser::schema::{Definition, Document, Field, InputValue, Type, TypeDefinition};

const COMMITTED: &str = include_str!("../../../schema.graphql");

fn parsed() -> Document<'static, &'static str> {
    graphql_parser::parse_schema(COMMITTED).unwrap()
}

fn objects<'d>(
    document: &'d Document<'static, &'static str>,
) -> impl Iterator<Item = (&'static str, &'d [Field<'static, &'static str>])> {
    document
        .definitions
        .iter()
        .filter_map(|definition| match definition {
            Definition::TypeDefinition(TypeDefinition::Object(object)) => {
                Some((object.name, object.fields.as_slice()))
            }
            _ => None,
        })
}

#[test]
fn the_committed_schema_is_the_program_s() {
    assert!(
        sdl() == COMMITTED,
        "schema.graphql is out of date; run: customer-intelligence schema > schema.graphql"
    );
}

#[test]
fn no_argument_has_a_default_because_hasura_s_role_permissions_break_on_them() {
    for (object, fields) in objects(&parsed()) {
        for field in fields {
            for InputValue {
                name,
                default_value,
                ..
            } in &field.arguments
            {
                assert!(default_value.is_none(), "{object}.{}({name})", field.name);
            }
        }
    }
}

#[test]
fn names_are_snake_case_below_and_pascal_case_above_and_everything_is_described() {
    let snake = |name: &str| !name.chars().any(|c| c.is_ascii_uppercase());
    let document = parsed();
    for (object, fields) in objects(&document) {
        assert!(
            object.starts_with(|c: char| c.is_ascii_uppercase()),
            "{object}"
        );
        for field in fields {
            assert!(snake(field.name), "{object}.{}", field.name);
            assert!(
                field.description.is_some(),
                "{object}.{} has no description",
                field.name
            );
            for argument in &field.arguments {
                assert!(
                    snake(argument.name) && argument.description.is_some(),
                    "{}",
                    argument.name
                );
            }
        }
    }
    for definition in &document.definitions {
        let Definition::TypeDefinition(definition) = definition else {
            continue;
        };
        let (name, description) = match definition {
            TypeDefinition::Scalar(it) => (it.name, &it.description),
            TypeDefinition::Object(it) => (it.name, &it.description),
            TypeDefinition::Interface(it) => (it.name, &it.description),
            TypeDefinition::Union(it) => (it.name, &it.description),
            TypeDefinition::Enum(it) => (it.name, &it.description),
            TypeDefinition::InputObject(it) => (it.name, &it.description),
        };
        assert!(description.is_some(), "{name} has no description");
    }
}

#[test]
fn the_roots_have_the_names_that_hasura_assumes_and_there_are_no_subscriptions() {
    let document = parsed();
    let names: Vec<&str> = objects(&document).map(|(name, _)| name).collect();
    assert!(names.contains(&"Query") && names.contains(&"Mutation"));
    assert!(!names.contains(&"Subscription"));
}

#[test]
fn what_a_join_reaches_first_is_nullable() {
    let document = parsed();
    let nullable = |object: &str, except: &[&str]| {
        let (_, fields) = objects(&document)
            .find(|(name, _)| *name == object)
            .unwrap();
        for field in fields.iter().filter(|field| !except.contains(&field.name)) {
            let non_null = matches!(field.field_type, Type::NonNullType(_));
            assert!(!non_null, "{object}.{} must be nullable", field.name);
        }
    };
    nullable("Query", &[]);
    nullable("CustomerInsight", &["person_profile_id", "status"]);
    nullable("BehaviorAggregate", &[]);
}
