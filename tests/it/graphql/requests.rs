//! A request for any root field, made from the schema alone, so that a new field is asked without anybody thinking of it.

use async_graphql_parser::parse_schema;
use async_graphql_parser::types::{
    BaseType, FieldDefinition, InputValueDefinition, Type, TypeDefinition, TypeKind,
    TypeSystemDefinition,
};
use customer_intelligence::graphql::sdl;

use super::rig::{key, person};

/// The types of the served schema.
pub(crate) struct Types(Vec<TypeDefinition>);

impl Types {
    pub(crate) fn served() -> Self {
        let document = parse_schema(sdl()).unwrap();
        let types = document
            .definitions
            .into_iter()
            .filter_map(|one| match one {
                TypeSystemDefinition::Type(definition) => Some(definition.node),
                _ => None,
            });
        Self(types.collect())
    }

    fn named(&self, name: &str) -> Option<&TypeDefinition> {
        self.0.iter().find(|ty| ty.name.node == name)
    }

    fn fields(&self, name: &str) -> Option<impl Iterator<Item = &FieldDefinition>> {
        match &self.named(name)?.kind {
            TypeKind::Object(object) => Some(object.fields.iter().map(|field| &field.node)),
            _ => None,
        }
    }

    /// Every root field: its name, its request, and whether the request changes something.
    pub(crate) fn roots(&self) -> Vec<(String, String)> {
        let of = |root: &str, keyword: &str| -> Vec<(String, String)> {
            let fields = self.fields(root).unwrap();
            fields
                .map(|field| {
                    let name = field.name.node.to_string();
                    let asked = format!("{keyword} {{ it: {} }}", self.asked(field));
                    (name, asked)
                })
                .collect()
        };
        let mut roots = of("Query", "query");
        roots.extend(of("Mutation", "mutation"));
        roots
    }

    /// The field with its required arguments and the nearest leaf.
    fn asked(&self, field: &FieldDefinition) -> String {
        let arguments: Vec<String> = field
            .arguments
            .iter()
            .filter(|argument| !argument.node.ty.node.nullable)
            .map(|argument| self.given(&argument.node))
            .collect();
        let arguments = match arguments.as_slice() {
            [] => String::new(),
            some => format!("({})", some.join(", ")),
        };
        let selection = self.leaf(inner(&field.ty.node), 0);
        format!("{}{arguments}{selection}", field.name.node)
    }

    fn leaf(&self, ty: &str, depth: usize) -> String {
        assert!(depth < 8, "{ty} has no leaf");
        let Some(fields) = self.fields(ty) else {
            return String::new();
        };
        let mut fields: Vec<&FieldDefinition> = fields.collect();
        fields.sort_by_key(|field| self.fields(inner(&field.ty.node)).is_some());
        format!(" {{ {} }}", self.asked_at(fields[0], depth + 1))
    }

    fn asked_at(&self, field: &FieldDefinition, depth: usize) -> String {
        match self.fields(inner(&field.ty.node)) {
            Some(_) => format!(
                "{} {}",
                field.name.node,
                self.leaf(inner(&field.ty.node), depth)
            ),
            None => self.asked(field),
        }
    }

    fn given(&self, argument: &InputValueDefinition) -> String {
        format!(
            "{}: {}",
            argument.name.node,
            self.value(&argument.ty.node.base)
        )
    }

    fn value(&self, ty: &BaseType) -> String {
        let name = match ty {
            BaseType::List(inner) => return format!("[{}]", self.value(&inner.base)),
            BaseType::Named(name) => name.as_str(),
        };
        match self.named(name).map(|ty| &ty.kind) {
            Some(TypeKind::Enum(values)) => values.values[0].node.value.node.to_string(),
            Some(TypeKind::InputObject(input)) => {
                let fields: Vec<String> = input
                    .fields
                    .iter()
                    .filter(|field| !field.node.ty.node.nullable)
                    .map(|field| self.given(&field.node))
                    .collect();
                format!("{{ {} }}", fields.join(", "))
            }
            _ => match name {
                "uuid" => key(person(1)),
                "Int" | "Float" | "numeric" => "1".to_owned(),
                "Boolean" => "true".to_owned(),
                "timestamptz" => "\"2026-01-01T00:00:00Z\"".to_owned(),
                "date" => "\"2026-01-01\"".to_owned(),
                "String" | "ID" => "\"x\"".to_owned(),
                other => panic!("a value of scalar {other} has to be thought of here"),
            },
        }
    }
}

fn inner(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name,
        BaseType::List(ty) => inner(ty),
    }
}
