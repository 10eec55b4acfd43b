//! The person fields: SQL on the platform's table first, then one remote join for each selection of `customer_insight`.

use std::collections::HashMap;

use async_graphql_parser::types::Field;
use serde_json::{Map, Value, json};
use sqlx::Row as _;

use super::filter::{self, Filter};
use super::request::Request;
use super::{Gateway, Refusal};
use crate::demo::error::{Error, Result};
use crate::demo::platform::run;
use crate::demo::printer;
use crate::demo::remote_join::{self, Keys, Step, Target};

/// The most rows of one answer.
const LIMIT_MAX: i64 = 5_000;

/// The relationship and what it is mapped to (`hasura/metadata`).
const RELATIONSHIP: &str = "customer_insight";
const REMOTE_FIELD: &str = "customer_insight";
const REMOTE_ARGUMENT: &str = "person_profile_id";

impl Gateway {
    pub(super) async fn list(&self, request: &Request, field: &Field) -> Result<Value, Refusal> {
        let order = filter::order(request.argument(field, "order_by")?.as_ref())?;
        let number = |name| Ok::<_, Error>(request.argument(field, name)?.and_then(|v| v.as_i64()));
        let limit = number("limit")?.unwrap_or(LIMIT_MAX).clamp(0, LIMIT_MAX);
        let offset = number("offset")?.unwrap_or(0).max(0);
        let filter = condition(request, field)?;
        let rows = self
            .rows(
                &filter,
                &format!("order by {order} limit {limit} offset {offset}"),
            )
            .await?;
        Ok(Value::Array(self.join(request, field, rows).await?))
    }

    pub(super) async fn by_pk(&self, request: &Request, field: &Field) -> Result<Value, Refusal> {
        let id = request.argument(field, "id")?.unwrap_or_default();
        let filter = checked(&json!({ "id": { "_eq": id } }))?;
        let rows = self.rows(&filter, "").await?;
        Ok(self
            .join(request, field, rows)
            .await?
            .pop()
            .unwrap_or_default())
    }

    pub(super) async fn aggregate(
        &self,
        request: &Request,
        field: &Field,
    ) -> Result<Value, Refusal> {
        let filter = condition(request, field)?;
        let sql = format!(
            "select count(*) from backoffice.person_profiles where tenant_id = $1 and {}",
            filter.sql
        );
        let mut query = run(sql).bind(self.session.tenant);
        for texts in filter.binds {
            query = query.bind(texts);
        }
        let row = query.fetch_one(&self.pool).await.map_err(Error::from)?;
        let count: i64 = row.try_get(0).map_err(Error::from)?;
        Ok(json!({ "aggregate": { "count": count } }))
    }

    /// All columns of the rows; the join column is among them whether or not it was asked for.
    async fn rows(&self, filter: &Filter, tail: &str) -> Result<Vec<Value>> {
        let columns = filter::COLUMNS.join(", ");
        let sql = format!(
            "select to_jsonb(p) from (select {columns} from backoffice.person_profiles \
             where tenant_id = $1 and {} {tail}) p",
            filter.sql
        );
        let mut query = run(sql).bind(self.session.tenant);
        for texts in &filter.binds {
            query = query.bind(texts.clone());
        }
        let rows = query.fetch_all(&self.pool).await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    /// Cuts the rows to the selection and stitches the remote answers in.
    async fn join(
        &self,
        request: &Request,
        of: &Field,
        rows: Vec<Value>,
    ) -> Result<Vec<Value>, Refusal> {
        let fields = printer::fields(&of.selection_set.node, request.fragments())?;
        let mut out = vec![Map::new(); rows.len()];
        let (mut joins, mut step) = (Vec::new(), Step::default());
        for field in fields.iter().filter(|f| f.name.node == RELATIONSHIP) {
            joins.push((*field, Keys::default(), Vec::new()));
        }
        for (row, cut) in rows.iter().zip(&mut out) {
            let mut nth_join = 0;
            for field in &fields {
                let key = field.response_key().node.to_string();
                match field.name.node.as_str() {
                    "__typename" => _ = cut.insert(key, json!("backoffice_person_profiles")),
                    RELATIONSHIP => {
                        if let Some((_, keys, aliases)) = joins.get_mut(nth_join) {
                            aliases.push(keys.note(&mut step, &row["id"]));
                        }
                        nth_join += 1;
                    }
                    name => _ = cut.insert(key, row[filter::column(name)?].clone()),
                }
            }
        }
        for (field, keys, aliases) in joins {
            let mut answers = self.insights(request, field, &keys).await?;
            let key = field.response_key().node.to_string();
            for (cut, alias) in out.iter_mut().zip(aliases) {
                let value = alias.and_then(|alias| answers.get_mut(&alias)).cloned();
                cut.insert(key.clone(), value.unwrap_or_default());
            }
        }
        Ok(out.into_iter().map(Value::Object).collect())
    }

    /// The remote join: one POST with one alias for each distinct key.
    async fn insights(
        &self,
        request: &Request,
        field: &Field,
        keys: &Keys,
    ) -> Result<HashMap<u32, Value>, Refusal> {
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let (definitions, variables) = request.used(&[field])?;
        let target = Target {
            field: REMOTE_FIELD.into(),
            argument: REMOTE_ARGUMENT.into(),
            arguments: printer::arguments(field),
            selection: printer::selection(&field.selection_set.node, request.fragments())?,
            definitions,
        };
        let body = remote_join::body(&remote_join::query_text(&target, keys), &variables);
        let answer = self.remote.post(&self.session, body).await?;
        Ok(remote_join::judge(&answer, keys.aliases())?)
    }
}

fn condition(request: &Request, field: &Field) -> Result<Filter> {
    checked(
        &request
            .argument(field, "where")?
            .unwrap_or_else(|| json!({})),
    )
}

/// The tenant is `$1`, so the filter's own values start at `$2`.
fn checked(exp: &Value) -> Result<Filter> {
    filter::condition(exp, 2)
}
