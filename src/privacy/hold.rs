//! Legal holds: while one is open, the person it is about is not erased.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use uuid::Uuid;

use crate::db::{Error, Tx};
use crate::domain::source::{Field, SourceKey, SourceKind, Value};
use crate::resolve::dossier::Dossier;
use crate::resolve::store;

/// The open legal holds about these persons.
pub async fn open(
    tx: &mut Tx,
    tenant_id: Uuid,
    persons: &BTreeSet<Uuid>,
    today: NaiveDate,
) -> Result<Vec<Uuid>, Error> {
    let profiles = persons
        .iter()
        .map(|person| SourceKey::new(SourceKind::PersonProfile, *person))
        .collect();
    let children = store::children(tx, tenant_id, &profiles).await?;
    let holds = children.into_values().flatten();
    let holds = holds
        .filter(|key| key.kind == SourceKind::LegalHold)
        .collect();
    let holds = store::load(tx, tenant_id, &holds).await?;
    let open = holds
        .into_iter()
        .filter(|(_, hold)| is_open(hold, persons, today));
    Ok(open.map(|(key, _)| key.id).collect())
}

/// Everyone an open legal hold is about.
pub async fn persons(
    tx: &mut Tx,
    tenant_id: Uuid,
    today: NaiveDate,
) -> Result<BTreeSet<Uuid>, Error> {
    let ids = sqlx::query_scalar!(
        "select id from dossier where tenant_id = $1 and kind = $2",
        tenant_id,
        SourceKind::LegalHold.code(),
    )
    .fetch_all(&mut **tx)
    .await?;
    let keys = ids.into_iter();
    let keys = keys
        .map(|id| SourceKey::new(SourceKind::LegalHold, id))
        .collect();
    let holds = store::load(tx, tenant_id, &keys).await?;
    let named = holds.into_values().filter_map(|hold| {
        let person = hold.id(Field::Entity).filter(|id| !id.is_nil())?;
        is_open(&hold, &[person].into(), today).then_some(person)
    });
    Ok(named.collect())
}

/// It exists, is about one of them, was not closed and has not run out.
fn is_open(hold: &Dossier, persons: &BTreeSet<Uuid>, today: NaiveDate) -> bool {
    hold.exists()
        && hold
            .id(Field::Entity)
            .is_some_and(|id| persons.contains(&id))
        && !matches!(hold.value(Field::ClosedAt), Some(Value::At(_)))
        && hold.day(Field::Until).is_none_or(|until| until >= today)
}
