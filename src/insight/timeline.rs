//! Timelines: what the log's versions tell, latest first, paged by instant and id.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::current::{Purpose, from_log};
use super::{Error, Reader};
use crate::activity_log::Recorded;
use crate::db::cursor;
use crate::domain::explain::Told;
use crate::domain::moment::Moment;
use crate::domain::timeline::{Activity, ActivityKind, timeline};

/// Which part of whose timeline.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimelineRequest {
    /// The person after following merges.
    pub person: Uuid,
    /// From which moment history is looked at.
    pub moment: Moment,
    /// How many at most.
    pub first: u32,
    /// Behind which entry.
    pub after: Option<String>,
    /// Only these kinds; none means all.
    pub kinds: Option<BTreeSet<ActivityKind>>,
    /// Only what happened at this instant or later.
    pub from: Option<DateTime<Utc>>,
    /// Only what happened before this instant.
    pub to: Option<DateTime<Utc>>,
}

/// A part of a timeline, latest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimelinePage {
    /// Each with its cursor.
    pub entries: Vec<(String, Activity)>,
    /// There is more behind the last.
    pub has_next: bool,
    /// It does not start at the beginning.
    pub has_previous: bool,
}

/// Latest first; what happened at the same instant by id.
type Place = (DateTime<Utc>, Uuid);

pub(super) async fn pages(
    reader: &Reader,
    tenant: Uuid,
    requests: &[TimelineRequest],
) -> Result<HashMap<TimelineRequest, Arc<TimelinePage>>, Error> {
    let persons: BTreeSet<Uuid> = requests.iter().map(|request| request.person).collect();
    let persons: Vec<Uuid> = persons.into_iter().collect();
    let mut timelines: HashMap<(Uuid, Moment), Vec<Activity>> = HashMap::new();
    from_log(
        reader,
        tenant,
        &persons,
        Purpose::Timeline,
        |by_root, around| {
            for request in requests {
                let (person, moment) = (request.person, request.moment);
                let Some(rows) = by_root.get(&person) else {
                    continue;
                };
                timelines.entry((person, moment)).or_insert_with(|| {
                    let rows = rows.iter().cloned().map(told);
                    let seen = rows.filter(|(row, at, _)| moment.keeps(row.version_at, *at));
                    timeline(person, &seen.collect::<Vec<_>>(), around.today())
                });
            }
            Ok(())
        },
    )
    .await?;
    let nothing = Vec::new();
    requests
        .iter()
        .map(|request| {
            let timeline = timelines.get(&(request.person, request.moment));
            let page = cut(timeline.unwrap_or(&nothing), request);
            Ok((request.clone(), Arc::new(page)))
        })
        .collect()
}

/// A row as timelines and explanations take it.
pub(super) fn told(recorded: Recorded) -> Told {
    (recorded.row, recorded.recorded_at, recorded.provenance)
}

/// The asked part of a timeline that is sorted latest first. A cursor that is none gives nothing.
fn cut(timeline: &[Activity], request: &TimelineRequest) -> TimelinePage {
    let after = match request.after.as_deref().map(cursor::decode::<Place>) {
        Some(None) => return TimelinePage::default(),
        Some(place) => place,
        None => None,
    };
    let place = |activity: &Activity| (activity.occurred_at, activity.id);
    let wanted = |activity: &&Activity| {
        request
            .kinds
            .as_ref()
            .is_none_or(|kinds| kinds.contains(&activity.kind))
            && request.from.is_none_or(|from| activity.occurred_at >= from)
            && request.to.is_none_or(|to| activity.occurred_at < to)
    };
    let (before, behind): (Vec<_>, Vec<_>) = timeline
        .iter()
        .filter(wanted)
        .partition(|activity| after.is_some_and(|after| place(activity) >= after));
    let first = request.first as usize;
    let entries = behind
        .iter()
        .take(first)
        .map(|activity| (cursor::encode(&place(activity)), (*activity).clone()));
    TimelinePage {
        entries: entries.collect(),
        has_next: behind.len() > first,
        has_previous: !before.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::activity::Provenance;
    use crate::domain::source::{SourceKey, SourceKind};

    fn activity(number: u128, second: i64, kind: ActivityKind) -> Activity {
        let at = DateTime::from_timestamp(second, 0).unwrap();
        Activity {
            id: Uuid::from_u128(number),
            kind,
            occurred_at: at,
            recorded_at: at,
            provenance: Provenance::Live,
            source: SourceKey::new(SourceKind::Booking, Uuid::from_u128(number)),
            booking_id: None,
            offering_id: None,
            boarding_point_id: None,
            amount: None,
            channel: None,
            detail: None,
        }
    }

    fn all(first: u32, after: Option<String>) -> TimelineRequest {
        let person = Uuid::nil();
        TimelineRequest {
            person,
            moment: Moment::NOW,
            first,
            after,
            kinds: None,
            from: None,
            to: None,
        }
    }

    fn timeline() -> Vec<Activity> {
        vec![
            activity(4, 30, ActivityKind::Boarded),
            activity(3, 20, ActivityKind::Boarded),
            activity(2, 20, ActivityKind::OnboardSale),
            activity(1, 10, ActivityKind::BookingConfirmed),
        ]
    }

    #[test]
    fn pages_join_up_without_gap_or_overlap_also_within_one_instant() {
        let (timeline, mut seen, mut after) = (timeline(), Vec::new(), None);
        for round in 0..4 {
            let page = cut(&timeline, &all(1, after));
            assert_eq!(page.has_previous, round > 0);
            assert_eq!(page.has_next, round < 3);
            let (cursor, activity) = page.entries.into_iter().next().unwrap();
            seen.push(activity);
            after = Some(cursor);
        }
        assert_eq!(seen, timeline);
        assert!(cut(&timeline, &all(1, after)).entries.is_empty());
    }

    #[test]
    fn kinds_and_instants_narrow_and_a_foreign_cursor_gives_nothing() {
        let count = |request: &TimelineRequest| cut(&timeline(), request).entries.len();
        let at = |second| DateTime::from_timestamp(second, 0);
        assert_eq!(
            count(&TimelineRequest {
                from: at(20),
                ..all(9, None)
            }),
            3
        );
        assert_eq!(
            count(&TimelineRequest {
                from: at(20),
                to: at(30),
                ..all(9, None)
            }),
            2
        );
        let kinds = Some(BTreeSet::from([ActivityKind::Boarded]));
        assert_eq!(
            count(&TimelineRequest {
                kinds,
                ..all(9, None)
            }),
            2
        );
        assert_eq!(count(&all(9, Some("nonsense".to_owned()))), 0);
    }
}
