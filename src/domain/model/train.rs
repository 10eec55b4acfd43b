//! Training of the churn and value model: fit, back-test, calibrate, choose, and say how good it is.
//!
//! Deterministic: the same histories, instant and settings give the same artefact to the byte.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::backtest::{Backtest, Candidate, Learnt, Origin, Told, learn};
use super::churn::{Artefact, Speaker, reckoned_in};
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
    /// That of the model of bookings alone, which knows nothing of what the champion says about coming back.
    pub mae_alone: f64,
    /// Whether what the champion says about coming back is reckoned in, as it made the error smaller.
    pub reckoned_in: bool,
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
    let together = together(&told);
    let overall: BTreeMap<Candidate, Quality> = together
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
    report.bins = quality::bins(together.get(&best).map_or(&[][..], Vec::as_slice));
    let latest = backtest.latest();
    let said = told.first().and_then(|told| told.get(&best));
    let values = values(latest, said.map(Vec::as_slice));
    report.value = value_test(&values, &crowd);
    let quality = report.overall.get(&best).copied().unwrap_or_default();
    let artefact = artefact(crowd, learnt, latest, &report, quality);
    (report.verdict, report.reason) = gate(&report, quality, champion, settings);
    (Some(artefact), report)
}

/// All cuts together.
fn together(told: &[Told]) -> Told {
    let mut all = Told::new();
    for (candidate, told) in told.iter().flatten() {
        all.entry(*candidate).or_default().extend(told);
    }
    all
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

/// The candidate that surprised least where all of them were judged; only one that can also be learnt now. Where the mean of
/// both is no worse by more than a standard error it speaks: otherwise the day would decide which of two models that are as
/// good as each other does, and everybody's risk with it.
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
    let steadier = |(least, best): (f64, Candidate)| {
        let error = report.overall.get(&best)?.log_loss_se;
        (loss(Candidate::Both)? <= least + error).then_some(Candidate::Both)
    };
    // Where the logistic model was never judged, the model of buying speaks, which needs no lessons.
    let best = best.map_or(Candidate::Buying, |best| steadier(best).unwrap_or(best.1));
    report.overall.get(&best)?;
    Some((best, learnt.remove(&best)?))
}

fn artefact(
    crowd: Crowd,
    learnt: Learnt,
    latest: &[Case],
    report: &Report,
    quality: Quality,
) -> Artefact {
    Artefact {
        horizon_days: report.settings.horizon_days,
        speaker: learnt.model.map_or(Speaker::Buying, Speaker::Logistic),
        calibration: learnt.calibration,
        certain_from: learnt.certain_from,
        coming: crowd.coming.model,
        booking: crowd.booking.model,
        spend: crowd.spend,
        typical_value: crowd.typical_value,
        value_scale: scale(&report.value),
        renewal: crowd.renewal,
        usual: crowd.usual,
        typical: typical(latest),
        quality,
        reckoned_in: report.value.reckoned_in,
    }
}

/// What was spent, divided by what was foretold; no wild guesses.
fn scale(value: &ValueTest) -> f64 {
    if value.foretold > 0.0 {
        (value.spent / value.foretold).clamp(0.5, 2.0)
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

/// What was foretold of a person's spending, in units of currency.
struct Valued {
    /// By the model of bookings alone.
    alone: f64,
    /// With what the champion says about coming back; none where it said nothing.
    reckoned: Option<f64>,
    /// By going on as so far.
    naive: f64,
    /// What was spent.
    came: f64,
}

/// The persons of the latest cut who had booked before; `said` is what the champion said there, in their order.
fn values(latest: &[Case], said: Option<&[Foretold]>) -> Vec<Valued> {
    let said = |at: usize| Some(said?.get(at)?.0);
    let valued = |(at, case): (usize, &Case)| {
        let (alone, came) = case.value?;
        Some(Valued {
            alone,
            reckoned: said(at).map(|back| alone * reckoned_in(back, case.buys)),
            naive: case.naive_value,
            came,
        })
    };
    latest.iter().enumerate().filter_map(valued).collect()
}

fn value_test(values: &[Valued], crowd: &Crowd) -> ValueTest {
    let each = |of: &dyn Fn(&Valued) -> f64| mean(values.iter().map(of));
    let error = |told: &dyn Fn(&Valued) -> f64| each(&|one| (told(one) - one.came).abs());
    let (average, alone) = (each(&|one| one.came), error(&|one| one.alone));
    let reckoned = |one: &Valued| one.reckoned.unwrap_or(one.alone);
    let better = error(&reckoned) < alone;
    let told = |one: &Valued| if better { reckoned(one) } else { one.alone };
    let mut pairs: Vec<(f64, f64)> = values.iter().map(|one| (told(one), one.came)).collect();
    let persons = u32::try_from(values.len()).unwrap_or(u32::MAX);
    ValueTest {
        persons,
        foretold: each(&told) * f64::from(persons),
        spent: average * f64::from(persons),
        mae: error(&told),
        mae_alone: alone,
        reckoned_in: better,
        mae_naive: error(&|one| one.naive),
        mae_mean: error(&|_| average),
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
