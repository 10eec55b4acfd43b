//! Putting messages down, in the transaction of what caused them.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::db::{Error, Tx};
use crate::domain::activity::{NAMESPACE, Provenance};
use crate::domain::message::Kind;

/// A message to whoever listens.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Whose customer it is about.
    pub tenant_id: Uuid,
    /// Derived from what caused it, as by [`id_of`]: the same cause is one message.
    pub id: Uuid,
    /// What it says, and with it what it needs of the person.
    pub kind: Kind,
    /// Whom it is about; none for what is to outlive the person. With the person the message goes, too.
    pub person: Option<Uuid>,
    /// How its cause came into the log. Only what happened just now is told.
    pub provenance: Provenance,
    /// When it was caused; messages about one person go out in this order.
    pub written_at: DateTime<Utc>,
    /// What is sent, as a JSON object: ids and closed words, nothing else personal.
    pub payload: Value,
}

/// The id of the message of a kind that these bytes are the cause of.
#[must_use]
pub fn id_of(tenant_id: Uuid, kind: Kind, cause: &[u8]) -> Uuid {
    let name = [tenant_id.as_bytes(), kind.name().as_bytes(), b"\0", cause].concat();
    Uuid::new_v5(&NAMESPACE, &name)
}

/// Puts a message down; false when it is there already, or is about something that did not happen just now.
pub async fn put(tx: &mut Tx, message: &Message) -> Result<bool, Error> {
    let put = put_all(tx, message.tenant_id, std::slice::from_ref(message)).await?;
    Ok(put == 1)
}

/// Puts messages of one tenant down; returns how many are new.
pub async fn put_all(tx: &mut Tx, tenant_id: Uuid, messages: &[Message]) -> Result<u64, Error> {
    let mut columns = Columns::default();
    let fresh = messages
        .iter()
        .filter(|one| one.tenant_id == tenant_id && one.provenance == Provenance::Live);
    fresh.for_each(|one| columns.push(one));
    if columns.ids.is_empty() {
        return Ok(0);
    }
    let done = sqlx::query!(
        "insert into outbox (tenant_id, id, kind, person_profile_id, granted, unopposed, provenance, written_at, payload)
         select $1, u.id, u.kind, u.person, string_to_array(u.granted, ','), string_to_array(u.unopposed, ','), $8,
                u.written_at, u.payload
         from unnest($2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::timestamptz[], $9::jsonb[])
           as u (id, kind, person, granted, unopposed, written_at, payload)
         order by u.id
         on conflict (tenant_id, id) do nothing",
        tenant_id,
        &columns.ids,
        &columns.kinds,
        &columns.persons as &[Option<Uuid>],
        &columns.granted,
        &columns.unopposed,
        &columns.written,
        Provenance::Live as i16,
        &columns.payloads,
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected())
}

/// Messages turned by a quarter: one vector a column.
#[derive(Default)]
struct Columns {
    ids: Vec<Uuid>,
    kinds: Vec<String>,
    persons: Vec<Option<Uuid>>,
    granted: Vec<String>,
    unopposed: Vec<String>,
    written: Vec<DateTime<Utc>>,
    payloads: Vec<Value>,
}

impl Columns {
    fn push(&mut self, message: &Message) {
        let gate = message.kind.gate();
        self.ids.push(message.id);
        self.kinds.push(message.kind.name().to_owned());
        self.persons.push(message.person);
        // Names of purposes hold no comma; the database refuses an array of arrays of several lengths.
        self.granted.push(gate.granted.join(","));
        self.unopposed.push(gate.unopposed.join(","));
        self.written.push(message.written_at);
        self.payloads.push(message.payload.clone());
    }
}
