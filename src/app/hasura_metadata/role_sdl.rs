//! What one role may see of our schema, in the words Hasura's permission parser understands.
//!
//! That parser takes neither directive definitions nor block-string descriptions nor `extend`, and compares types, nullability
//! and default values exactly (`RemoteSchema/SchemaCache/Permission.hs`, graphql-parser-hs). So the text is built anew from the
//! exported SDL: only definitions that are reachable from the granted root fields, without descriptions and directives.
//! Absent on purpose: subscriptions and argument presets (identity travels in the session headers).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anyhow::{Context as _, bail, ensure};
use async_graphql_parser::types::{
    BaseType, FieldDefinition, InputValueDefinition, Type, TypeDefinition, TypeKind,
    TypeSystemDefinition,
};

/// The root type of queries, by the name Hasura assumes.
pub(super) const ROOT: &str = "Query";
/// The root type of mutations, by the name Hasura assumes.
pub(super) const MUTATION: &str = "Mutation";
/// Scalars that are never defined.
const BUILT_IN: [&str; 5] = ["ID", "Int", "Float", "Boolean", "String"];

/// The exported schema, type by type.
#[derive(Debug)]
pub struct Upstream {
    types: BTreeMap<String, TypeDefinition>,
}

impl Upstream {
    /// Reads an SDL export. Refuses what could never be granted: argument defaults, type extensions, another root name.
    pub fn parse(sdl: &str) -> anyhow::Result<Self> {
        let document =
            async_graphql_parser::parse_schema(sdl).context("the exported schema is not SDL")?;
        let mut types = BTreeMap::new();
        for definition in document.definitions {
            match definition {
                TypeSystemDefinition::Type(definition) => {
                    let definition = definition.node;
                    ensure!(
                        !definition.extend,
                        "type {} is an extension",
                        definition.name.node
                    );
                    types.insert(definition.name.node.to_string(), definition);
                }
                TypeSystemDefinition::Schema(schema) => {
                    let query = schema.node.query.map(|name| name.node.to_string());
                    ensure!(
                        query.as_deref() == Some(ROOT),
                        "the query root must be named {ROOT}"
                    );
                    let mutation = schema.node.mutation.map(|name| name.node.to_string());
                    ensure!(
                        mutation.is_none_or(|name| name == MUTATION),
                        "the mutation root must be named {MUTATION}"
                    );
                }
                TypeSystemDefinition::Directive(_) => {}
            }
        }
        ensure!(
            types.contains_key(ROOT),
            "the exported schema has no type {ROOT}"
        );
        Ok(Self { types })
    }

    /// The SDL of a role that may read exactly the fields for which `allows(type, field)` holds.
    ///
    /// A field whose type has nothing left to read goes too. `None` when no root field remains.
    pub fn for_role(&self, allows: impl Fn(&str, &str) -> bool) -> anyhow::Result<Option<String>> {
        let kept = self.kept_fields(&allows);
        if kept.get(ROOT).is_none_or(BTreeSet::is_empty) {
            return Ok(None);
        }
        let mut roots = vec![ROOT];
        let mut out = format!("schema {{\n  query: {ROOT}\n");
        if kept.get(MUTATION).is_some_and(|fields| !fields.is_empty()) {
            roots.push(MUTATION);
            writeln!(out, "  mutation: {MUTATION}")?;
        }
        out.push_str("}\n");
        let reached = self.reachable(&roots, &kept);
        let rest = reached.into_iter().filter(|name| !roots.contains(name));
        for name in roots.iter().copied().chain(rest) {
            let definition = self
                .types
                .get(name)
                .context("a reachable type is defined")?;
            out.push('\n');
            print(&mut out, definition, kept.get(name))?;
        }
        Ok(Some(out))
    }

    /// Granted fields of every object and interface, until no kept field leads to an empty type.
    fn kept_fields(&self, allows: &impl Fn(&str, &str) -> bool) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut kept: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (name, definition) in &self.types {
            if let Some(fields) = fields_of(definition) {
                let granted = fields
                    .map(|field| field.name.node.as_str())
                    .filter(|field| allows(name, field));
                kept.insert(name, granted.collect());
            }
        }
        loop {
            let empty: BTreeSet<&str> = kept
                .iter()
                .filter(|(_, fields)| fields.is_empty())
                .map(|(name, _)| *name)
                .collect();
            let mut changed = false;
            for (name, definition) in &self.types {
                let Some(fields) = fields_of(definition) else {
                    continue;
                };
                let Some(granted) = kept.get_mut(name.as_str()) else {
                    continue;
                };
                for field in fields.filter(|field| empty.contains(named(&field.ty.node))) {
                    changed |= granted.remove(field.name.node.as_str());
                }
            }
            if !changed {
                return kept;
            }
        }
    }

    fn reachable<'a>(
        &'a self,
        roots: &[&'a str],
        kept: &BTreeMap<&str, BTreeSet<&str>>,
    ) -> BTreeSet<&'a str> {
        let mut reached = BTreeSet::new();
        let mut open = roots.to_vec();
        while let Some(name) = open.pop() {
            let Some((name, definition)) = self.types.get_key_value(name) else {
                continue;
            };
            if !reached.insert(name.as_str()) {
                continue;
            }
            match &definition.kind {
                TypeKind::Object(_) | TypeKind::Interface(_) => {
                    let granted = kept.get(name.as_str());
                    let fields = fields_of(definition).into_iter().flatten();
                    for field in fields.filter(|field| {
                        granted.is_some_and(|g| g.contains(field.name.node.as_str()))
                    }) {
                        open.push(named(&field.ty.node));
                        open.extend(
                            field
                                .arguments
                                .iter()
                                .map(|argument| named(&argument.node.ty.node)),
                        );
                    }
                }
                TypeKind::InputObject(input) => {
                    open.extend(input.fields.iter().map(|field| named(&field.node.ty.node)));
                }
                TypeKind::Union(union) => {
                    open.extend(union.members.iter().map(|member| member.node.as_str()));
                }
                TypeKind::Scalar | TypeKind::Enum(_) => {}
            }
        }
        reached
    }
}

fn fields_of(definition: &TypeDefinition) -> Option<impl Iterator<Item = &FieldDefinition>> {
    let fields = match &definition.kind {
        TypeKind::Object(object) => &object.fields,
        TypeKind::Interface(interface) => &interface.fields,
        _ => return None,
    };
    Some(fields.iter().map(|field| &field.node))
}

/// The type's name inside its lists.
fn named(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name,
        BaseType::List(inner) => named(inner),
    }
}

fn print(
    out: &mut String,
    definition: &TypeDefinition,
    granted: Option<&BTreeSet<&str>>,
) -> anyhow::Result<()> {
    let name = definition.name.node.as_str();
    match &definition.kind {
        TypeKind::Scalar if BUILT_IN.contains(&name) => {}
        TypeKind::Scalar => writeln!(out, "scalar {name}")?,
        TypeKind::Enum(values) => {
            writeln!(out, "enum {name} {{")?;
            for value in &values.values {
                writeln!(out, "  {}", value.node.value.node)?;
            }
            out.push_str("}\n");
        }
        TypeKind::InputObject(input) => {
            writeln!(out, "input {name} {{")?;
            for field in &input.fields {
                writeln!(out, "  {}", input_value(name, &field.node)?)?;
            }
            out.push_str("}\n");
        }
        TypeKind::Object(object) => {
            ensure!(
                object.implements.is_empty(),
                "type {name}: interfaces are not generated"
            );
            writeln!(out, "type {name} {{")?;
            for field in &object.fields {
                if granted.is_some_and(|fields| fields.contains(field.node.name.node.as_str())) {
                    writeln!(out, "  {}", field_line(&field.node)?)?;
                }
            }
            out.push_str("}\n");
        }
        TypeKind::Interface(_) | TypeKind::Union(_) => {
            bail!(
                "type {name}: interfaces and unions are not generated, every field of ours is of an object type"
            )
        }
    }
    Ok(())
}

fn field_line(field: &FieldDefinition) -> anyhow::Result<String> {
    let name = field.name.node.as_str();
    let arguments: Vec<String> = field
        .arguments
        .iter()
        .map(|argument| input_value(name, &argument.node))
        .collect::<Result<_, _>>()?;
    Ok(if arguments.is_empty() {
        format!("{name}: {}", field.ty.node)
    } else {
        format!("{name}({}): {}", arguments.join(", "), field.ty.node)
    })
}

fn input_value(owner: &str, value: &InputValueDefinition) -> anyhow::Result<String> {
    let name = &value.name.node;
    ensure!(
        value.default_value.is_none(),
        "{owner}.{name} has a default value, on which Hasura's role permissions break"
    );
    Ok(format!("{name}: {}", value.ty.node))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPORT: &str = r#"
        """
        Roots.
        """
        type Query {
            insight(id: uuid!, as_of: timestamptz): Insight
            search(where: Filter, order_by: [Order!]): [Insight!]!
            operations: Operations
        }
        type Insight { id: uuid! tier: Tier @deprecated(reason: "old") score: Score }
        type Score { value: Float "why" because: String }
        type Operations { lag: Int! }
        input Filter { tier: Tier and: [Filter!] }
        enum Order { ASC DESC }
        enum Tier { GOLD "second" SILVER }
        scalar uuid
        scalar timestamptz
        directive @include(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
        schema { query: Query }
    "#;

    #[test]
    fn only_granted_and_reachable_definitions_remain() {
        let upstream = Upstream::parse(EXPORT).unwrap();
        let granted = [
            ("Query", "insight"),
            ("Insight", "id"),
            ("Insight", "tier"),
            ("Insight", "score"),
        ];
        let sdl = upstream
            .for_role(|ty, field| granted.contains(&(ty, field)))
            .unwrap()
            .unwrap();
        let expected = "\
schema {
  query: Query
}

type Query {
  insight(id: uuid!, as_of: timestamptz): Insight
}

type Insight {
  id: uuid!
  tier: Tier
}

enum Tier {
  GOLD
  SILVER
}

scalar timestamptz

scalar uuid
";
        assert_eq!(sdl, expected);
    }

    #[test]
    fn input_types_come_along_whole_and_nothing_granted_is_no_schema() {
        let upstream = Upstream::parse(EXPORT).unwrap();
        let sdl = upstream
            .for_role(|ty, field| field != "insight" && ty != "Operations")
            .unwrap()
            .unwrap();
        for line in [
            "input Filter {\n  tier: Tier\n  and: [Filter!]\n}",
            "enum Order {\n  ASC\n  DESC\n}",
            "search(",
        ] {
            assert!(sdl.contains(line), "{line} is missing in\n{sdl}");
        }
        assert!(
            !sdl.contains("operations"),
            "a field whose type has nothing left to read is left out"
        );
        assert_eq!(upstream.for_role(|ty, _| ty != "Query").unwrap(), None);
    }

    #[test]
    fn mutations_come_along_where_they_are_granted_and_nowhere_else() {
        let text = "type Query { a: Int } type Mutation { do_it(input: It!): Int other: Int } \
                    input It { id: Int } schema { query: Query mutation: Mutation }";
        let upstream = Upstream::parse(text).unwrap();
        let granted = upstream.for_role(|_, field| field != "other").unwrap();
        let expected = "\
schema {
  query: Query
  mutation: Mutation
}

type Query {
  a: Int
}

type Mutation {
  do_it(input: It!): Int
}

input It {
  id: Int
}
";
        assert_eq!(granted.unwrap(), expected);
        let without = upstream.for_role(|ty, _| ty == "Query").unwrap().unwrap();
        assert!(!without.contains("utation"), "{without}");
        let renamed = text.replace("Mutation", "Change");
        assert!(Upstream::parse(&renamed).is_err());
    }

    #[test]
    fn a_default_value_is_refused_with_its_place() {
        let upstream =
            Upstream::parse("type Query { a(first: Int = 3): Int } schema { query: Query }")
                .unwrap();
        let error = upstream.for_role(|_, _| true).unwrap_err().to_string();
        assert!(error.contains("a.first has a default value"), "{error}");
        assert!(Upstream::parse("type Root { a: Int } schema { query: Root }").is_err());
    }
}
