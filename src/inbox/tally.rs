//! What was counted instead of kept: read here, written by `claim` and the writer beside what they do.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::db::{Error, Pool};

/// One counter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// Whose deliveries; the nil uuid when they named no tenant.
    pub tenant_id: Uuid,
    /// A stable name such as `event.BookingConfirmed` or `table.commerce.bookings`.
    pub name: String,
    /// How many.
    pub total: i64,
    /// When last.
    pub last_at: DateTime<Utc>,
}

/// All counters, of one tenant or of all, by tenant and name.
pub async fn read(pool: &Pool, tenant_id: Option<Uuid>) -> Result<Vec<Count>, Error> {
    let counts = sqlx::query_as!(
        Count,
        "select tenant_id, name, total, last_at from tally
         where $1::uuid is null or tenant_id = $1 order by tenant_id, name",
        tenant_id,
    );
    Ok(counts.fetch_all(pool).await?)
}

/// When a delivery about each table was folded last, of whichever tenant; tables by `schema.table`.
pub async fn tables_last_at(pool: &Pool) -> Result<Vec<(String, DateTime<Utc>)>, Error> {
    let rows = sqlx::query!(
        r#"select substr(name, 7) as "table!", max(last_at) as "last_at!" from tally
           where name like 'table.%' group by name"#
    )
    .fetch_all(pool)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.table, row.last_at))
        .collect())
}
