//! Why a number is what it is, and what late activities changed: both folded from the log when asked for.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::current::{Purpose, from_log};
use super::timeline::told;
use super::{Consent, Error, Learned, Reader, allowed, learned};
use crate::domain::explain::{Explanation, Told, explain};
use crate::domain::metric::{Judge, Metric};
use crate::domain::moment::Moment;
use crate::domain::source::SourceKey;
use crate::domain::timeline::{MetricChange, changes};

/// How many rows one request may fold for late changes. A usual person has 15 rows and a page 100 activities at most,
/// each of which takes two folds: 3,000 rows. Only timelines of agencies come near.
const LATE_ROWS: usize = 100_000;

/// Which number of whom, seen from which moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExplainRequest {
    /// The person after following merges.
    pub person: Uuid,
    /// From which moment history is looked at.
    pub moment: Moment,
    /// The number.
    pub metric: Metric,
}

/// Rows of one source that were recorded together, of whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LateRequest {
    /// The person after following merges.
    pub person: Uuid,
    /// The source row of the activity.
    pub source: SourceKey,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
}

/// However many numbers are asked for, a person is folded once a moment.
pub(super) async fn explanations(
    reader: &Reader,
    tenant: Uuid,
    requests: &[ExplainRequest],
) -> Result<HashMap<ExplainRequest, Arc<Explanation>>, Error> {
    let now = reader.clock.now();
    let mut wanted: BTreeMap<Moment, BTreeMap<Uuid, Vec<Metric>>> = BTreeMap::new();
    for request in requests {
        let of_moment = wanted.entry(request.moment).or_default();
        of_moment
            .entry(request.person)
            .or_default()
            .push(request.metric);
    }
    let persons: BTreeSet<Uuid> = requests.iter().map(|request| request.person).collect();
    let persons: Vec<Uuid> = persons.into_iter().collect();
    let judges = Box::pin(Judges::load(reader, tenant, requests)).await?;
    let purpose = if wanted.keys().all(|moment| moment.is_now()) {
        Purpose::Timeline
    } else {
        Purpose::Past
    };
    let mut found = HashMap::with_capacity(requests.len());
    from_log(reader, tenant, &persons, purpose, |mut by_root, around| {
        let mut of_root: BTreeMap<Uuid, Vec<Told>> = BTreeMap::new();
        for (root, rows) in std::mem::take(&mut by_root) {
            of_root.insert(root, rows.into_iter().map(told).collect());
        }
        for (moment, persons) in &wanted {
            let then = (!moment.is_now()).then(|| around.at(*moment, None));
            let reference = then.as_ref().unwrap_or(around.today());
            for (person, metrics) in persons {
                let Some(rows) = of_root.get(person) else {
                    continue;
                };
                let judge = judges.of(*person, *moment);
                let at = (*moment, now);
                for one in explain(*person, rows, reference, at, metrics, judge.as_ref()) {
                    let request = ExplainRequest {
                        person: *person,
                        moment: *moment,
                        metric: one.metric,
                    };
                    found.insert(request, Arc::new(one));
                }
            }
        }
        Ok(())
    })
    .await?;
    Ok(found)
}

/// Who judges whom: loaded only where something is asked that models say.
#[derive(Default)]
struct Judges {
    learned: HashMap<Moment, Arc<Learned>>,
    consents: HashMap<Uuid, Arc<Vec<Consent>>>,
}

impl Judges {
    async fn load(
        reader: &Reader,
        tenant: Uuid,
        requests: &[ExplainRequest],
    ) -> Result<Self, Error> {
        let judged = || requests.iter().filter(|one| one.metric.is_judged());
        let moments: BTreeSet<Moment> = judged().map(|one| one.moment).collect();
        if moments.is_empty() {
            return Ok(Self::default());
        }
        let moments: Vec<Moment> = moments.into_iter().collect();
        let about_channels = judged().filter(|one| one.metric == Metric::ChannelPreference);
        let persons: BTreeSet<Uuid> = about_channels.map(|one| one.person).collect();
        let persons: Vec<Uuid> = persons.into_iter().collect();
        Ok(Self {
            learned: learned::learned(reader, tenant, &moments).await?,
            consents: reader.consents(tenant, &persons).await?,
        })
    }

    fn of(&self, person: Uuid, moment: Moment) -> Option<Judge<'_>> {
        let consents = self.consents.get(&person);
        let consents = consents.map_or(&[][..], |all| all.as_slice());
        Some(self.learned.get(&moment)?.judge(allowed(consents)))
    }
}

/// Two folds of the person's rows for each request, until [`LATE_ROWS`] have been folded; the rest is absent.
pub(super) async fn late_changes(
    reader: &Reader,
    tenant: Uuid,
    requests: &[LateRequest],
) -> Result<HashMap<LateRequest, Arc<Vec<MetricChange>>>, Error> {
    let persons: BTreeSet<Uuid> = requests.iter().map(|request| request.person).collect();
    let persons: Vec<Uuid> = persons.into_iter().collect();
    let mut found = HashMap::with_capacity(requests.len());
    let mut folded = 0_usize;
    from_log(
        reader,
        tenant,
        &persons,
        Purpose::Past,
        |by_root, around| {
            for request in requests {
                let Some(rows) = by_root.get(&request.person) else {
                    continue;
                };
                folded = folded.saturating_add(2 * rows.len());
                if folded > LATE_ROWS {
                    tracing::info!(rows = rows.len(), "late changes would cost too much");
                    break;
                }
                let telling = (request.source, request.recorded_at);
                let moment = Moment::as_seen_at(request.recorded_at);
                let with = around.at(moment, None);
                let without = around.at(moment, Some(telling));
                let recorded = rows.iter().map(|one| (&one.row, one.recorded_at));
                let changed = changes(request.person, recorded, telling, &with, &without);
                found.insert(*request, Arc::new(changed));
            }
            Ok(())
        },
    )
    .await?;
    Ok(found)
}
