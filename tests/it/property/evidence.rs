//! What a number rests on: without those rows it is another number, and what they contribute adds up to it.

use std::collections::{BTreeMap, BTreeSet};

use customer_intelligence::contracts;
use customer_intelligence::domain::activity::{LogRow, Provenance};
use customer_intelligence::domain::derive::derive;
use customer_intelligence::domain::explain::{Evidence, Explanation, Facts, explain};
use customer_intelligence::domain::fold::fold;
use customer_intelligence::domain::insight::Insight;
use customer_intelligence::domain::metric::{Metric, MetricValue};
use customer_intelligence::domain::moment::Moment;
use customer_intelligence::domain::reference::Reference;
use customer_intelligence::domain::source::SourceKey;
use customer_intelligence::resolve::memory::Memory;
use uuid::Uuid;

use super::deliveries::tell;
use super::history::{History, history};
use super::in_memory::cases;
use super::world::World;

/// Histories of a run without a flag.
const HISTORIES: u64 = 300;

/// Told by the operator's row, which is nobody's.
const NOT_IN_THE_LOG: [Metric; 1] = [Metric::Currency];
/// Shown on no timeline: a message neither delivered nor read, a child's seat on a booking that was never confirmed.
const PERHAPS_UNSEEN: [Metric; 3] = [
    Metric::Messages,
    Metric::ProfileCompleteness,
    Metric::IsMinor,
];

fn remember(history: &History) -> Memory {
    let world = World::run(history.tenant, false, &history.commands);
    let mut memory = Memory::new(history.tenant, history.quarantine_days);
    for told in tell(&world, history.seed, 30) {
        let delivery = contracts::read(told.body.as_bytes()).unwrap();
        memory.deliver(&contracts::decode(&delivery.cut).unwrap().versions);
    }
    memory
}

/// Sums per currency of what the rows contribute.
fn sums(evidence: &Evidence) -> BTreeMap<String, i128> {
    let mut sums = BTreeMap::new();
    for rests in &evidence.rests {
        if let Some(MetricValue::Money(cents, currency)) = &rests.contributes {
            *sums.entry(currency.0.clone()).or_default() += cents;
        }
    }
    sums.retain(|_, cents| *cents != 0);
    sums
}

/// The value as sums per currency; none for metrics that are no sums of money.
fn as_sums(metric: Metric, value: &MetricValue) -> Option<BTreeMap<String, i128>> {
    if matches!(metric, Metric::AverageBookingValue | Metric::Ancillaries) {
        return None;
    }
    let pair = |value: &MetricValue| match value {
        MetricValue::Amount(cents, of) | MetricValue::Money(cents, of) => {
            Some((of.0.clone(), *cents))
        }
        _ => None,
    };
    let mut sums: BTreeMap<String, i128> = match value {
        MetricValue::List(all) => all.iter().map(pair).collect::<Option<_>>()?,
        one => BTreeMap::from([pair(one)?]),
    };
    sums.retain(|_, cents| *cents != 0);
    Some(sums)
}

/// Metrics that count their observations.
fn counts(metric: Metric) -> bool {
    let name = metric.name();
    (name.ends_with("_bookings") && metric != Metric::AverageDaysBetweenBookings)
        || name.ends_with("_based_on")
        || name.ends_with("trips_taken")
        || matches!(
            metric,
            Metric::OpenReservations
                | Metric::UpcomingTrips
                | Metric::NoShowCount
                | Metric::NotMeasuredDepartures
                | Metric::CheckoutsAbandoned
                | Metric::Messages
        )
}

/// Means of whole numbers.
fn mean(evidence: &Evidence) -> f64 {
    let whole = evidence
        .rests
        .iter()
        .filter_map(|one| match one.contributes {
            Some(MetricValue::Count(count)) => Some(f64::from(i32::try_from(count).unwrap())),
            _ => None,
        });
    whole.sum::<f64>() / f64::from(evidence.inputs)
}

fn check(metric: Metric, facts: &Facts<'_>, insight: &Insight) -> Result<Evidence, String> {
    let at = insight.computed_at;
    let value = metric.shown(insight, at);
    let evidence = facts.evidence(metric, at);
    let name = metric.name();
    if value.is_empty() && metric != Metric::NoShowRate && evidence != Evidence::default() {
        return Err(format!("{name} is {value} and rests on {evidence:?}"));
    }
    if let Some(told) = as_sums(metric, &value)
        && told != sums(&evidence)
    {
        return Err(format!(
            "{name} is {value}, its rows sum to {:?}",
            sums(&evidence)
        ));
    }
    let told = value != MetricValue::Nothing;
    if told && counts(metric) && value != MetricValue::from(evidence.inputs) {
        return Err(format!(
            "{name} is {value}, its inputs are {}",
            evidence.inputs
        ));
    }
    if let MetricValue::Number(told) = value
        && matches!(
            metric,
            Metric::AveragePartySize | Metric::AverageBookingLeadTime | Metric::Satisfaction
        )
        && (told - mean(&evidence)).abs() > 1e-9
    {
        return Err(format!(
            "{name} is {value}, its rows mean {}",
            mean(&evidence)
        ));
    }
    Ok(evidence)
}

/// What is wrong with one explanation of a person whose rows these are, if anything.
fn judge(
    (root, rows, reference): &(Uuid, Vec<LogRow>, Reference),
    facts: &Facts<'_>,
    insight: &Insight,
    explained: &Explanation,
) -> Result<bool, String> {
    let (metric, at) = (explained.metric, insight.computed_at);
    let (value, name) = (metric.shown(insight, at), metric.name());
    let evidence = check(metric, facts, insight)?;
    if explained.value != value || explained.inputs != evidence.inputs {
        return Err(format!("{name} is {value}, explained as {explained:?}"));
    }
    if explained.activities.len() > 20 || explained.activities.len() > explained.total {
        return Err(format!(
            "{name} names {} activities",
            explained.activities.len()
        ));
    }
    if value.is_empty() || NOT_IN_THE_LOG.contains(&metric) {
        return Ok(false);
    }
    let gone: BTreeSet<SourceKey> = evidence.rests.iter().map(|rests| rests.source).collect();
    let stays = |row: &&LogRow| !gone.contains(&SourceKey::new(row.kind, row.body.source_id));
    let left: Vec<LogRow> = rows.iter().filter(stays).cloned().collect();
    let without = derive(&fold(*root, &left, reference), at);
    if metric.shown(&without, at) == value {
        return Err(format!("{name} stays {value} without {evidence:?}"));
    }
    if explained.total == 0 && !PERHAPS_UNSEEN.contains(&metric) {
        return Err(format!(
            "nothing on the timeline shows why {name} is {value}"
        ));
    }
    Ok(true)
}

#[test]
fn every_number_changes_without_the_rows_it_rests_on_and_their_parts_add_up() {
    let mut seen: BTreeSet<Metric> = BTreeSet::new();
    let mut wrong: BTreeMap<Metric, String> = BTreeMap::new();
    for seed in 0..cases(HISTORIES) {
        let history = history(seed, false);
        let memory = remember(&history);
        for person in &history.persons {
            let Some(of) = memory.folded(*person) else {
                continue;
            };
            let (root, rows, reference) = &of;
            let insight = derive(&fold(*root, rows, reference), history.now);
            let facts = Facts::new(rows, rows, reference, &insight);
            let told = rows
                .iter()
                .map(|row| (row.clone(), row.version_at, Provenance::Live));
            let told: Vec<_> = told.collect();
            let now = history.now;
            for one in explain(
                *root,
                &told,
                reference,
                (Moment::NOW, now),
                &Metric::ALL,
                None,
            ) {
                match judge(&of, &facts, &insight, &one) {
                    Ok(true) => drop(seen.insert(one.metric)),
                    Ok(false) => {}
                    Err(what) => {
                        let what = format!("seed {seed}, {person}: {what}");
                        wrong.entry(one.metric).or_insert(what);
                    }
                }
            }
        }
    }
    let shown: Vec<_> = wrong.into_values().collect();
    assert!(shown.is_empty(), "{}", shown.join("\n"));
    let never: Vec<_> = Metric::ALL
        .into_iter()
        .filter(|metric| !seen.contains(metric) && !NOT_IN_THE_LOG.contains(metric))
        .map(Metric::name)
        .collect();
    assert!(never.is_empty(), "no history has them: {never:?}");
}
