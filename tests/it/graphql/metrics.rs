//! The registry of metrics, held against the schema: a field that is shown is a metric, and the other way round.

use std::collections::{BTreeMap, BTreeSet};

use customer_intelligence::domain::insight::{
    AncillaryUse, BoardingPlace, Favourite, Insight, NextDeparture,
};
use customer_intelligence::domain::metric::{Metric, MetricValue, Section};
use customer_intelligence::domain::money::{Currency, Purse};
use graphql_parser::schema::{Definition, Document, Type, TypeDefinition};
use uuid::Uuid;

use super::rig::{empty, now};

/// What stands beside the metrics in `CustomerInsight`.
const NO_METRICS: [&str; 13] = [
    "forecast",
    "person_profile_id",
    "status",
    "behavior_aggregate",
    "engagement_score",
    "recommendations",
    "rebooking_prompt",
    "extra_offers",
    "activities",
    "consents",
    "explain",
    "fresh_as_of",
    "computed_at",
];
/// What stands beside the metrics in `CustomerForecast`: about the forecast itself.
const ABOUT_FORECASTS: [&str; 4] = ["reasons", "sufficiency", "horizon_days", "model_version"];
/// Looked up when read, so that no metric holds them.
const LABELS: [&str; 2] = ["label", "title"];

/// Field names of every object type, each with the name of its own type.
fn objects() -> BTreeMap<String, BTreeMap<String, String>> {
    let sdl = customer_intelligence::graphql::sdl();
    let document: Document<'_, String> = graphql_parser::parse_schema(&sdl).unwrap();
    let mut objects = BTreeMap::new();
    for definition in document.definitions {
        if let Definition::TypeDefinition(TypeDefinition::Object(object)) = definition {
            let fields = object.fields.into_iter();
            let fields = fields.map(|field| (field.name, innermost(&field.field_type)));
            objects.insert(object.name, fields.collect());
        }
    }
    objects
}

fn innermost(of: &Type<'_, String>) -> String {
    match of {
        Type::NamedType(name) => name.clone(),
        Type::ListType(inner) | Type::NonNullType(inner) => innermost(inner),
    }
}

fn names(section: Section) -> BTreeSet<String> {
    let all = Metric::ALL.into_iter().chain(Metric::JUDGED);
    let of = all.filter(|metric| metric.section() == section);
    of.map(|metric| metric.name().to_owned()).collect()
}

#[test]
fn every_field_that_is_shown_is_a_metric_and_every_metric_is_shown() {
    let objects = objects();
    let fields = |of: &str| objects[of].keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(fields("BehaviorAggregate"), names(Section::Behavior));
    // The risk and its band are shown beside the score, too.
    let mut said = fields("EngagementScore");
    let twice: BTreeSet<String> = ["churn_risk", "churn_band"].map(str::to_owned).into();
    assert!(said.is_superset(&twice));
    said.retain(|name| !twice.contains(name));
    assert_eq!(said, names(Section::Engagement));
    let mut expected = fields("CustomerForecast");
    expected.retain(|name| !ABOUT_FORECASTS.contains(&name.as_str()));
    assert_eq!(expected, names(Section::Forecast));
    let mut beside = fields("CustomerInsight");
    beside.retain(|name| !NO_METRICS.contains(&name.as_str()));
    let mut shown = names(Section::Standing);
    shown.append(&mut names(Section::Conclusion));
    assert_eq!(beside, shown);
}

/// Somebody of whom every list and every part is known.
fn well_known() -> Insight {
    let mut insight = empty(1);
    let mut purse = Purse::default();
    purse.add(&Currency("CHF".to_owned()), 1);
    let behavior = &mut insight.behavior;
    for part in [
        &mut behavior.revenue.lifetime,
        &mut behavior.revenue.paid,
        &mut behavior.revenue.outstanding,
        &mut behavior.revenue.credit,
        &mut behavior.revenue.onboard,
    ] {
        part.clone_from(&purse);
    }
    behavior.favourite_tours = vec![liked(Uuid::nil())];
    behavior.favourite_regions = vec![liked("Tirol".to_owned())];
    behavior.favourite_months = vec![liked(7)];
    behavior.preferred_boarding_point = Some(liked(BoardingPlace::DoorPickup));
    behavior.next_departure = Some(NextDeparture {
        offering_id: Uuid::nil(),
        tour_title: None,
        start_date: now().date_naive(),
        end_date: None,
        boarding: None,
    });
    behavior.ancillaries = vec![AncillaryUse {
        ancillary_type: "INSURANCE".to_owned(),
        bookings: 1,
        attach_rate: 1.0,
        amounts: purse,
    }];
    insight
}

fn liked<T>(value: T) -> Favourite<T> {
    Favourite {
        value,
        share: 0.5,
        based_on: 2,
    }
}

#[test]
fn the_parts_of_a_metric_are_the_fields_of_its_type() {
    let objects = objects();
    let insight = well_known();
    let mut compared = 0;
    for metric in Metric::ALL {
        let of = ["BehaviorAggregate", "EngagementScore", "CustomerInsight"];
        let mut of = of
            .into_iter()
            .filter_map(|one| objects[one].get(metric.name()));
        let Some(parts) = objects.get(of.next().unwrap()) else {
            continue;
        };
        let value = match metric.value(&insight, now()) {
            MetricValue::List(all) => all.into_iter().next().unwrap(),
            one => one,
        };
        let written: serde_json::Value = serde_json::to_value(&value).unwrap();
        let written: BTreeSet<&str> = written
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let shown = parts.keys().map(String::as_str);
        let shown: BTreeSet<&str> = shown.filter(|name| !LABELS.contains(name)).collect();
        assert_eq!(written, shown, "{}", metric.name());
        compared += 1;
    }
    assert_eq!(compared, 11);
}
