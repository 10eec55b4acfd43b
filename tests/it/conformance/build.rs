//! What Hasura checks when it builds its own parsers from a remote schema (`GraphQL/Schema/Remote.hs`): the same for the whole
//! schema and for a role's part of it.

use std::collections::BTreeMap;

use super::schema::{BUILT_IN, Field, InputValue, Kind, Roots, TypeDef};

/// Everything that would make the schema inconsistent.
pub(crate) fn faults(types: &[TypeDef], roots: &Roots) -> Vec<String> {
    let builder = Builder {
        kinds: types
            .iter()
            .map(|ty| (ty.name.as_str(), &ty.kind))
            .collect(),
    };
    let mut faults = Vec::new();
    for root in [
        roots.query.as_ref(),
        roots.mutation.as_ref(),
        roots.subscription.as_ref(),
    ]
    .into_iter()
    .flatten()
    {
        match builder.kinds.get(root.as_str()) {
            Some(Kind::Object { .. }) => {}
            Some(_) => faults.push(format!("root type {root} has to be an object type")),
            None => faults.push(format!("Could not find type with name {root}")),
        }
    }
    for ty in types {
        builder.check(ty, &mut faults);
    }
    faults
}

struct Builder<'a> {
    kinds: BTreeMap<&'a str, &'a Kind>,
}

impl Builder<'_> {
    fn check(&self, ty: &TypeDef, faults: &mut Vec<String>) {
        match &ty.kind {
            Kind::Object { interfaces, fields } => {
                self.fields(&ty.name, fields, faults);
                for interface in interfaces {
                    self.implements(&ty.name, fields, interface, faults);
                }
            }
            Kind::Interface { fields, possible } => {
                self.fields(&ty.name, fields, faults);
                self.objects(&ty.name, possible, faults);
            }
            Kind::Union { members } => {
                if members.is_empty() {
                    faults.push(format!("union {} is empty", ty.name));
                }
                self.objects(&ty.name, members, faults);
            }
            Kind::InputObject { fields } => self.inputs(&ty.name, fields, faults),
            Kind::Scalar | Kind::Enum { .. } => {}
        }
    }

    fn objects(&self, owner: &str, names: &[String], faults: &mut Vec<String>) {
        for name in names {
            if !matches!(self.kinds.get(name.as_str()), Some(Kind::Object { .. })) {
                faults.push(format!("{owner}: {name} is no object type"));
            }
        }
    }

    fn fields(&self, owner: &str, fields: &[Field], faults: &mut Vec<String>) {
        if fields.is_empty() {
            faults.push(format!("{owner} has no fields"));
        }
        for field in fields {
            let place = format!("{owner}.{}", field.name);
            match self.kinds.get(field.ty.name()) {
                Some(kind) if !kind.is_output() => {
                    faults.push(format!("{place}: input type in output position"));
                }
                None if !BUILT_IN.contains(&field.ty.name()) => {
                    faults.push(format!(
                        "{place}: Could not find type with name {}",
                        field.ty.name()
                    ));
                }
                _ => {}
            }
            self.inputs(&place, &field.arguments, faults);
        }
    }

    fn inputs(&self, owner: &str, inputs: &[InputValue], faults: &mut Vec<String>) {
        for input in inputs {
            let place = format!("{owner}({})", input.name);
            match self.kinds.get(input.ty.name()) {
                Some(kind) if !kind.is_input() => {
                    faults.push(format!("{place}: output type in input position"));
                }
                None if !BUILT_IN.contains(&input.ty.name()) => {
                    faults.push(format!(
                        "{place}: Could not find type with name {}",
                        input.ty.name()
                    ));
                }
                _ => {}
            }
        }
    }

    fn implements(&self, owner: &str, fields: &[Field], interface: &str, faults: &mut Vec<String>) {
        let Some(Kind::Interface { fields: wanted, .. }) = self.kinds.get(interface) else {
            faults.push(format!("{owner}: Could not find interface {interface}"));
            return;
        };
        for want in wanted {
            let Some(have) = fields.iter().find(|field| field.name == want.name) else {
                faults.push(format!(
                    "{owner}: does not provide field {} of {interface}",
                    want.name
                ));
                continue;
            };
            for argument in &want.arguments {
                if !have
                    .arguments
                    .iter()
                    .any(|own| own.name == argument.name && own.ty == argument.ty)
                {
                    faults.push(format!(
                        "{owner}.{}: does not provide argument {}",
                        have.name, argument.name
                    ));
                }
            }
            let extra = have
                .arguments
                .iter()
                .filter(|own| !want.arguments.iter().any(|a| a.name == own.name));
            for argument in extra.filter(|own| !own.ty.nullable()) {
                faults.push(format!(
                    "{owner}.{}: non-null argument {} over {interface}",
                    have.name, argument.name
                ));
            }
        }
    }
}
