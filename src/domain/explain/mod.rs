//! Why a number is what it is: the source rows it rests on, and the activities of the timeline that show them.
//!
//! Found from the very facts that the number was derived from, never from a list beside them: take the rows away, and
//! the number changes. Absent on purpose: the sentence that says what a metric means, which is the metric's own.

mod bookings;
mod travel;
mod voice;
mod judged;

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::activity::{LogRow, Provenance};
use super::fold::entity::Entities;
use super::fold::{CustomerState, fold};
use super::insight::Insight;
use super::metric::{Judge, Judgement, Metric, MetricValue};
use super::moment::{Moment, derive_at};
use super::reference::Reference;
use super::source::{SourceKey, SourceKind};
use super::timeline::{Activity, ActivityKind, timeline};

/// How many activities are named.
const NAMED: usize = 20;

/// One source row that a number rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Rests {
    /// The row.
    pub source: SourceKey,
    /// Which activities of the row show it on the timeline; none for rows that have no entry of their own.
    pub shown_as: &'static [ActivityKind],
    /// What the row adds to a sum, or is to a mean; at most one row of each observation has it.
    pub contributes: Option<MetricValue>,
}

/// What a number rests on.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Evidence {
    /// How many observations: bookings, trips, payments, ratings …
    pub inputs: u32,
    /// Their rows.
    pub rests: Vec<Rests>,
}

/// A number with what it rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// Which number.
    pub metric: Metric,
    /// Its value, as it is shown.
    pub value: MetricValue,
    /// How many observations it rests on.
    pub inputs: u32,
    /// How many activities show them.
    pub total: usize,
    /// The latest of those, at most 20, each with what it contributes.
    pub activities: Vec<(Activity, Option<MetricValue>)>,
    /// The kinds of rows it rests on.
    pub sources: BTreeSet<SourceKind>,
    /// Which model spoke and why, where one did.
    pub judgement: Judgement,
}

/// A row of the log with the instant and the way it was recorded.
pub type Told = (LogRow, DateTime<Utc>, Provenance);

/// All that explanations of one person look at.
pub struct Facts<'a> {
    entities: Entities<'a>,
    /// Profiles as they are today: consent and objections always are.
    profiles: Entities<'a>,
    reference: &'a Reference,
    state: CustomerState,
    insight: &'a Insight,
    today: NaiveDate,
    /// Payments, extras and seats by their booking.
    attached: HashMap<(SourceKind, Uuid), Vec<Uuid>>,
    /// Own seats and boardings by departure.
    aboard: HashMap<Uuid, Aboard>,
}

/// What puts a person on a departure.
#[derive(Debug, Default)]
struct Aboard {
    /// Passenger rows, each with its kept booking.
    seats: Vec<(Uuid, Uuid)>,
    boardings: Vec<Uuid>,
}

impl<'a> Facts<'a> {
    /// The facts of a person: `rows` as the insight saw them, `all` without regard to any moment.
    #[must_use]
    pub fn new(
        rows: &'a [LogRow],
        all: &'a [LogRow],
        reference: &'a Reference,
        insight: &'a Insight,
    ) -> Self {
        let zone = reference.operator.time_zone;
        let entities = Entities::group(rows);
        Self {
            attached: bookings::attached(&entities),
            aboard: travel::aboard(&entities, reference),
            entities,
            profiles: Entities::group(all),
            reference,
            state: fold(insight.person_profile_id, rows, reference),
            insight,
            today: insight.computed_at.with_timezone(&zone).date_naive(),
        }
    }

    /// What a metric rests on. Nothing for a value that an empty history would have, but for a rate of 0.
    #[must_use]
    pub fn evidence(&self, metric: Metric, read_at: DateTime<Utc>) -> Evidence {
        let value = metric.shown(self.insight, read_at);
        if value.is_empty() && (metric, &value) != (Metric::NoShowRate, &MetricValue::Number(0.0)) {
            return Evidence::default();
        }
        let found = self.of_bookings(metric).or_else(|| self.of_travel(metric));
        let found = found.or_else(|| self.of_voice(metric));
        let mut found = found.unwrap_or_default();
        found.rests.sort_by_key(|one| one.source);
        found
    }
}

/// Explains metrics of one person at a moment. `reference` as for [`derive_at`]; without a judge only the rows are
/// told that models look at.
#[must_use]
pub fn explain(
    person: Uuid,
    told: &[Told],
    reference: &Reference,
    (moment, now): (Moment, DateTime<Utc>),
    metrics: &[Metric],
    judge: Option<&Judge<'_>>,
) -> Vec<Explanation> {
    let recorded = told.iter().map(|(row, recorded_at, _)| (row, *recorded_at));
    let insight = derive_at(person, recorded, reference, moment, now);
    let seen = told
        .iter()
        .filter(|(row, recorded_at, _)| moment.keeps(row.version_at, *recorded_at));
    let seen: Vec<Told> = seen.cloned().collect();
    let rows: Vec<LogRow> = seen.iter().map(|(row, ..)| row.clone()).collect();
    let all = told
        .iter()
        .filter(|(row, ..)| row.kind == SourceKind::PersonProfile);
    let all: Vec<LogRow> = all.map(|(row, ..)| row.clone()).collect();
    let facts = Facts::new(&rows, &all, reference, &insight);
    let entries = timeline(person, &seen, reference);
    let read_at = moment.instant(now);
    let each = metrics.iter().map(|metric| {
        let (value, judgement, evidence) = if metric.is_judged() {
            let said = judge.map(|judge| judge.value(*metric, &insight, read_at));
            let (value, judgement) = said.unwrap_or((MetricValue::Nothing, Judgement::default()));
            let silent = judge.is_some() && value == MetricValue::Nothing;
            let evidence = (!silent).then(|| facts.of_judgement(*metric));
            (value, judgement, evidence.unwrap_or_default())
        } else {
            let evidence = facts.evidence(*metric, read_at);
            let value = metric.shown(&insight, read_at);
            (value, Judgement::default(), evidence)
        };
        Explanation {
            judgement,
            ..with_activities(*metric, value, &evidence, &entries)
        }
    });
    each.collect()
}

fn with_activities(
    metric: Metric,
    value: MetricValue,
    evidence: &Evidence,
    entries: &[Activity],
) -> Explanation {
    let mut of_source: HashMap<SourceKey, Vec<&Rests>> = HashMap::new();
    for one in &evidence.rests {
        of_source.entry(one.source).or_default().push(one);
    }
    let mut shown = Vec::new();
    for entry in entries {
        let mut rests = of_source.get(&entry.source).into_iter().flatten();
        let mut showing = rests
            .clone()
            .filter(|one| one.shown_as.contains(&entry.kind));
        let Some(first) = showing.next() else {
            continue;
        };
        // What a row contributes is said once, at the kind that shows it best.
        let main = first.shown_as.first() == Some(&entry.kind);
        let contributes = rests.find_map(|one| one.contributes.clone());
        shown.push((entry.clone(), contributes.filter(|_| main)));
    }
    let total = shown.len();
    shown.truncate(NAMED);
    Explanation {
        metric,
        value,
        inputs: evidence.inputs,
        total,
        activities: shown,
        sources: evidence.rests.iter().map(|one| one.source.kind).collect(),
        judgement: Judgement::default(),
    }
}

impl Evidence {
    /// Each row an observation.
    fn of(rests: impl Iterator<Item = Rests>) -> Self {
        let rests: Vec<Rests> = rests.collect();
        Self {
            inputs: u32::try_from(rests.len()).unwrap_or(u32::MAX),
            rests,
        }
    }

    /// The same rows, counted otherwise.
    fn counted(self, inputs: u32) -> Self {
        Self { inputs, ..self }
    }

    /// More observations.
    fn and_counted(mut self, more: impl Iterator<Item = Rests>) -> Self {
        let more = Self::of(more);
        self.inputs = self.inputs.saturating_add(more.inputs);
        self.rests.extend(more.rests);
        self
    }

    fn and(mut self, more: impl Iterator<Item = Rests>) -> Self {
        self.rests.extend(more);
        self
    }
}

fn rests(kind: SourceKind, id: Uuid, shown_as: &'static [ActivityKind]) -> Rests {
    Rests {
        source: SourceKey::new(kind, id),
        shown_as,
        contributes: None,
    }
}

impl Rests {
    fn giving(self, value: impl Into<MetricValue>) -> Self {
        Self {
            contributes: Some(value.into()),
            ..self
        }
    }
}
