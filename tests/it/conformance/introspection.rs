//! Whether Hasura takes an introspection answer (`GraphQL/RemoteServer.hs`), and what it keeps of it.

use serde_json::Value;

use super::build;
use super::grammar::parse_constant;
use super::lexer::is_name;
use super::schema::{Document, Field, InputValue, Kind, Roots, TypeDef, TypeRef};

/// Hasura's query, byte for byte as it goes over the wire.
pub(crate) const QUERY: &str = include_str!("introspection.graphql");

/// The body of the introspection request.
pub(crate) fn request() -> String {
    serde_json::json!({ "operationName": "IntrospectionQuery", "query": QUERY.trim_end() })
        .to_string()
}

/// Reads an answer as Hasura does; every fault that would make the remote schema inconsistent is an error.
pub(crate) fn read(answer: &[u8]) -> Result<Document, String> {
    let answer: Value =
        serde_json::from_slice(answer).map_err(|error| format!("not JSON: {error}"))?;
    let schema = &answer["data"]["__schema"];
    let types = schema["types"]
        .as_array()
        .ok_or("data.__schema.types is no list")?;
    let types = types
        .iter()
        .map(type_definition)
        .collect::<Result<Vec<_>, _>>()?;
    let mut roots = Roots {
        query: Some(text(&schema["queryType"], "name")?.to_owned()),
        mutation: root(&schema["mutationType"])?,
        subscription: root(&schema["subscriptionType"])?,
    };
    for (root, adopted) in [
        (&mut roots.mutation, "Mutation"),
        (&mut roots.subscription, "Subscription"),
    ] {
        let is_object = |ty: &TypeDef| ty.name == adopted && matches!(ty.kind, Kind::Object { .. });
        if root.is_none() && types.iter().any(is_object) {
            *root = Some(adopted.to_owned());
        }
    }
    let faults = build::faults(&types, &roots);
    if faults.is_empty() {
        Ok(Document {
            schemas: vec![roots],
            types,
        })
    } else {
        Err(faults.join("\n"))
    }
}

fn root(value: &Value) -> Result<Option<String>, String> {
    if value.is_null() {
        Ok(None)
    } else {
        Ok(Some(text(value, "name")?.to_owned()))
    }
}

fn text<'a>(value: &'a Value, key: &str) -> Result<&'a str, String> {
    value[key]
        .as_str()
        .ok_or_else(|| format!("{key} is no string in {value}"))
}

fn name(value: &Value) -> Result<String, String> {
    let name = text(value, "name")?;
    if is_name(name) {
        Ok(name.to_owned())
    } else {
        Err(format!("{name:?} is no GraphQL name"))
    }
}

fn list<'a>(value: &'a Value, key: &str) -> Result<&'a [Value], String> {
    value[key]
        .as_array()
        .map(Vec::as_slice)
        .ok_or_else(|| format!("{key} is no list in {}", value["name"]))
}

/// A list, or nothing where null is allowed.
fn some<'a>(value: &'a Value, key: &str) -> Result<&'a [Value], String> {
    if value[key].is_null() {
        Ok(&[])
    } else {
        list(value, key)
    }
}

fn type_definition(value: &Value) -> Result<TypeDef, String> {
    let kind = match text(value, "kind")? {
        "SCALAR" => Kind::Scalar,
        "OBJECT" => Kind::Object {
            interfaces: names(some(value, "interfaces")?, "INTERFACE")?,
            fields: each(some(value, "fields")?, field)?,
        },
        "INTERFACE" => Kind::Interface {
            fields: each(some(value, "fields")?, field)?,
            possible: names(some(value, "possibleTypes")?, "OBJECT")?,
        },
        "UNION" => Kind::Union {
            members: names(list(value, "possibleTypes")?, "OBJECT")?,
        },
        "ENUM" => Kind::Enum {
            values: each(list(value, "enumValues")?, name)?,
        },
        "INPUT_OBJECT" => Kind::InputObject {
            fields: each(some(value, "inputFields")?, input_value)?,
        },
        other => return Err(format!("unknown kind: {other}")),
    };
    Ok(TypeDef {
        name: name(value)?,
        kind,
        directives: vec![],
    })
}

fn each<T>(values: &[Value], read: fn(&Value) -> Result<T, String>) -> Result<Vec<T>, String> {
    values.iter().map(read).collect()
}

fn names(values: &[Value], kind: &str) -> Result<Vec<String>, String> {
    let named = |value: &Value| {
        if value["kind"] == kind {
            name(value)
        } else {
            Err(format!("{} is no {kind}", value["name"]))
        }
    };
    values.iter().map(named).collect()
}

fn field(value: &Value) -> Result<Field, String> {
    Ok(Field {
        name: name(value)?,
        arguments: each(list(value, "args")?, input_value)?,
        ty: type_ref(&value["type"])?,
        directives: vec![],
    })
}

fn input_value(value: &Value) -> Result<InputValue, String> {
    let default = match &value["defaultValue"] {
        Value::Null => None,
        Value::String(text) => Some(parse_constant(text)?),
        other => {
            return Err(format!(
                "defaultValue is neither null nor a string: {other}"
            ));
        }
    };
    Ok(InputValue {
        name: name(value)?,
        ty: type_ref(&value["type"])?,
        default,
        directives: vec![],
    })
}

fn type_ref(value: &Value) -> Result<TypeRef, String> {
    match text(value, "kind")? {
        "NON_NULL" => Ok(match type_ref(&value["ofType"])? {
            TypeRef::Named { name, .. } => TypeRef::Named {
                name,
                nullable: false,
            },
            TypeRef::List { of, .. } => TypeRef::List {
                of,
                nullable: false,
            },
        }),
        "LIST" => Ok(TypeRef::List {
            of: Box::new(type_ref(&value["ofType"])?),
            nullable: true,
        }),
        _ => Ok(TypeRef::Named {
            name: name(value)?,
            nullable: true,
        }),
    }
}

#[cfg(test)]
fn answer(types: &Value) -> Vec<u8> {
    serde_json::json!({ "data": { "__schema": {
        "queryType": { "name": "Query" }, "mutationType": null, "subscriptionType": null, "types": types,
    } } })
    .to_string()
    .into_bytes()
}

#[test]
fn faults_that_make_a_remote_schema_inconsistent_are_found() {
    let field =
        |ty: Value, args: Value| serde_json::json!({ "name": "a", "args": args, "type": ty });
    let int = || serde_json::json!({ "kind": "SCALAR", "name": "Int", "ofType": null });
    let query = |field: Value| serde_json::json!([{ "kind": "OBJECT", "name": "Query", "fields": [field], "interfaces": [] }]);
    let argument = |default: Value| serde_json::json!([{ "name": "b", "type": int(), "defaultValue": default }]);

    let good = read(&answer(&query(field(int(), argument(Value::from("10")))))).unwrap();
    assert_eq!(good.types.len(), 1);
    let cases = [
        (
            query(field(int(), argument(Value::from("{a}")))),
            "endOfInput",
        ),
        (query(field(int(), Value::Null)), "args is no list"),
        (
            query(field(
                serde_json::json!({ "kind": "OBJECT", "name": "Gone" }),
                serde_json::json!([]),
            )),
            "Could not find type",
        ),
        (
            serde_json::json!([{ "kind": "SCALAR", "name": "Query" }]),
            "has to be an object type",
        ),
        (
            serde_json::json!([{ "kind": "THING", "name": "Query" }]),
            "unknown kind",
        ),
        (
            serde_json::json!([{ "kind": "SCALAR", "name": "a-b" }]),
            "no GraphQL name",
        ),
    ];
    for (types, reason) in cases {
        let said = read(&answer(&types)).unwrap_err();
        assert!(said.contains(reason), "{types} was answered with {said}");
    }
    assert!(read(br#"{"data":{"__schema":null}}"#).is_err());
}
