//! The tables of an export that hold what is known: profile, activities, log, metrics, consents.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use serde_json::{Map, Value};
use uuid::Uuid;

use super::document::{Category, Table, instant};
use super::gather::Customer;
use super::holdings::DeadLetter;
use crate::contracts::platform_name;
use crate::domain::activity::LogRow;
use crate::domain::explain::{Explanation, Told};
use crate::domain::fold::entity::Entities;
use crate::domain::metric::{Language, MetricValue, Section};
use crate::domain::source::{self, Field, SourceKind};
use crate::domain::timeline::Activity;
use crate::insight::{Consent, ConsentRow};

/// What stands for the id of somebody else.
const SOMEBODY_ELSE: &str = "another person";

fn table(
    name: &'static str,
    category: Category,
    columns: &'static [&'static str],
    rows: impl Iterator<Item = Vec<Value>>,
) -> Table {
    Table {
        name,
        category,
        columns,
        rows: rows.collect(),
    }
}

/// The profiles that are this person.
pub(super) fn customer(customers: &[Customer], own: &BTreeSet<Uuid>) -> Table {
    let rows = customers.iter().map(|one| {
        vec![
            id(one.person),
            one.merged_into.map_or(Value::Null, |into| whom(into, own)),
            (one.person == one.root).into(),
        ]
    });
    let columns = &["person_profile_id", "merged_into_id", "is_survivor"];
    table("customer", Category::Profile, columns, rows)
}

/// The latest value of each field of each profile.
pub(super) fn profile(told: &[Told], own: &BTreeSet<Uuid>) -> Table {
    let rows: Vec<LogRow> = told.iter().map(|(row, ..)| row.clone()).collect();
    let entities = Entities::group(&rows);
    let mut found = Vec::new();
    for profile in entities.of(SourceKind::PersonProfile) {
        let mut latest: BTreeMap<Field, Vec<Value>> = BTreeMap::new();
        for known in profile.live() {
            for (field, value) in known.carried() {
                latest.entry(*field).or_insert_with(|| {
                    vec![
                        id(profile.id),
                        platform_name(SourceKind::PersonProfile, *field).into(),
                        written((*field, value), own),
                        instant(known.version_at),
                    ]
                });
            }
        }
        found.extend(latest.into_values());
    }
    let columns = &["person_profile_id", "field", "value", "told_at"];
    table("profile", Category::Profile, columns, found.into_iter())
}

/// What happened, latest first.
pub(super) fn activities(all: &[Activity]) -> Table {
    let rows = all.iter().map(|one| {
        let (amount, currency) = one
            .amount
            .as_ref()
            .map_or((Value::Null, Value::Null), |it| {
                let decimal = MetricValue::decimal(i128::from(it.0));
                (decimal.into(), it.1.0.clone().into())
            });
        vec![
            id(one.id),
            shouted(one.kind),
            instant(one.occurred_at),
            instant(one.recorded_at),
            shouted(one.provenance),
            snake(one.source.kind).into(),
            id(one.source.id),
            optional(one.booking_id),
            optional(one.offering_id),
            optional(one.boarding_point_id),
            amount,
            currency,
            one.channel.clone().into(),
            one.detail.clone().into(),
        ]
    });
    let columns = &[
        "id",
        "kind",
        "occurred_at",
        "recorded_at",
        "provenance",
        "source",
        "source_id",
        "booking_id",
        "tour_offering_id",
        "boarding_point_id",
        "amount",
        "currency",
        "channel",
        "detail",
    ];
    table("activities", Category::Activities, columns, rows)
}

/// Every row of the log, in the order of recording.
pub(super) fn log(told: &[Told], own: &BTreeSet<Uuid>) -> Table {
    let rows = told.iter().map(|(row, recorded_at, provenance)| {
        let flags = row.flags();
        let fields = row.body.fields.iter();
        let fields = fields.map(|(field, value)| {
            let name = platform_name(row.kind, *field).to_owned();
            (name, written((*field, value), own))
        });
        vec![
            id(row.activity_id),
            id(row.person),
            snake(row.kind).into(),
            id(row.body.source_id),
            shouted(row.role),
            instant(row.version_at),
            instant(row.occurred_at),
            instant(*recorded_at),
            shouted(*provenance),
            flags.superseded.into(),
            flags.tombstone.into(),
            flags.canonical.into(),
            Value::Object(fields.collect::<Map<_, _>>()),
        ]
    });
    let columns = &[
        "activity_id",
        "person_profile_id",
        "source",
        "source_id",
        "role",
        "version_at",
        "occurred_at",
        "recorded_at",
        "provenance",
        "superseded",
        "deleted",
        "domain_event",
        "fields",
    ];
    table("log", Category::Log, columns, rows)
}

/// Every number with what it means and what it rests on.
pub(super) fn metrics(all: &[Explanation], language: Language) -> Table {
    let rows = all.iter().map(|one| {
        let section = match one.metric.section() {
            Section::Behavior => "behavior_aggregate",
            Section::Engagement => "engagement_score",
            Section::Standing | Section::Conclusion => "customer_insight",
            Section::Forecast => "forecast",
        };
        vec![
            one.metric.name().into(),
            section.into(),
            serde_json::to_value(&one.value).unwrap_or_default(),
            one.metric.formula(language).into(),
            one.inputs.into(),
            one.total.into(),
        ]
    });
    let columns = &[
        "metric",
        "part",
        "value",
        "formula",
        "observations",
        "activities",
    ];
    table("metrics", Category::Metrics, columns, rows)
}

/// Where each purpose stands.
pub(super) fn consents(
    all: &[Consent],
    purposes: &BTreeMap<String, [String; 2]>,
    language: Language,
) -> Table {
    let told = |[german, english]: &[String; 2]| match language {
        Language::German => german.clone().into(),
        Language::English => english.clone().into(),
    };
    let rows = all.iter().map(|one| {
        let standing = &one.standing;
        vec![
            one.purpose.clone().into(),
            one.channel.clone().into(),
            standing.state.name().into(),
            standing.since.map_or(Value::Null, instant),
            standing.source.name().into(),
            standing.objected.into(),
            standing.expires_at.map_or(Value::Null, instant),
            standing.text_version.clone().into(),
            purposes.get(&one.purpose).map_or(Value::Null, told),
        ]
    });
    let columns = &[
        "purpose",
        "channel",
        "state",
        "since",
        "source",
        "objected",
        "expires_at",
        "text_version",
        "description",
    ];
    table("consents", Category::Consents, columns, rows)
}

/// Everything that was said about consent, oldest first.
pub(super) fn consent_history(all: &[ConsentRow]) -> Table {
    let mut sorted: Vec<&ConsentRow> = all.iter().collect();
    sorted.sort_by_key(|row| {
        (
            row.statement.told_at,
            row.person,
            &row.purpose,
            row.statement.evidence,
        )
    });
    let rows = sorted.into_iter().map(|row| {
        let said = &row.statement;
        vec![
            id(row.person),
            row.purpose.clone().into(),
            row.channel.clone().into(),
            said.act.name().into(),
            said.source.name().into(),
            said.effective_at.map_or(Value::Null, instant),
            said.expires_at.map_or(Value::Null, instant),
            said.text_version.clone().into(),
            said.evidence.flags().superseded.into(),
            instant(row.recorded_at),
        ]
    });
    let columns = &[
        "person_profile_id",
        "purpose",
        "channel",
        "said",
        "source",
        "effective_at",
        "expires_at",
        "text_version",
        "superseded",
        "recorded_at",
    ];
    table("consent_history", Category::Consents, columns, rows)
}

/// Deliveries that named the person and could not be understood. What they hold may be others', so only that they are.
pub(super) fn dead_letters(all: &[DeadLetter]) -> Table {
    let rows = all.iter().map(|letter| {
        vec![
            id(letter.id),
            instant(letter.received_at),
            letter.source_table.clone().into(),
            letter.reason.clone().into(),
        ]
    });
    let columns = &["id", "received_at", "source_table", "reason"];
    table("dead_letters", Category::Storage, columns, rows)
}

fn id(id: Uuid) -> Value {
    id.to_string().into()
}

fn optional(of: Option<Uuid>) -> Value {
    of.map_or(Value::Null, id)
}

fn whom(person: Uuid, own: &BTreeSet<Uuid>) -> Value {
    if own.contains(&person) {
        id(person)
    } else {
        SOMEBODY_ELSE.into()
    }
}

/// A field's value; what names a person names only this one.
fn written((field, value): (Field, &source::Value), own: &BTreeSet<Uuid>) -> Value {
    match value {
        source::Value::Null => Value::Null,
        source::Value::Bool(flag) => (*flag).into(),
        source::Value::Int(number) => (*number).into(),
        source::Value::Cents(cents) => MetricValue::decimal(i128::from(*cents)).into(),
        source::Value::Id(of) if matches!(field, Field::Person | Field::MergedInto) => {
            whom(*of, own)
        }
        source::Value::Id(of) => id(*of),
        source::Value::At(at) => instant(*at),
        source::Value::Day(day) => day.to_string().into(),
        source::Value::Text(text) => text.clone().into(),
        source::Value::Words(words) => words.clone().into(),
    }
}

/// `BookingConfirmed` as `booking_confirmed`.
fn snake(name: impl Debug) -> String {
    let mut text = String::new();
    for letter in format!("{name:?}").chars() {
        if letter.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

/// `BookingConfirmed` as `BOOKING_CONFIRMED`, as in the answers.
fn shouted(name: impl Debug) -> Value {
    snake(name).to_ascii_uppercase().into()
}
