//! A parsed request: its root fields, its variables, and which of them a part uses.

use async_graphql_parser::types::{Field, OperationDefinition, OperationType};
use async_graphql_value::{ConstValue, Name};
use serde_json::{Map, Value};

use crate::demo::error::{Error, Result};
use crate::demo::printer::{self, Fragments};

/// The longest query text that is parsed.
const QUERY_BYTES_MAX: usize = 64 * 1024;

pub(super) struct Request {
    pub(super) name: Option<String>,
    operation: OperationDefinition,
    fragments: Fragments,
    variables: Map<String, Value>,
}

impl Request {
    pub(super) fn parse(body: &Value) -> Result<Self> {
        let query = body
            .get("query")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if query.len() > QUERY_BYTES_MAX {
            return Err(Error::Query("the query is too long".into()));
        }
        let document = async_graphql_parser::parse_query(query)
            .map_err(|error| Error::Query(format!("not a valid graphql query: {error}")))?;
        let wanted = body.get("operationName").and_then(Value::as_str);
        let mut operations = document.operations.iter();
        let found = match wanted {
            Some(name) => operations.find(|(n, _)| n.is_some_and(|n| n.as_str() == name)),
            None => operations.next(),
        };
        let (name, operation) = found.ok_or_else(|| Error::Query("no such operation".into()))?;
        let (name, operation) = (name.map(ToString::to_string), operation.node.clone());
        if operation.ty != OperationType::Query {
            return Err(Error::Query("the stand-in answers queries only".into()));
        }
        let variables = body.get("variables").and_then(Value::as_object).cloned();
        let fragments = document.fragments;
        Ok(Self {
            name,
            operation,
            fragments,
            variables: variables.unwrap_or_default(),
        })
    }

    pub(super) const fn fragments(&self) -> &Fragments {
        &self.fragments
    }

    pub(super) fn roots(&self) -> Result<Vec<&Field>> {
        printer::fields(&self.operation.selection_set.node, &self.fragments)
    }

    /// The value of an argument, with variables put in.
    pub(super) fn argument(&self, field: &Field, name: &str) -> Result<Option<Value>> {
        let Some(value) = field.get_argument(name) else {
            return Ok(None);
        };
        let value = value
            .node
            .clone()
            .into_const_with(|variable| self.variable(&variable))?;
        Ok(Some(value.into_json()?))
    }

    fn variable(&self, name: &Name) -> Result<ConstValue> {
        if let Some(value) = self.variables.get(name.as_str()) {
            return Ok(ConstValue::from_json(value.clone())?);
        }
        let definition = self.operation.variable_definitions.iter();
        let mut definition = definition.filter(|d| d.node.name.node == *name);
        match definition.next() {
            Some(found) => Ok(found
                .node
                .default_value()
                .cloned()
                .unwrap_or(ConstValue::Null)),
            None => Err(Error::Query(format!("unbound variable ${name}"))),
        }
    }

    /// Printed definitions and values of the variables that these remote fields use.
    pub(super) fn used(&self, fields: &[&Field]) -> Result<(Vec<String>, Map<String, Value>)> {
        let mut names = Vec::new();
        for field in fields {
            printer::variables(field, &self.fragments, &mut names)?;
        }
        let (mut definitions, mut values) = (Vec::new(), Map::new());
        for name in names {
            let value = self.variable(&name)?.into_json()?;
            let mut all = self.operation.variable_definitions.iter();
            if let Some(found) = all.find(|d| d.node.name.node == name) {
                definitions.push(format!("${name}: {}", found.node.var_type.node));
            }
            values.insert(name.to_string(), value);
        }
        Ok((definitions, values))
    }
}
