//! Whether Hasura takes a role's schema: the checks of `RemoteSchema/SchemaCache/Permission.hs`, with its own messages.

use std::collections::{BTreeMap, BTreeSet};

use super::build;
use super::grammar;
use super::schema::{
    BUILT_IN, Const, Directive, Document, Field, InputValue, Kind, Roots, TypeDef, TypeRef,
};

/// Everything Hasura would say against the text; empty when it takes it.
pub(crate) fn complaints(upstream: &Document, role_sdl: &str) -> Vec<String> {
    let provided = match grammar::parse_schema(role_sdl) {
        Ok(document) => document,
        Err(refused) => return vec![refused],
    };
    let mut judge = Judge {
        upstream,
        provided: &provided,
        complaints: Vec::new(),
    };
    judge.document();
    let mut complaints = judge.complaints;
    if complaints.is_empty() {
        complaints = build::faults(&provided.types, &roots(&provided));
    }
    complaints
}

/// Without a `schema` block the query root is the type named `Query`.
fn roots(document: &Document) -> Roots {
    let mut roots = document.schemas.first().cloned().unwrap_or_default();
    roots.query.get_or_insert_with(|| "Query".to_owned());
    roots
}

struct Judge<'a> {
    upstream: &'a Document,
    provided: &'a Document,
    complaints: Vec<String>,
}

impl Judge<'_> {
    fn say(&mut self, complaint: String) {
        self.complaints.push(complaint);
    }

    fn document(&mut self) {
        if self.provided.schemas.len() > 1 {
            self.say("multiple schema definitions found".to_owned());
        }
        for name in duplicates(self.provided.types.iter().map(|ty| ty.name.as_str())) {
            self.say(format!("duplicate type names found: {name}"));
        }
        for provided in &self.provided.types {
            if provided.kind == Kind::Scalar && BUILT_IN.contains(&provided.name.as_str()) {
                continue;
            }
            let same = self.upstream.types.iter().find(|ty| {
                ty.name == provided.name
                    && std::mem::discriminant(&ty.kind) == std::mem::discriminant(&provided.kind)
            });
            match same {
                Some(upstream) => self.type_definition(provided, upstream),
                None => self.say(format!(
                    "{}: {:?} does not exist in the upstream remote schema",
                    provided.kind.word(),
                    provided.name
                )),
            }
        }
    }

    fn type_definition(&mut self, provided: &TypeDef, upstream: &TypeDef) {
        self.no_directives(&provided.directives);
        match (&provided.kind, &upstream.kind) {
            (
                Kind::Object { interfaces, fields },
                Kind::Object {
                    interfaces: above,
                    fields: known,
                },
            ) => {
                for interface in interfaces.iter().filter(|name| !above.contains(name)) {
                    self.say(format!(
                        "custom interfaces are not supported: {} implements {interface}",
                        provided.name
                    ));
                }
                self.fields(&provided.name, fields, known);
            }
            (Kind::Interface { fields, .. }, Kind::Interface { fields: known, .. }) => {
                self.fields(&provided.name, fields, known);
            }
            (Kind::Union { members }, Kind::Union { members: known }) => {
                for member in members.iter().filter(|name| !known.contains(name)) {
                    self.say(format!(
                        "union {} contains a member which does not exist: {member}",
                        provided.name
                    ));
                }
            }
            (Kind::Enum { values }, Kind::Enum { values: known }) => {
                for value in duplicates(values.iter().map(String::as_str)) {
                    self.say(format!("duplicate enum values: {value}"));
                }
                for value in values.iter().filter(|value| !known.contains(value)) {
                    self.say(format!(
                        "enum {} contains a value that does not exist: {value}",
                        provided.name
                    ));
                }
            }
            (Kind::InputObject { fields }, Kind::InputObject { fields: known }) => {
                self.arguments(&provided.name, fields, known);
            }
            _ => {}
        }
    }

    fn fields(&mut self, owner: &str, provided: &[Field], upstream: &[Field]) {
        for name in duplicates(provided.iter().map(|field| field.name.as_str())) {
            self.say(format!("duplicate fields: {name} found in the {owner}"));
        }
        for field in provided {
            let Some(known) = upstream.iter().find(|known| known.name == field.name) else {
                self.say(format!(
                    "field {:?} does not exist in the {owner}",
                    field.name
                ));
                continue;
            };
            self.no_directives(&field.directives);
            if field.ty != known.ty {
                self.say(format!(
                    "expected type of {owner}.{} to be {} but received {}",
                    field.name, known.ty, field.ty
                ));
            }
            self.arguments(&field.name, &field.arguments, &known.arguments);
        }
    }

    fn arguments(&mut self, owner: &str, provided: &[InputValue], upstream: &[InputValue]) {
        for name in duplicates(provided.iter().map(|argument| argument.name.as_str())) {
            self.say(format!(
                "duplicate arguments: {name} found in the field: {owner}"
            ));
        }
        let given: BTreeSet<&str> = provided
            .iter()
            .filter(|argument| !argument.ty.nullable())
            .map(|argument| argument.name.as_str())
            .collect();
        for known in upstream
            .iter()
            .filter(|known| !known.ty.nullable() && !given.contains(known.name.as_str()))
        {
            self.say(format!(
                "field: {owner} expects the following non nullable arguments to be present: {:?}",
                known.name
            ));
        }
        for argument in provided {
            let Some(known) = upstream.iter().find(|known| known.name == argument.name) else {
                self.say(format!(
                    "input argument {:?} does not exist in the input object: {owner}",
                    argument.name
                ));
                continue;
            };
            self.input_value(owner, argument, known);
        }
    }

    fn input_value(&mut self, owner: &str, provided: &InputValue, upstream: &InputValue) {
        if provided.ty != upstream.ty {
            self.say(format!(
                "expected type of {owner}({}) to be {} but received {}",
                provided.name, upstream.ty, provided.ty
            ));
        }
        if provided.default != upstream.default {
            self.say(format!(
                "expected default value of {owner}({}) to be {:?} but received {:?}",
                provided.name, upstream.default, provided.default
            ));
        }
        let (presets, others): (Vec<_>, Vec<_>) = provided
            .directives
            .iter()
            .cloned()
            .partition(|directive| directive.name == "preset");
        self.no_directives(&others);
        match presets.as_slice() {
            [] => {}
            [preset] => self.preset(&provided.name, &provided.ty, &preset.arguments),
            _ => self.say(format!(
                "found multiple preset directives at {}",
                provided.name
            )),
        }
    }

    /// Introspection loses every applied directive, so none can match; `@preset` is for arguments only.
    fn no_directives(&mut self, directives: &[Directive]) {
        for directive in directives {
            self.say(if directive.name == "preset" {
                "Preset directives can be defined only on INPUT_FIELD_DEFINITION or ARGUMENT_DEFINITION".to_owned()
            } else {
                format!("Directive: {:?} does not exist in the upstream remote schema", directive.name)
            });
        }
    }

    fn preset(&mut self, argument: &str, ty: &TypeRef, given: &BTreeMap<String, Const>) {
        let Some(value) = given.get("value") else {
            return self.say(format!("preset argument \"value\" not found at {argument}"));
        };
        let is_static = match given.get("static") {
            None => false,
            Some(Const::Boolean(flag)) => *flag,
            Some(_) => {
                return self.say("expected preset static value to be a Boolean value".to_owned());
            }
        };
        self.preset_value(argument, ty, is_static, value);
    }

    fn preset_value(&mut self, argument: &str, ty: &TypeRef, is_static: bool, value: &Const) {
        let session = !is_static
            && matches!(value, Const::Text(text) if text.to_ascii_lowercase().starts_with("x-hasura-"));
        match (ty, value) {
            (TypeRef::List { of, .. }, Const::List(items)) => {
                for item in items {
                    self.preset_value(argument, of, is_static, item);
                }
            }
            (TypeRef::List { .. }, _) if session => {
                self.say(format!("illegal preset value at {argument}. Session arguments can only be set for singleton values"));
            }
            (TypeRef::List { of, .. }, single) => {
                self.preset_value(argument, of, is_static, single);
            }
            (TypeRef::Named { name, .. }, value) => {
                let provided = self.provided;
                let kind = provided
                    .types
                    .iter()
                    .find(|ty| ty.name == *name)
                    .map(|ty| &ty.kind);
                let fits = match (kind, value) {
                    (None, _) if !BUILT_IN.contains(&name.as_str()) => false,
                    (None | Some(Kind::Scalar), value) => {
                        !matches!(value, Const::Enum(_) | Const::List(_) | Const::Object(_))
                    }
                    (Some(Kind::Enum { values }), Const::Enum(value)) => values.contains(value),
                    (Some(Kind::Enum { .. }), _) => session,
                    (Some(Kind::InputObject { fields }), Const::Object(object)) => object
                        .keys()
                        .all(|key| fields.iter().any(|field| field.name == *key)),
                    _ => false,
                };
                if !fits {
                    self.say(format!(
                        "preset value {value:?} of {argument} does not fit {name}"
                    ));
                }
            }
        }
    }
}

fn duplicates<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = BTreeSet::new();
    names.filter(|name| !seen.insert(*name)).collect()
}
