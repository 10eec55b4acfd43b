//! The HTTP side of the remote schema: Hasura's headers, B3 trace ids, one POST for each join.

use rand::RngExt as _;
use serde_json::{Map, Value, json};

use super::Session;
use crate::demo::client;
use crate::demo::error::Result;
use crate::demo::remote_join;

/// The remote schema `customer_intelligence`.
#[derive(Clone)]
pub(super) struct Remote {
    url: String,
    secret: String,
    client: reqwest::Client,
}

impl std::fmt::Debug for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remote")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

impl Remote {
    pub(super) fn new(url: String, secret: String) -> Result<Self> {
        let timeout = std::time::Duration::from_mins(1);
        Ok(Self {
            url,
            secret,
            client: client::new(timeout, 32)?,
        })
    }

    /// Sends a join's body and returns the answer's bytes; the status does not count.
    pub(super) async fn post(&self, session: &Session, body: String) -> Result<Vec<u8>> {
        let [high, low, span, parent]: [u64; 4] = rand::rng().random();
        let answer = self
            .client
            .post(&self.url)
            .header("content-type", "application/json")
            .header("user-agent", crate::demo::USER_AGENT)
            .header("x-ci-secret", &self.secret)
            .header("x-hasura-role", &session.role)
            .header("x-hasura-tenant-id", session.tenant.to_string())
            .header("x-hasura-user-id", session.user.to_string())
            .header("x-b3-traceid", format!("{high:016x}{low:016x}"))
            .header("x-b3-spanid", format!("{span:016x}"))
            .header("x-b3-parentspanid", format!("{parent:016x}"))
            .body(body)
            .send()
            .await?;
        Ok(answer.bytes().await?.to_vec())
    }

    /// Sends an ordinary root field.
    pub(super) async fn root(
        &self,
        session: &Session,
        name: Option<&str>,
        query: &str,
        variables: Map<String, Value>,
    ) -> Result<Map<String, Value>, super::Refusal> {
        let mut body = Map::from_iter([("query".to_owned(), json!(query))]);
        if let Some(name) = name {
            body.insert("operationName".into(), json!(name));
        }
        if !variables.is_empty() {
            body.insert("variables".into(), Value::Object(variables));
        }
        let answer = self.post(session, Value::Object(body).to_string()).await?;
        Ok(remote_join::data_of(&answer)?)
    }
}
