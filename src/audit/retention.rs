//! Letting go of reads that are older than they have to be kept, from the beginning of each chain, as an act that says
//! where what is left begins.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::acts;
use super::entry::{Act, Actor, Entry, Subject};
use crate::db::{Error, Pool, Tx, roles};

struct Old {
    chain: Uuid,
    through: i64,
}

/// Takes out the tenant's reads of before that instant; returns how many.
pub async fn prune(
    pool: &Pool,
    tenant_id: Uuid,
    before: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<u64, Error> {
    let mut tx = Tx::begin(pool).await?;
    // From the beginning of a chain up to the first link that is kept, so that what is left is one piece.
    let old = sqlx::query_as!(
        Old,
        r#"select chain, coalesce(min(number) filter (where at >= $2) - 1, max(number)) as "through!"
           from audit_read where tenant_id = $1
           group by chain having coalesce(min(number) filter (where at >= $2), max(number) + 1) > min(number)
           order by chain"#,
        tenant_id,
        before,
    )
    .fetch_all(&mut *tx)
    .await?;
    if old.is_empty() {
        tx.rollback().await?;
        return Ok(0);
    }
    roles::become_eraser(&mut tx).await?;
    let (mut gone, mut places) = (0, Vec::new());
    for Old { chain, through } in old {
        let taken = sqlx::query!(
            "delete from audit_read where tenant_id = $1 and chain = $2 and number <= $3
             returning number, hash",
            tenant_id,
            chain,
            through,
        )
        .fetch_all(&mut *tx)
        .await?;
        gone += u64::try_from(taken.len()).unwrap_or(u64::MAX);
        let last = taken.into_iter().find(|link| link.number == through);
        places.extend(
            last.map(
                |link| json!({ "chain": chain, "number": link.number, "hash": hex::encode(&link.hash) }),
            ),
        );
    }
    let entry = Entry {
        tenant_id,
        actor: Actor::SERVICE,
        act: Act::ReadsPruned,
        subject: Subject::NONE,
        detail: Value::Array(places),
        at: now,
    };
    acts::write(&mut tx, &entry).await?;
    tx.commit().await?;
    Ok(gone)
}
