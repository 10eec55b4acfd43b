//! A small gateway in Hasura's place: it answers person queries from the platform's table and joins `customer_insight` by the
//! exact request that Hasura sends; other root fields go to the remote schema as they are.
//!
//! It holds the gateway secret and the session, so pages never see either. Absent: mutations, subscriptions, other tables,
//! relationships back from the remote schema, permissions of its own.

mod filter;
mod people;
mod remote;
mod request;

use sqlx::PgPool;
use uuid::Uuid;

use serde_json::{Map, Value, json};

use super::error::{Error, Result};
use super::printer;
use super::remote_join::Fatal;
use remote::Remote;
use request::Request;

/// The session that the gateway puts into Hasura's headers.
#[derive(Clone, Debug)]
pub struct Session {
    /// `x-hasura-role`.
    pub role: String,
    /// `x-hasura-tenant-id`.
    pub tenant: Uuid,
    /// `x-hasura-user-id`.
    pub user: Uuid,
}

/// The gateway.
#[derive(Clone, Debug)]
pub struct Gateway {
    pool: PgPool,
    remote: Remote,
    session: Session,
}

/// A failed query, in the shape that Hasura answers.
#[derive(Debug)]
pub struct Refusal {
    code: &'static str,
    message: String,
    internal: Option<Value>,
}

impl Refusal {
    fn body(self) -> Value {
        let mut extensions = json!({ "path": "$", "code": self.code });
        if let (Some(internal), Some(map)) = (self.internal, extensions.as_object_mut()) {
            map.insert("internal".into(), json!({ "errors": internal }));
        }
        json!({ "errors": [{ "message": self.message, "extensions": extensions }] })
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let code = match error {
            Error::Query(_) => "validation-failed",
            Error::Http(_) => "remote-schema-error",
            _ => "unexpected",
        };
        Self {
            code,
            message: error.to_string(),
            internal: None,
        }
    }
}

impl From<Fatal> for Refusal {
    fn from(fatal: Fatal) -> Self {
        let message = fatal.to_string();
        let internal = if let Fatal::Errors(errors) = fatal {
            Some(errors)
        } else {
            None
        };
        Self {
            code: "remote-schema-error",
            message,
            internal,
        }
    }
}

impl Gateway {
    /// A gateway over the platform's database and the service at `graphql_url`.
    pub fn new(
        pool: PgPool,
        graphql_url: impl Into<String>,
        secret: impl Into<String>,
        session: Session,
    ) -> Result<Self> {
        let remote = Remote::new(graphql_url.into(), secret.into())?;
        Ok(Self {
            pool,
            remote,
            session,
        })
    }

    /// The same gateway for another role.
    #[must_use]
    pub fn with_role(&self, role: &str) -> Self {
        let session = Session {
            role: role.to_owned(),
            ..self.session.clone()
        };
        Self {
            session,
            ..self.clone()
        }
    }

    /// The session in use.
    pub const fn session(&self) -> &Session {
        &self.session
    }

    /// Answers a request body `{query, variables, operationName}`; never fails, failures are `errors` as in Hasura.
    pub async fn answer(&self, body: &Value) -> Value {
        match self.data(body).await {
            Ok(data) => json!({ "data": data }),
            Err(refusal) => refusal.body(),
        }
    }

    async fn data(&self, body: &Value) -> Result<Map<String, Value>, Refusal> {
        let request = Request::parse(body)?;
        let mut data = Map::new();
        for field in request.roots()? {
            let key = field.response_key().node.to_string();
            let value = match field.name.node.as_str() {
                "__typename" => json!("query_root"),
                "backoffice_person_profiles" => self.list(&request, field).await?,
                "backoffice_person_profiles_by_pk" => self.by_pk(&request, field).await?,
                "backoffice_person_profiles_aggregate" => self.aggregate(&request, field).await?,
                _ => self.forward(&request, field, &key).await?,
            };
            data.insert(key, value);
        }
        Ok(data)
    }

    /// An ordinary remote root field: one POST, carrying the operation's name.
    async fn forward(
        &self,
        request: &Request,
        field: &async_graphql_parser::types::Field,
        key: &str,
    ) -> Result<Value, Refusal> {
        let (definitions, variables) = request.used(&[field])?;
        let head = match definitions.as_slice() {
            [] => String::new(),
            list => format!("({})", list.join(",")),
        };
        let name = request.name.as_deref().unwrap_or_default();
        let printed = printer::field(field, request.fragments())?;
        let query = format!("query {name}{head} {{ {printed} }}");
        let mut data = self
            .remote
            .root(&self.session, request.name.as_deref(), &query, variables)
            .await?;
        data.remove(key).ok_or_else(|| Refusal {
            code: "unexpected",
            message: format!("field '{key}' not found in the remote answer"),
            internal: None,
        })
    }
}
