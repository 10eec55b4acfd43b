//! Insights by person: the join's one statement.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Error, Reader, current};
use crate::domain::insight::Insight;
use crate::domain::moment::Moment;
use crate::jobs;

/// An insight as it is read at an instant.
#[derive(Clone, Debug, PartialEq)]
pub struct PersonInsight {
    /// What is known.
    pub insight: Insight,
    /// The instant of reading.
    pub read_at: DateTime<Utc>,
    /// Everything delivered by this instant is in it.
    pub fresh_as_of: DateTime<Utc>,
    /// From which moment history was looked at.
    pub moment: Moment,
    /// History is being brought in or refolded at this moment, so there may be more to come.
    pub partial: bool,
}

impl PersonInsight {
    /// The instant for which whatever depends on time is told.
    #[must_use]
    pub fn at(&self) -> DateTime<Utc> {
        self.moment.instant(self.read_at)
    }
}

/// What a known person is answered with; `None` when their insight cannot be derived now.
pub type Found = Option<Arc<PersonInsight>>;

/// What is true of all insights of one read.
#[derive(Clone, Copy)]
pub(super) struct Dated {
    pub(super) read_at: DateTime<Utc>,
    pub(super) fresh_as_of: DateTime<Utc>,
    pub(super) partial: bool,
}

/// A stored row on its way to an insight.
pub(super) struct Stored {
    pub(super) root: Uuid,
    pub(super) valid_until: Option<DateTime<Utc>>,
    pub(super) body: Vec<u8>,
}

struct Row {
    asked: Uuid,
    root: Uuid,
    valid_until: Option<DateTime<Utc>>,
    body: Vec<u8>,
    oldest_delivery: Option<Uuid>,
    partial: bool,
}

/// A merged person leads to the survivor's row. The tenant's oldest live delivery that is not folded yet dates them all.
pub(super) async fn insights(
    reader: &Reader,
    tenant: Uuid,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Found>, Error> {
    let now = reader.clock.now();
    let statement = sqlx::query_as!(
        Row,
        r#"
        with oldest as materialized (
          select id from inbox where tenant_id = $1 and channel = 0 order by id limit 1
        )
        select asked.id as "asked!", insight.person_profile_id as "root!", insight.valid_until,
          insight.body as "body!", (select id from oldest) as oldest_delivery,
          exists (
            select from job
            where tenant_id = $1 and name = any (array['backfill', 'rebuild'])
              and state = 0 and touched_at >= $3
          ) as "partial!"
        from unnest($2::uuid[]) as asked(id)
        cross join lateral (
          select root from customer
          where tenant_id = $1 and person_profile_id = asked.id
          offset 0
        ) as customer
        cross join lateral (
          select person_profile_id, valid_until, body from customer_insight
          where tenant_id = $1 and person_profile_id = customer.root
          offset 0
        ) as insight
        "#,
        tenant,
        ids,
        now - jobs::SILENT_AFTER,
    );
    let rows = async {
        let mut connection = reader.connection(tenant).await?;
        let rows = statement.fetch_all(&mut *connection).await?;
        connection.done();
        Ok(rows)
    };
    let rows = reader.in_time(rows).await?;
    let dated = Dated {
        read_at: now,
        fresh_as_of: fresh_as_of(rows.first().and_then(|row| row.oldest_delivery), now),
        partial: rows.first().is_some_and(|row| row.partial),
    };
    let mut asked = Vec::with_capacity(rows.len());
    let mut stored = Vec::with_capacity(rows.len());
    for Row {
        asked: id,
        root,
        valid_until,
        body,
        ..
    } in rows
    {
        asked.push((id, root));
        stored.push(Stored {
            root,
            valid_until,
            body,
        });
    }
    let insights = read(reader, tenant, stored, dated).await;
    let with_id = |(id, root)| Some((id, insights.get(&root)?.clone()));
    Ok(asked.into_iter().filter_map(with_id).collect())
}

/// Decodes stored rows, and derives anew what time (or another version of this program) has made stale.
///
/// Trouble with the stale ones is theirs alone.
pub(super) async fn read(
    reader: &Reader,
    tenant: Uuid,
    stored: Vec<Stored>,
    dated: Dated,
) -> HashMap<Uuid, Found> {
    let mut insights = HashMap::with_capacity(stored.len());
    let now = dated.read_at;
    let dated = |insight| {
        Some(Arc::new(PersonInsight {
            insight,
            read_at: now,
            fresh_as_of: dated.fresh_as_of,
            partial: dated.partial,
            moment: Moment::NOW,
        }))
    };
    let mut stale = Vec::new();
    for Stored {
        root,
        valid_until,
        body,
    } in stored
    {
        let expired = valid_until.is_some_and(|until| until <= now);
        match Insight::from_stored(&body).filter(|_| !expired) {
            Some(insight) => drop(insights.insert(root, dated(insight))),
            None => stale.push(root),
        }
    }
    if stale.is_empty() {
        return insights;
    }
    match reader
        .in_time(current::current(reader, tenant, &stale, now))
        .await
    {
        Ok(fresh) => {
            insights.extend(
                fresh
                    .into_iter()
                    .map(|(root, insight)| (root, dated(insight))),
            );
        }
        Err(error) => {
            let error: &(dyn std::error::Error + 'static) = &error;
            tracing::warn!(
                persons = stale.len(),
                error,
                "stale insights could not be derived"
            );
            insights.extend(stale.into_iter().map(|root| (root, None)));
        }
    }
    insights
}

/// When the oldest delivery that is not folded yet was received; without one, the instant of reading.
pub(super) fn fresh_as_of(oldest_delivery: Option<Uuid>, now: DateTime<Utc>) -> DateTime<Utc> {
    let received = oldest_delivery
        .and_then(|id| id.get_timestamp())
        .and_then(|timestamp| {
            let (seconds, nanos) = timestamp.to_unix();
            DateTime::from_timestamp(i64::try_from(seconds).ok()?, nanos)
        });
    received.map_or(now, |received| received.min(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_delivery_dates_the_answer() {
        let noon = DateTime::from_timestamp(1_750_000_000, 0).unwrap();
        let clock = crate::domain::clock::Clock::manual(noon);
        let delivery = clock.uuid_v7();
        let later = noon + chrono::TimeDelta::hours(1);
        assert_eq!(fresh_as_of(Some(delivery), later), noon);
        assert_eq!(fresh_as_of(None, later), later);
    }
}
