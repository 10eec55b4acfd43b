//! The one registry of numbers: every value that is shown about a person, its name, how it is read and what it means.
//!
//! Whoever names a metric (explanations, changes on a timeline, comparisons of two insights) takes it from here, so
//! that a new field cannot be forgotten anywhere. Absent on purpose: how a value is derived, which is `derive`'s.

mod value;
mod registry;
mod judged;

use chrono::{DateTime, Utc};

pub use self::judged::{Judge, Judgement};
pub use self::registry::Metric;
pub use self::value::MetricValue;
use super::insight::Insight;

/// Where a metric stands in the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// `behavior_aggregate`: what the person did.
    Behavior,
    /// `engagement_score`: what the person said; nothing is shown of minors.
    Engagement,
    /// Beside them: consent, objection, minority, locale.
    Standing,
    /// `forecast`: what a model expects.
    Forecast,
    /// Beside them: what a model concludes, an object of its own.
    Conclusion,
}

/// The language of sentences for people.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    /// The dispatchers' own.
    #[default]
    German,
    /// Everybody else's.
    English,
}

impl Language {
    /// Its code: `de` or `en`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::German => "de",
            Self::English => "en",
        }
    }

    /// The language of a locale such as `de-AT` or `en_GB`; German where none is told.
    #[must_use]
    pub fn of(locale: Option<&str>) -> Self {
        match locale.map(str::trim).filter(|told| !told.is_empty()) {
            Some(told)
                if told
                    .get(..2)
                    .is_some_and(|start| start.eq_ignore_ascii_case("de")) =>
            {
                Self::German
            }
            Some(_) => Self::English,
            None => Self::German,
        }
    }
}

impl Metric {
    /// The metric of that name; the score of engagement also by the name of the object it stands in.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let name = if name == "engagement_score" {
            "score"
        } else {
            name
        };
        let mut all = Self::ALL.into_iter().chain(Self::JUDGED);
        all.find(|metric| metric.name() == name)
    }

    /// Whether a model says it, so that an insight alone does not hold it.
    #[must_use]
    pub fn is_judged(self) -> bool {
        Self::JUDGED.contains(&self)
    }

    /// The value as it is shown: as [`Metric::value`], but what minors said is not shown.
    #[must_use]
    pub fn shown(self, insight: &Insight, read_at: DateTime<Utc>) -> MetricValue {
        if self.section() == Section::Engagement && insight.standing.minor {
            return MetricValue::Nothing;
        }
        self.value(insight, read_at)
    }

    /// The metrics whose values differ between two insights, with both values as they are shown.
    #[must_use]
    pub fn differences(
        before: &Insight,
        after: &Insight,
        read_at: DateTime<Utc>,
    ) -> Vec<(Self, MetricValue, MetricValue)> {
        let both = |metric: Self| {
            let (before, after) = (metric.shown(before, read_at), metric.shown(after, read_at));
            (before != after).then_some((metric, before, after))
        };
        Self::ALL.into_iter().filter_map(both).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_lead_back() {
        let all = || Metric::ALL.into_iter().chain(Metric::JUDGED);
        let names: BTreeSet<&str> = all().map(Metric::name).collect();
        assert_eq!(names.len(), all().count());
        for metric in all() {
            assert_eq!(Metric::from_name(metric.name()), Some(metric));
        }
        assert_eq!(Metric::from_name("lifetimeRevenue"), None);
    }

    #[test]
    fn every_formula_is_one_plain_sentence_in_both_languages() {
        for metric in Metric::ALL.into_iter().chain(Metric::JUDGED) {
            let told = [Language::German, Language::English].map(|one| metric.formula(one));
            assert_ne!(told[0], told[1], "{metric:?}");
            for text in told {
                assert!(text.ends_with('.') && text.len() > 20, "{metric:?}: {text}");
                assert!(!text.contains(". "), "one sentence: {text}");
            }
        }
    }

    #[test]
    fn languages_follow_the_locale() {
        for (locale, language) in [
            (None, Language::German),
            (Some(""), Language::German),
            (Some("de-AT"), Language::German),
            (Some("DE"), Language::German),
            (Some("en_GB"), Language::English),
            (Some("fr"), Language::English),
            (Some("ö"), Language::English),
        ] {
            assert_eq!(Language::of(locale), language, "{locale:?}");
        }
    }
}
