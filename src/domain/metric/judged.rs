//! The values that models say, read as every other metric is: each with the sentences that say why and the version that
//! spoke.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::value::MetricValue as V;
use super::{Language, Metric};
use crate::domain::insight::Insight;
use crate::domain::model::channel::preference::{Allowed, Preference};
use crate::domain::model::channel::{Channel, person};
use crate::domain::model::churn::{Forecast, Scores};
use crate::domain::model::engagement::{Engagement, Part};
use crate::domain::model::history::{History, minutes};
use crate::domain::model::standing::Voices;
use crate::domain::money::Currency;
use crate::domain::words::{ago, many};

/// Both languages, for whoever does not know yet which is asked for.
const LANGUAGES: [Language; 2] = [Language::German, Language::English];

/// Who judges a person: models, settings, and what the person allows.
#[derive(Debug, Clone)]
pub struct Judge<'m> {
    /// Who speaks.
    pub voices: Voices<'m>,
    /// The version of the model of churn and value.
    pub churn_version: Option<i32>,
    /// The version of the groups.
    pub clusters_version: Option<i32>,
    /// The version of what is usual.
    pub habits_version: Option<i32>,
    /// What the person allows, by channel.
    pub allowed: Allowed,
}

/// What was said of one metric.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Judgement {
    /// Which version of the model spoke; none where none did.
    pub version: Option<i32>,
    /// Why, in sentences: in German and in English.
    pub reasons: [Vec<String>; 2],
}

impl Judgement {
    /// Why, in sentences.
    #[must_use]
    pub fn told(&self, language: Language) -> &[String] {
        let [german, english] = &self.reasons;
        match language {
            Language::German => german,
            Language::English => english,
        }
    }
}

impl Judge<'_> {
    /// A metric's value at an instant, amounts in the tenant's currency, and what led to it; nothing for those who are
    /// not judged.
    #[must_use]
    pub fn value(&self, metric: Metric, insight: &Insight, now: DateTime<Utc>) -> (V, Judgement) {
        let nothing = || (V::Nothing, Judgement::default());
        if metric == Metric::ChannelPreference {
            return self.channel(insight, now);
        }
        let Some(history) = insight.history.as_ref() else {
            return nothing();
        };
        let currency = &insight.behavior.currency;
        let said = match metric {
            Metric::Score | Metric::Coverage | Metric::Parts | Metric::WeightsVersion => {
                let found = self.voices.engagement(history, now);
                found.map(|found| self.engagement(metric, &found))
            }
            Metric::Cluster => self.cluster(history, now),
            _ => self.forecast(metric, history, currency, now),
        };
        said.unwrap_or_else(nothing)
    }

    fn zone(&self) -> Tz {
        self.voices.habits.zone()
    }

    fn engagement(&self, metric: Metric, found: &Engagement) -> (V, Judgement) {
        let parts = || {
            let each = found.parts.iter().map(|one| {
                V::Record(vec![
                    ("part", part(one.part).into()),
                    ("value", one.value.into()),
                    ("weight", one.weight.into()),
                ])
            });
            V::List(each.collect())
        };
        let value = match metric {
            Metric::Coverage => found.coverage.into(),
            Metric::Parts => parts(),
            Metric::WeightsVersion => found.weights_version.into(),
            _ => found.score.into(),
        };
        let reasons = LANGUAGES.map(|language| {
            let each = found.parts.iter();
            each.map(|one| one.told(self.zone(), language)).collect()
        });
        let version = self.habits_version;
        (value, Judgement { version, reasons })
    }

    /// What somebody asked for holds also where nothing may be learned.
    fn channel(&self, insight: &Insight, now: DateTime<Utc>) -> (V, Judgement) {
        let (history, stated) = (insight.history.as_ref(), insight.standing.stated_channel);
        if history.is_none() && stated.is_none() {
            return (V::Nothing, Judgement::default());
        }
        let habits = self.voices.habits;
        let allowed = self.allowed.clone().asking(stated);
        let found: Preference = person::of(history, habits, &allowed, minutes(now));
        let name = |channel: Channel| V::from(channel.name());
        let value = found.channel().map_or(V::Nothing, |channel| {
            V::Record(vec![
                ("channel", name(channel)),
                ("stated_channel", found.stated.map_or(V::Nothing, name)),
                ("learned_channel", found.learned.map_or(V::Nothing, name)),
                ("confidence", found.confidence().into()),
                ("based_on", found.based_on().into()),
            ])
        });
        let reasons = LANGUAGES.map(|language| vec![person::told(&found, habits, language)]);
        let version = self.habits_version;
        (value, Judgement { version, reasons })
    }

    fn cluster(&self, history: &History, now: DateTime<Utc>) -> Option<(V, Judgement)> {
        let found = self.voices.group(history, now)?;
        let rfm = crate::domain::model::clusters::model::Rfm::of(history, minutes(now))?;
        let value = V::Record(vec![
            ("cluster_id", found.group.id.into()),
            ("clarity", found.clarity.into()),
        ]);
        let (days, bookings, revenue) = (whole(rfm.recency_days), whole(rfm.bookings), rfm.revenue);
        let reasons = LANGUAGES.map(|language| {
            let name = found.group.name.told(language);
            let (last, worth) = (ago(days, language), format!("{revenue:.2}"));
            let sentence = match language {
                Language::German => {
                    let bookings = many(bookings, ("Buchung", "Buchungen"));
                    let worth = worth.replace('.', ",");
                    format!("{name}: letzte Buchung {last}, {bookings}, {worth} Umsatz")
                }
                Language::English => {
                    let bookings = many(bookings, ("booking", "bookings"));
                    format!("{name}: last booking {last}, {bookings}, {worth} revenue")
                }
            };
            vec![sentence]
        });
        let version = self.clusters_version;
        Some((value, Judgement { version, reasons }))
    }

    fn forecast(
        &self,
        metric: Metric,
        history: &History,
        currency: &Currency,
        now: DateTime<Utc>,
    ) -> Option<(V, Judgement)> {
        let model = self.voices.churn?;
        let scores = crate::domain::model::churn::score(model, history, now);
        let value = forecast(metric, &scores, currency);
        let of_churn = matches!(
            metric,
            Metric::ChurnRisk | Metric::ChurnBand | Metric::ChurnForecast
        );
        let churn = scores.churn.as_ref().filter(|_| of_churn);
        let reasons = LANGUAGES.map(|language| {
            let each = churn.into_iter().flat_map(|churn| &churn.reasons);
            each.map(|reason| reason.sentence(language)).collect()
        });
        let version = self.churn_version;
        Some((value, Judgement { version, reasons }))
    }
}

fn forecast(metric: Metric, scores: &Scores, currency: &Currency) -> V {
    let churn = scores.churn.as_ref();
    let amount = |cents: i64| V::Amount(cents.into(), currency.clone());
    match metric {
        Metric::ChurnRisk => churn.map(|churn| churn.risk).into(),
        Metric::ChurnBand => churn.map(|churn| churn.band.name()).into(),
        Metric::ChurnForecast => churn
            .map(|churn| match churn.forecast {
                Forecast::Stays => "STAYS",
                Forecast::Leaves => "LEAVES",
                Forecast::Undecided => "UNDECIDED",
            })
            .into(),
        Metric::NextBooking => scores.next.map_or(V::Nothing, |next| {
            V::Record(vec![
                ("expected_at", next.at.into()),
                ("from", next.from.into()),
                ("until", next.until.into()),
            ])
        }),
        Metric::PredictedValue => scores.value.map_or(V::Nothing, |value| {
            V::Record(vec![
                ("bookings_12_months", value.bookings_12_months.into()),
                ("value_12_months", amount(value.cents_12_months)),
                ("value_36_months", amount(value.cents_36_months)),
            ])
        }),
        _ => V::Nothing,
    }
}

const fn part(part: Part) -> &'static str {
    match part {
        Part::Rhythm => "RHYTHM",
        Part::Trend => "TREND",
        Part::Response => "RESPONSE",
        Part::Feedback => "FEEDBACK",
        Part::Reliability => "RELIABILITY",
    }
}

/// A count that is kept among features.
#[expect(
    clippy::cast_possible_truncation,
    reason = "days and bookings of a lifetime"
)]
fn whole(count: f64) -> i64 {
    count.round() as i64
}
