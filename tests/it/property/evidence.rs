//! What a number rests on: without those rows it is another number, and what they contribute adds up to it.

use std::collections::{BTreeMap, BTreeSet};

use customer_intelligence::contracts;
use customer_intelligence::domain::activity::{LogRow, Provenance};
use customer_intelligence::domain::derive::derive;
use customer_intelligence::domain::explain::{Evidence, Facts, explain};
use customer_intelligence::domain::fold::fold;
use customer_intelligence::domain::insight::Insight;
use customer_intelligence::domain::metric::{Metric, MetricValue};
use customer_intelligence::domain::moment::Moment;
use customer_intelligence::domain::source::SourceKey;
use customer_intelligence::resolve::memory::Memory;

use super::deliveries::tell;
use super::history::{History, history};
use super::in_memory::cases;
use super::world::World;

/// Histories of a run without a flag.
const HISTORIES: u64 = 1_000;

/// Told by the operator's row, which is nobody's.
const NOT_IN_THE_LOG: [Metric; 1] = [Metric::Currency];
/// Shown on no timeline: a message sent and neither delivered nor read.
const PERHAPS_UNSEEN: [Metric; 2] = [Metric::Messages, Metric::ProfileCompleteness];

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
    name.ends_with("_bookings")
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
    if counts(metric) && value != MetricValue::from(evidence.inputs) {
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

#[test]
fn every_number_changes_without_the_rows_it_rests_on_and_their_parts_add_up() {
    let mut seen: BTreeSet<Metric> = BTreeSet::new();
    for seed in 0..cases(HISTORIES) {
        let history = history(seed, false);
        let memory = remember(&history);
        for person in &history.persons {
            let Some((root, rows, reference)) = memory.folded(*person) else {
                continue;
            };
            let insight = derive(&fold(root, &rows, &reference), history.now);
            let facts = Facts::new(&rows, &rows, &reference, &insight);
            let told: Vec<_> = rows
                .iter()
                .map(|row| (row.clone(), row.version_at, Provenance::Live))
                .collect();
            let all = explain(
                root,
                &told,
                &reference,
                Moment::NOW,
                history.now,
                &Metric::ALL,
            );
            for (metric, explained) in Metric::ALL.into_iter().zip(all) {
                let fail = |what: String| panic!("seed {seed}, {person}: {what}");
                let evidence = check(metric, &facts, &insight).unwrap_or_else(fail);
                let value = metric.shown(&insight, history.now);
                assert_eq!((explained.metric, &explained.value), (metric, &value));
                if value.is_empty() || NOT_IN_THE_LOG.contains(&metric) {
                    continue;
                }
                let gone: BTreeSet<SourceKey> =
                    evidence.rests.iter().map(|rests| rests.source).collect();
                let left = rows
                    .iter()
                    .filter(|row| !gone.contains(&SourceKey::new(row.kind, row.body.source_id)));
                let left: Vec<LogRow> = left.cloned().collect();
                let without = derive(&fold(root, &left, &reference), history.now);
                let (without, name) = (metric.shown(&without, history.now), metric.name());
                if without == value {
                    fail(format!("{name} stays {value} without {evidence:?}"));
                }
                if explained.total == 0 && !PERHAPS_UNSEEN.contains(&metric) {
                    fail(format!(
                        "nothing on the timeline shows why {name} is {value}"
                    ));
                }
                assert!(explained.activities.len() <= 20);
                assert_eq!(explained.inputs, evidence.inputs);
                seen.insert(metric);
            }
        }
    }
    let never: Vec<_> = Metric::ALL
        .into_iter()
        .filter(|metric| !seen.contains(metric) && !NOT_IN_THE_LOG.contains(metric))
        .map(Metric::name)
        .collect();
    assert!(never.is_empty(), "no history has them: {never:?}");
}
