//! Training of the churn and value model: fit, back-test, calibrate, choose, and say how good it is.
//!
//! Deterministic: the same histories, instant and settings give the same artefact to the byte.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::backtest::{Backtest, Candidate, Learnt, Origin, learn};
use super::churn::{Artefact, Speaker};
use super::facts::Usual;
use super::history::History;
use super::quality::{self, Bin, Foretold, Quality, quality};
use super::registry::Verdict;
use super::spend::{Tenth, correlation, tenths};
use super::window::{Case, Crowd, known_at, mean, typical};

/// What is chosen before training.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Within so many days somebody comes back or not. 15 months: who travels once a year is no churner after 90 days, and
    /// the dates of catalogues drift beyond twelve months.
    pub horizon_days: f64,
    /// With fewer persons at risk nothing is said.
    pub persons_min: u32,
    /// With fewer who came back, or who did not, nothing is said.
    pub outcomes_min: u32,
    /// Whoever calls takes at most so many persons, evenly spread over all: fits of a few hundred are as good as those of
    /// thousands, and take as long as there are persons.
    pub persons_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            horizon_days: 456.0,
            persons_min: 100,
            outcomes_min: 20,
            persons_max: 4_000,
        }
    }
}

/// How the predicted value did at the latest cut: within a year, or the horizon if that is shorter.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ValueTest {
    /// Persons who had booked before.
    pub persons: u32,
    /// Foretold in all, units of currency.
    pub foretold: f64,
    /// Spent in all.
    pub spent: f64,
    /// Mean absolute error.
    pub mae: f64,
    /// That of going on as so far.
    pub mae_naive: f64,
    /// That of foretelling everybody the mean.
    pub mae_mean: f64,
    /// Tenths of the persons by what was foretold, least first: where both means agree, it is calibrated.
    pub deciles: Vec<Tenth>,
    /// How often and how much go together; near 0 where Gamma-Gamma holds.
    pub correlation: f64,
}

/// What is told about a training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The settings.
    pub settings: Settings,
    /// Persons learnt from.
    pub persons: u32,
    /// The cuts, latest first.
    pub origins: Vec<Origin>,
    /// All cuts together, by candidate.
    pub overall: BTreeMap<Candidate, Quality>,
    /// Who speaks.
    pub champion: Option<Candidate>,
    /// How it was calibrated.
    pub calibration: String,
    /// What was foretold and what came, over all cuts.
    pub bins: Vec<Bin>,
    /// Predicted value.
    pub value: ValueTest,
    /// What is usual.
    pub usual: Usual,
    /// Whether it may speak.
    pub verdict: Verdict,
    /// Why, in a sentence.
    pub reason: String,
}

/// Trains on what was known at `until`, and asks whether the result may speak in the place of `champion`.
#[must_use]
pub fn train(
    histories: &[History],
    until: DateTime<Utc>,
    settings: Settings,
    champion: Option<&Artefact>,
) -> (Option<Artefact>, Report) {
    let known = known_at(histories, until);
    let crowd = Crowd::at(&known, until);
    let mut backtest = Backtest::new(&known, until, settings.horizon_days);
    let (origins, told) = backtest.origins();
    let overall: BTreeMap<Candidate, Quality> = told
        .iter()
        .filter_map(|(candidate, told)| Some((*candidate, quality(told)?)))
        .collect();
    let mut report = Report {
        settings,
        persons: u32::try_from(known.len()).unwrap_or(u32::MAX),
        origins,
        overall,
        champion: None,
        calibration: String::new(),
        bins: Vec::new(),
        value: ValueTest::default(),
        usual: crowd.usual,
        verdict: Verdict::Abstains,
        reason: String::new(),
    };
    if let Some(reason) = too_little(backtest.latest(), settings) {
        report.reason = reason;
        return (None, report);
    }
    let (lessons, _) = backtest.lessons(0);
    let Some((best, learnt)) = best(&report, learn(&lessons)) else {
        "no candidate could be judged".clone_into(&mut report.reason);
        return (None, report);
    };
    report.champion = Some(best);
    learnt
        .calibration
        .name()
        .clone_into(&mut report.calibration);
    report.bins = quality::bins(told.get(&best).map_or(&[][..], Vec::as_slice));
    report.value = value_test(backtest.latest(), &crowd);
    let quality = report.overall.get(&best).copied().unwrap_or_default();
    let artefact = artefact(crowd, learnt, backtest.latest(), quality, settings);
    (report.verdict, report.reason) = gate(&report, quality, champion, settings);
    (Some(artefact), report)
}

fn too_little(latest: &[Case], settings: Settings) -> Option<String> {
    let persons = latest.len();
    let back = latest.iter().filter(|case| case.back).count();
    let least = (persons - back).min(back);
    if persons < settings.persons_min as usize {
        let wanted = settings.persons_min;
        return Some(format!(
            "{persons} persons could be followed for {} days, {wanted} are needed",
            settings.horizon_days
        ));
    }
    let wanted = settings.outcomes_min;
    (least < wanted as usize).then(|| {
        format!("only {least} of {persons} persons had one of the outcomes, {wanted} are needed")
    })
}

/// The candidate that surprised least where all of them were judged; only one that can also be learnt now.
fn best(report: &Report, mut learnt: BTreeMap<Candidate, Learnt>) -> Option<(Candidate, Learnt)> {
    // Candidates are compared at the same cuts: a model that could be learnt at the latest one only is judged there.
    let loss = |candidate: Candidate| {
        let common = report.origins.iter().filter(|origin| {
            learnt
                .keys()
                .all(|one| origin.tested.iter().any(|tested| tested.candidate == *one))
        });
        let of = |origin: &Origin| {
            let mut tested = origin.tested.iter();
            tested
                .find(|one| one.candidate == candidate)
                .map(|one| one.quality.log_loss)
        };
        let losses: Vec<f64> = common.filter_map(of).collect();
        (!losses.is_empty()).then(|| mean(losses.iter().copied()))
    };
    let judged = learnt.keys().filter_map(|one| Some((loss(*one)?, *one)));
    let best = judged.min_by(|one, other| one.0.total_cmp(&other.0));
    // Where the logistic model was never judged, the model of buying speaks, which needs no lessons.
    let best = best.map_or(Candidate::Buying, |(_, best)| best);
    report.overall.get(&best)?;
    Some((best, learnt.remove(&best)?))
}

fn artefact(
    crowd: Crowd,
    learnt: Learnt,
    latest: &[Case],
    quality: Quality,
    settings: Settings,
) -> Artefact {
    Artefact {
        horizon_days: settings.horizon_days,
        speaker: learnt.model.map_or(Speaker::Buying, Speaker::Logistic),
        calibration: learnt.calibration,
        certain_from: learnt.certain_from,
        coming: crowd.coming.model,
        booking: crowd.booking.model,
        spend: crowd.spend,
        typical_value: crowd.typical_value,
        value_scale: scale(latest),
        renewal: crowd.renewal,
        usual: crowd.usual,
        typical: typical(latest),
        quality,
    }
}

/// What was spent, divided by what was foretold; no wild guesses.
fn scale(latest: &[Case]) -> f64 {
    let values = latest.iter().filter_map(|case| case.value);
    let (foretold, spent) = values.fold((0.0, 0.0), |(f, s), (told, came)| (f + told, s + came));
    if foretold > 0.0 {
        (spent / foretold).clamp(0.5, 2.0)
    } else {
        1.0
    }
}

/// Promoted when it beats the base rate, and is not worse than who speaks now by more than a standard error.
fn gate(
    report: &Report,
    new: Quality,
    champion: Option<&Artefact>,
    settings: Settings,
) -> (Verdict, String) {
    let base = mean(
        report
            .origins
            .iter()
            .map(|one| one.baselines.base_rate_log_loss),
    );
    if new.log_loss >= base {
        let reason = format!(
            "log-loss {:.4}, the base rate alone {base:.4}",
            new.log_loss
        );
        return (Verdict::BeatenByBaseline, reason);
    }
    let same = champion.filter(|old| (old.horizon_days - settings.horizon_days).abs() < 0.5);
    if let Some(old) = same.map(|old| old.quality.log_loss)
        && new.log_loss > old + new.log_loss_se
    {
        let reason = format!("log-loss {:.4}, the champion {old:.4}", new.log_loss);
        return (Verdict::BeatenByChampion, reason);
    }
    let reason = format!("log-loss {:.4} beats the base rate {base:.4}", new.log_loss);
    (Verdict::Promoted, reason)
}

fn value_test(latest: &[Case], crowd: &Crowd) -> ValueTest {
    let all: Vec<(f64, f64, f64)> = latest
        .iter()
        .filter_map(|case| {
            case.value
                .map(|(told, came)| (told, came, case.naive_value))
        })
        .collect();
    let mut pairs: Vec<(f64, f64)> = all.iter().map(|one| (one.0, one.1)).collect();
    let each = |of: fn(&(f64, f64, f64)) -> f64| mean(all.iter().map(of));
    let average = each(|one| one.1);
    let persons = u32::try_from(all.len()).unwrap_or(u32::MAX);
    ValueTest {
        persons,
        foretold: each(|one| one.0) * f64::from(persons),
        spent: average * f64::from(persons),
        mae: each(|one| (one.0 - one.1).abs()),
        mae_naive: each(|one| (one.2 - one.1).abs()),
        mae_mean: mean(all.iter().map(|one| (average - one.1).abs())),
        deciles: tenths(&mut pairs),
        correlation: correlation(&crowd.spenders),
    }
}

/// What an artefact says of people whose outcome is known, for whoever wants to judge it.
#[must_use]
pub fn foretell(
    artefact: &Artefact,
    histories: &[History],
    cut: DateTime<Utc>,
    end: DateTime<Utc>,
) -> Vec<Foretold> {
    let one = |history: &History| {
        let known = history.before(cut);
        if known.upcoming(cut).is_some() {
            return None;
        }
        let facts = super::facts::Facts::at(&known, cut, artefact.usual, artefact.horizon_days)?;
        let after = super::history::minutes(cut);
        let back = history.before(end).occasions().iter().any(|at| *at > after);
        Some((artefact.comes_back(&facts), back))
    };
    histories.iter().filter_map(one).collect()
}
