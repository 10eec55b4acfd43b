//! The tables of an export that say who dealt with the data: readings, acts, what other systems were told, and requests
//! for such an export.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::document::{Category, Table, instant};
use super::request::{Form, State};
use crate::audit::Access;
use crate::db::Error;

/// A request for the person's data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    request_id: Uuid,
    requested_at: DateTime<Utc>,
    state: i16,
    format: i16,
    categories: Vec<String>,
    due_at: DateTime<Utc>,
    ready_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
}

/// The requests about these persons, the latest first.
pub(super) async fn asked(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    persons: &[Uuid],
) -> Result<Vec<Asked>, Error> {
    let found = sqlx::query_as!(
        Asked,
        "select request_id, requested_at, state, format, categories, due_at, ready_at, ended_at
         from export_request where tenant_id = $1 and person_profile_id = any ($2)
         order by requested_at desc, request_id",
        tenant_id,
        persons,
    );
    Ok(found.fetch_all(connection).await?)
}

/// A message about the person on its way to one receiver, or to none yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sent {
    kind: String,
    written_at: DateTime<Utc>,
    target: Option<String>,
    state: Option<i16>,
    settled_at: Option<DateTime<Utc>>,
}

/// What other systems were told about these persons, the latest first.
pub(super) async fn sent(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    persons: &[Uuid],
) -> Result<Vec<Sent>, Error> {
    let found = sqlx::query_as!(
        Sent,
        r#"select o.kind, o.written_at, d.target as "target?", d.state as "state?", d.settled_at as "settled_at?"
           from outbox o
           left join outbox_delivery d on d.tenant_id = o.tenant_id and d.id = o.id
           where o.tenant_id = $1 and o.person_profile_id = any ($2)
           order by o.written_at desc, o.id, d.target"#,
        tenant_id,
        persons,
    );
    Ok(found.fetch_all(connection).await?)
}

pub(super) fn messages(all: &[Sent]) -> Table {
    let state = |code: i16| match code {
        0 => "WAITING",
        1 => "DELIVERED",
        2 => "PARKED",
        _ => "WITHHELD",
    };
    let rows = all.iter().map(|one| {
        vec![
            one.kind.clone().into(),
            instant(one.written_at),
            one.target.clone().into(),
            one.state.map(state).into(),
            one.settled_at.map_or(Value::Null, instant),
        ]
    });
    Table {
        name: "messages",
        category: Category::Access,
        columns: &["kind", "written_at", "receiver", "state", "settled_at"],
        rows: rows.collect(),
    }
}

pub(super) fn accesses(all: &[Access]) -> Table {
    let rows = all.iter().map(|one| {
        vec![
            instant(one.at),
            one.role.clone().into(),
            one.act.clone().into(),
            one.persons.into(),
        ]
    });
    Table {
        name: "access",
        category: Category::Access,
        columns: &["at", "role", "act", "persons"],
        rows: rows.collect(),
    }
}

pub(super) fn exports(all: &[Asked]) -> Table {
    let optional = |at: Option<DateTime<Utc>>| at.map_or(Value::Null, instant);
    let rows = all.iter().map(|one| {
        vec![
            one.request_id.to_string().into(),
            instant(one.requested_at),
            State::of(one.state).map(State::name).into(),
            Form::of(one.format).map(Form::name).into(),
            one.categories.clone().into(),
            instant(one.due_at),
            optional(one.ready_at),
            optional(one.ended_at),
        ]
    });
    Table {
        name: "exports",
        category: Category::Access,
        columns: &[
            "request_id",
            "requested_at",
            "state",
            "format",
            "categories",
            "due_at",
            "ready_at",
            "ended_at",
        ],
        rows: rows.collect(),
    }
}
