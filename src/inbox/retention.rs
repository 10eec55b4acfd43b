//! Dead letters that nobody will read any more.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::db::{Error, Pool};

/// Letters taken away in one statement.
const AT_A_TIME: i64 = 5_000;

/// Takes away the tenant's letters that last came before that instant; returns how many.
pub async fn prune_letters(
    pool: &Pool,
    tenant_id: Uuid,
    before: DateTime<Utc>,
) -> Result<u64, Error> {
    let mut all = 0;
    loop {
        let gone = sqlx::query!(
            "delete from dead_letter where tenant_id = $1 and id = any (array(
               select id from dead_letter where tenant_id = $1 and received_at < $2 limit $3))",
            tenant_id,
            before,
            AT_A_TIME,
        )
        .execute(pool)
        .await?
        .rows_affected();
        if gone == 0 {
            return Ok(all);
        }
        all += gone;
    }
}
