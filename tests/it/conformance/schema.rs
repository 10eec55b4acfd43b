//! A GraphQL schema as Hasura holds it: what its SDL parser yields and what it keeps of an introspection answer.

use std::collections::BTreeMap;
use std::fmt;

/// A constant value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Const {
    Null,
    Boolean(bool),
    Number(String),
    Text(String),
    Enum(String),
    List(Vec<Self>),
    Object(BTreeMap<String, Self>),
}

/// A type reference with its nullability, compared exactly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TypeRef {
    Named { name: String, nullable: bool },
    List { of: Box<Self>, nullable: bool },
}

impl TypeRef {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Named { name, .. } => name,
            Self::List { of, .. } => of.name(),
        }
    }

    pub(crate) fn nullable(&self) -> bool {
        match self {
            Self::Named { nullable, .. } | Self::List { nullable, .. } => *nullable,
        }
    }
}

impl fmt::Display for TypeRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named { name, .. } => f.write_str(name)?,
            Self::List { of, .. } => write!(f, "[{of}]")?,
        }
        if self.nullable() {
            Ok(())
        } else {
            f.write_str("!")
        }
    }
}

/// An applied directive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Directive {
    pub(crate) name: String,
    pub(crate) arguments: BTreeMap<String, Const>,
}

/// An argument or a field of an input object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InputValue {
    pub(crate) name: String,
    pub(crate) ty: TypeRef,
    pub(crate) default: Option<Const>,
    pub(crate) directives: Vec<Directive>,
}

/// A field of an object or interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) arguments: Vec<InputValue>,
    pub(crate) ty: TypeRef,
    pub(crate) directives: Vec<Directive>,
}

/// What a type is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Scalar,
    Object {
        interfaces: Vec<String>,
        fields: Vec<Field>,
    },
    Interface {
        fields: Vec<Field>,
        possible: Vec<String>,
    },
    Union {
        members: Vec<String>,
    },
    Enum {
        values: Vec<String>,
    },
    InputObject {
        fields: Vec<InputValue>,
    },
}

impl Kind {
    /// The word Hasura uses in its messages.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Scalar => "Scalar",
            Self::Object { .. } => "Object",
            Self::Interface { .. } => "Interface",
            Self::Union { .. } => "Union",
            Self::Enum { .. } => "Enum",
            Self::InputObject { .. } => "Input object",
        }
    }

    pub(crate) fn is_input(&self) -> bool {
        matches!(
            self,
            Self::Scalar | Self::Enum { .. } | Self::InputObject { .. }
        )
    }

    pub(crate) fn is_output(&self) -> bool {
        !matches!(self, Self::InputObject { .. })
    }

    pub(crate) fn fields(&self) -> &[Field] {
        match self {
            Self::Object { fields, .. } | Self::Interface { fields, .. } => fields,
            _ => &[],
        }
    }
}

/// A type definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TypeDef {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) directives: Vec<Directive>,
}

/// The root types.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Roots {
    pub(crate) query: Option<String>,
    pub(crate) mutation: Option<String>,
    pub(crate) subscription: Option<String>,
}

/// A schema document: at most one `schema` block is legal, but the grammar takes any number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Document {
    pub(crate) schemas: Vec<Roots>,
    pub(crate) types: Vec<TypeDef>,
}

/// Scalars that Hasura adds to every role's document.
pub(crate) const BUILT_IN: [&str; 5] = ["ID", "Int", "Float", "Boolean", "String"];
