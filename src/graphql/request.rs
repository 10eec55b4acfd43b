//! From a request's JSON to what is executed, and from the outcome to the answer's JSON.
//!
//! Own conversions, because with exact numbers (`arbitrary_precision`) serde's own would turn numbers into maps.

use std::time::Duration;

use async_graphql::parser::types::{DocumentOperations, OperationType};
use async_graphql::{Name, PathSegment, Pos, ServerError, Value, Variables};
use serde_json::{Map, Value as Json, json};

use super::limits::Limits;
use super::measured::Shape;
use super::parse::parse;
use super::weigh::{Class, TooMuch, Weighed, check_text, weigh};

/// One operation to answer, as the request names it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Call {
    /// The document.
    pub query: String,
    /// Which of its operations.
    pub operation_name: Option<String>,
    /// Values of its variables.
    pub variables: Map<String, Json>,
    /// Refuse everything but a query, as GET must.
    pub only_query: bool,
}

/// Why a call is not executed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A parameter is missing or of the wrong type.
    #[error("{0}")]
    Malformed(&'static str),
    /// The document is no GraphQL.
    #[error("{0}")]
    Syntax(String, Vec<Pos>),
    /// The document costs too much.
    #[error(transparent)]
    TooMuch(#[from] TooMuch),
    /// The tenant asks too often; it may come again after this time.
    #[error("too many requests of this tenant; ask again in a moment")]
    RateLimited(Duration),
    /// This method may only query.
    #[error("only a query may be asked this way; use POST")]
    OnlyQuery,
}

impl Call {
    /// Reads the parameters of a JSON body; `null` stands for "not given".
    pub fn from_json(body: Json) -> Result<Self, Refusal> {
        let Json::Object(mut body) = body else {
            return Err(Refusal::Malformed(
                "the body must be a JSON object; batches are not supported",
            ));
        };
        let variables = match body.remove("variables") {
            None | Some(Json::Null) => Map::new(),
            Some(Json::Object(variables)) => variables,
            Some(_) => return Err(Refusal::Malformed("variables must be an object")),
        };
        let operation_name = match body.remove("operationName") {
            None | Some(Json::Null) => None,
            Some(Json::String(name)) => Some(name),
            Some(_) => return Err(Refusal::Malformed("operationName must be a string")),
        };
        if !matches!(
            body.get("extensions"),
            None | Some(Json::Null | Json::Object(_))
        ) {
            return Err(Refusal::Malformed("extensions must be an object"));
        }
        match body.remove("query") {
            Some(Json::String(query)) => Ok(Self {
                query,
                operation_name,
                variables,
                only_query: false,
            }),
            _ => Err(Refusal::Malformed("query must be a string")),
        }
    }

    pub(super) fn into_request(
        self,
        class: Class,
        limits: &Limits,
    ) -> Result<(async_graphql::Request, Shape, Weighed), Refusal> {
        check_text(&self.query, class, limits)?;
        let document = parse(&self.query)
            .map_err(|error| Refusal::Syntax(error.to_string(), error.positions().collect()))?;
        let weighed = weigh(&document, class, limits)?;
        // A key of a join that holds it is nobody's; a join never fails.
        let holds_nul = || spells_nul(&self.query) || self.variables.values().any(holds_nul);
        if weighed.joins == 0 && holds_nul() {
            return Err(Refusal::Malformed(
                "no text may hold the character U+0000, which cannot be stored",
            ));
        }
        let name = self.operation_name.filter(|name| !name.is_empty());
        let name = name.or_else(|| only_name(&document.operations));
        if self.only_query && !is_query(&document.operations, name.as_deref()) {
            return Err(Refusal::OnlyQuery);
        }
        let shape = Shape::of(&document.operations, name.as_deref());
        let mut request =
            async_graphql::Request::new(self.query).variables(variables(self.variables));
        request.set_parsed_query(document);
        let request = match name {
            Some(name) => request.operation_name(name),
            None => request,
        };
        Ok((request, shape, weighed))
    }
}

/// Whether a document holds the character that PostgreSQL's texts cannot, as it is or as an escape. What only looks like
/// the escape of a block string, where there are none, is taken for one.
fn spells_nul(document: &str) -> bool {
    let escaped = |(at, _): (usize, &str)| {
        let before = document.as_bytes().get(..at).unwrap_or_default();
        let slashes = before.iter().rev().take_while(|byte| **byte == b'\\');
        slashes.count() % 2 == 1
    };
    document.contains('\0') || document.match_indices("u0000").any(escaped)
}

fn holds_nul(value: &Json) -> bool {
    match value {
        Json::String(text) => text.contains('\0'),
        Json::Array(items) => items.iter().any(holds_nul),
        Json::Object(fields) => fields.values().any(holds_nul),
        Json::Null | Json::Bool(_) | Json::Number(_) => false,
    }
}

/// The name of the document's only operation, which then need not be named.
fn only_name(operations: &DocumentOperations) -> Option<String> {
    match operations {
        DocumentOperations::Multiple(all) if all.len() == 1 => {
            all.keys().next().map(ToString::to_string)
        }
        _ => None,
    }
}

/// Whether nothing but a query can be executed. Without a name all have to be: the only one is executed whatever it is
/// called. One that cannot be found counts as a query: execution says what is wrong with it.
fn is_query(operations: &DocumentOperations, name: Option<&str>) -> bool {
    operations
        .iter()
        .filter(|(of, _)| match (of, name) {
            (Some(of), Some(name)) => of.as_str() == name,
            _ => true,
        })
        .all(|(_, operation)| operation.node.ty == OperationType::Query)
}

fn variables(values: Map<String, Json>) -> Variables {
    let mut variables = Variables::default();
    for (name, value) in values {
        variables.insert(Name::new(name), constant(value));
    }
    variables
}

/// A JSON value as GraphQL has it.
pub(super) fn constant(json: Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(yes) => Value::Boolean(yes),
        Json::Number(number) => Value::Number(number),
        Json::String(text) => Value::String(text),
        Json::Array(items) => Value::List(items.into_iter().map(constant).collect()),
        Json::Object(fields) => Value::Object(
            fields
                .into_iter()
                .map(|(name, value)| (Name::new(name), constant(value)))
                .collect(),
        ),
    }
}

/// The answer to an operation.
#[derive(Debug)]
pub struct Answer {
    /// `None` when nothing was executed because the request itself is wrong.
    data: Option<Value>,
    errors: Vec<ServerError>,
}

impl Answer {
    pub(super) fn new(response: async_graphql::Response) -> Self {
        let executed =
            response.errors.is_empty() || response.errors.iter().any(|e| !e.path.is_empty());
        let data = (executed || response.data != Value::Null).then_some(response.data);
        Self {
            data,
            errors: response.errors,
        }
    }

    /// Whether the operation ran, even if some of its fields failed.
    #[must_use]
    pub fn is_executed(&self) -> bool {
        self.data.is_some()
    }

    /// How many errors it carries.
    #[must_use]
    pub fn error_count(&self) -> usize {
        self.errors.len()
    }

    /// The codes of its errors.
    pub(super) fn codes(&self) -> impl Iterator<Item = &str> {
        self.errors.iter().map(code)
    }

    /// The answer's JSON. Without errors there is no `errors` key at all: Hasura takes even an empty list as failure.
    pub fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        #[derive(serde::Serialize)]
        struct Body<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            data: Option<&'a Value>,
            #[serde(skip_serializing_if = "Vec::is_empty")]
            errors: Vec<Json>,
        }
        let errors = self.errors.iter().map(error_json).collect();
        serde_json::to_vec(&Body {
            data: self.data.as_ref(),
            errors,
        })
    }
}

fn error_json(error: &ServerError) -> Json {
    let segment = |segment: &PathSegment| match segment {
        PathSegment::Field(name) => json!(name),
        PathSegment::Index(index) => json!(index),
    };
    let mut json = one_error(&error.message, &error.locations, code(error));
    if let (Json::Object(fields), false) = (&mut json, error.path.is_empty()) {
        fields.insert("path".to_owned(), error.path.iter().map(segment).collect());
    }
    json
}

/// What the error says of itself; the library's own say nothing.
fn code(error: &ServerError) -> &str {
    let said = error.extensions.as_ref().and_then(|all| all.get("code"));
    match said {
        Some(Value::String(code)) => code,
        _ => "BAD_REQUEST",
    }
}

fn one_error(message: &str, locations: &[Pos], code: &str) -> Json {
    let location = |pos: &Pos| json!({ "line": pos.line, "column": pos.column });
    let mut error = json!({ "message": message, "extensions": { "code": code } });
    if let (Json::Object(fields), false) = (&mut error, locations.is_empty()) {
        fields.insert(
            "locations".to_owned(),
            locations.iter().map(location).collect(),
        );
    }
    error
}

impl Refusal {
    /// The refusal in the form of an answer: errors and no data.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let locations = match self {
            Self::Syntax(_, locations) => locations.as_slice(),
            Self::Malformed(_) | Self::OnlyQuery | Self::TooMuch(_) | Self::RateLimited(_) => &[],
        };
        json!({ "errors": [one_error(&self.to_string(), locations, self.code())] })
    }

    /// The stable name of what is wrong.
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) | Self::OnlyQuery => "BAD_REQUEST",
            Self::Syntax(..) => "GRAPHQL_PARSE_FAILED",
            Self::TooMuch(_) => "TOO_MUCH",
            Self::RateLimited(_) => "RATE_LIMITED",
        }
    }
}
