//! Insights of earlier (or later) moments: what had happened by then, and what was known by then.
//!
//! Whatever moments are asked for and of however many persons, the rows are read once. What is stored is not looked at.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::current::{Purpose, from_log};
use super::person::{self, Found, PersonInsight};
use super::{Error, Reader};
use crate::domain::moment::{Moment, derive_at};
use crate::jobs;

/// A person asked for, before merges are followed, and from which moment.
pub type Asked = (Uuid, Moment);

pub(super) async fn insights(
    reader: &Reader,
    tenant: Uuid,
    asked: &[Asked],
) -> Result<HashMap<Asked, Found>, Error> {
    let now = reader.clock.now();
    let ids: BTreeSet<Uuid> = asked.iter().map(|(id, _)| *id).collect();
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let mut connection = reader.connection(tenant).await?;
    let rows = sqlx::query!(
        r#"
        with oldest as materialized (
          select id from inbox where tenant_id = $1 and channel = 0 order by id limit 1
        )
        select customer.person_profile_id as "id!", customer.root as "root!",
          (select id from oldest) as oldest_delivery,
          exists (
            select from job
            where tenant_id = $1 and name = any (array['backfill', 'rebuild'])
              and state = 0 and touched_at >= $3
          ) as "partial!"
        from unnest($2::uuid[]) as asked(id)
        cross join lateral (
          select person_profile_id, root from customer
          where tenant_id = $1 and person_profile_id = asked.id
          offset 0
        ) as customer
        "#,
        tenant,
        &ids,
        now - jobs::SILENT_AFTER,
    )
    .fetch_all(&mut *connection)
    .await?;
    connection.done();
    let fresh = person::fresh_as_of(rows.first().and_then(|row| row.oldest_delivery), now);
    let partial = rows.first().is_some_and(|row| row.partial);
    let root_of: HashMap<Uuid, Uuid> = rows.iter().map(|row| (row.id, row.root)).collect();
    let mut wanted: BTreeMap<Moment, BTreeSet<Uuid>> = BTreeMap::new();
    for (id, moment) in asked {
        let root = root_of.get(id).copied();
        wanted.entry(*moment).or_default().extend(root);
    }
    let roots: BTreeSet<Uuid> = root_of.values().copied().collect();
    let roots: Vec<Uuid> = roots.into_iter().collect();
    let mut derived: HashMap<Asked, Found> = HashMap::with_capacity(asked.len());
    from_log(reader, tenant, &roots, Purpose::Past, |by_root, around| {
        for (moment, roots) in &wanted {
            let reference = around.at(*moment, None);
            let with_rows = roots.iter().filter_map(|root| by_root.get_key_value(root));
            for (root, rows) in with_rows {
                let rows = rows.iter().map(|one| (&one.row, one.recorded_at));
                let insight = derive_at(*root, rows, &reference, *moment, now);
                let seen = PersonInsight {
                    insight,
                    read_at: moment.instant(now),
                    fresh_as_of: known_until(*moment, fresh),
                    partial,
                    moment: *moment,
                };
                derived.insert((*root, *moment), Some(Arc::new(seen)));
            }
        }
        Ok(())
    })
    .await?;
    let of = |(id, moment): &Asked| {
        let found = derived.get(&(*root_of.get(id)?, *moment))?;
        Some(((*id, *moment), found.clone()))
    };
    Ok(asked.iter().filter_map(of).collect())
}

/// Everything delivered by this instant is in an answer: never later than what was allowed to be known.
fn known_until(moment: Moment, fresh_as_of: DateTime<Utc>) -> DateTime<Utc> {
    moment
        .known_at
        .map_or(fresh_as_of, |known_at| known_at.min(fresh_as_of))
}
