//! How the candidates would have done: trained on what was known at an earlier instant, judged by what came of it.
//!
//! At each cut the logistic model and all calibrations are learnt from windows that had ended by then. Nothing that came
//! after a cut is looked at for what is foretold there.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::calibrate::Calibration;
use super::facts::{BUYS, FEATURES};
use super::history::{History, instant};
use super::logistic::{Logistic, Row};
use super::quality::{self, Foretold, Quality, quality};
use super::special::{logistic, logit};
use super::window::{Case, Crowd, known_at, mean, whole_days};

/// At how many cuts the candidates are judged.
const TESTS: u32 = 3;
/// From how many earlier cuts is learnt: with the usual horizon one in each season, as who waits to book in May is another
/// crowd than in August.
const LESSONS: u32 = 4;
/// Cuts lie this part of the horizon apart.
const STEPS: u32 = 5;
/// Days that must have been seen before a cut.
const WARM: f64 = 180.0;
const FOLDS: usize = 3;
const RIDGE: f64 = 1.0;

/// Which model is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Candidate {
    /// MBG/NBD.
    Buying,
    /// Logistic regression.
    Logistic,
    /// The mean of both in log-odds: where there is little to learn from, each takes back what the other overdoes.
    Both,
}

impl Candidate {
    /// Its name in the registry.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Buying => "mbg/nbd",
            Self::Logistic => "logistic",
            Self::Both => "logistic + mbg/nbd",
        }
    }
}

/// Something learnt, to be judged or to speak.
#[derive(Debug, Clone)]
pub(super) struct Learnt {
    /// None for the model of buying, which the crowd holds.
    pub(super) model: Option<Logistic>,
    pub(super) calibration: Calibration,
    pub(super) certain_from: f64,
}

/// How good a candidate was at one cut.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Tested {
    /// Which.
    pub candidate: Candidate,
    /// How good.
    pub quality: Quality,
    /// The share that was decided upon with the certainty chosen beforehand.
    pub decided: f64,
    /// The share of those that was told right.
    pub decided_right: f64,
}

/// What candidates have to beat at a cut.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Baselines {
    /// Everybody at the share that came back, known beforehand by an oracle: its log-loss and its accuracy.
    pub base_rate_log_loss: f64,
    /// The share told right when everybody is told the same.
    pub majority: f64,
    /// Whoever came within the last horizon comes again: the share told right.
    pub recency_rule: f64,
    /// How well the days of silence alone put people in order.
    pub recency_auc: f64,
}

/// One cut.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    /// The instant looked back from.
    pub cut: DateTime<Utc>,
    /// Persons at risk.
    pub persons: u32,
    /// How many lessons there were.
    pub lessons: u32,
    /// The candidates.
    pub tested: Vec<Tested>,
    /// What they had to beat.
    pub baselines: Baselines,
}

/// What the candidates said of everybody at a cut, and what came of it.
pub(super) type Told = BTreeMap<Candidate, Vec<Foretold>>;

/// The cases of all cuts that are needed, each worked out once.
pub(super) struct Backtest<'h> {
    histories: &'h [History],
    first: DateTime<Utc>,
    until: DateTime<Utc>,
    horizon: f64,
    cases: BTreeMap<u32, Vec<Case>>,
}

impl<'h> Backtest<'h> {
    pub(super) fn new(histories: &'h [History], until: DateTime<Utc>, horizon: f64) -> Self {
        let first = histories
            .iter()
            .filter_map(|one| one.occasions().first().copied());
        Self {
            histories,
            first: first.min().and_then(instant).unwrap_or(until),
            until,
            horizon,
            cases: BTreeMap::new(),
        }
    }

    /// The cut so many steps before the end; none when too little had been seen by then.
    fn cut(&self, steps: u32) -> Option<DateTime<Utc>> {
        let back = whole_days(self.horizon / f64::from(STEPS) * f64::from(steps))?;
        let cut = self.until.checked_sub_signed(back)?;
        (cut >= self.first + whole_days(WARM)?).then_some(cut)
    }

    fn cases(&mut self, steps: u32) -> Option<&[Case]> {
        let cut = self.cut(steps)?;
        let (histories, horizon) = (self.histories, self.horizon);
        let end = cut + whole_days(horizon)?;
        let cases = self.cases.entry(steps).or_insert_with(|| {
            let known = known_at(histories, cut);
            let then = known_at(histories, end);
            Crowd::at(&known, cut).cases(&known, &then, cut, horizon)
        });
        Some(cases)
    }

    /// What is known at a cut of earlier windows: cases whose windows had ended by then, newest first.
    pub(super) fn lessons(&mut self, steps: u32) -> (Vec<Case>, u32) {
        let mut lessons = Vec::new();
        let mut windows = 0;
        for lesson in 0..LESSONS {
            if let Some(cases) = self.cases(steps + STEPS + lesson) {
                lessons.extend_from_slice(cases);
                windows += 1;
            }
        }
        (lessons, windows)
    }

    /// Judges the candidates at each cut, latest first; what they said of each case, beside it.
    pub(super) fn origins(&mut self) -> (Vec<Origin>, Vec<Told>) {
        let (mut origins, mut all) = (Vec::new(), Vec::new());
        for test in 0..TESTS {
            let steps = STEPS + test;
            let (lessons, windows) = self.lessons(steps);
            let learnt = learn(&lessons);
            let horizon = self.horizon;
            let (Some(cut), Some(cases)) = (self.cut(steps), self.cases(steps)) else {
                break;
            };
            let mut told = Told::new();
            let judged = learnt.iter().filter_map(|(candidate, learnt)| {
                let foretold: Vec<Foretold> = cases
                    .iter()
                    .map(|case| (learnt.says(case), case.back))
                    .collect();
                let tested = judge(*candidate, learnt, &foretold)?;
                told.insert(*candidate, foretold);
                Some(tested)
            });
            origins.push(Origin {
                cut,
                persons: u32::try_from(cases.len()).unwrap_or(u32::MAX),
                lessons: windows,
                tested: judged.collect(),
                baselines: baselines(cases, horizon),
            });
            all.push(told);
        }
        (origins, all)
    }

    /// The cases of the latest cut whose window is over.
    pub(super) fn latest(&mut self) -> &[Case] {
        self.cases(STEPS).unwrap_or_default()
    }
}

/// Learns from lessons whatever can be learnt from them. Without any, the model of buying speaks as it is.
pub(super) fn learn(lessons: &[Case]) -> BTreeMap<Candidate, Learnt> {
    let buying: Vec<Foretold> = lessons.iter().map(|case| (case.buys, case.back)).collect();
    let mut learnt = BTreeMap::from([(Candidate::Buying, Learnt::of(None, &buying))]);
    let both = lessons.iter().any(|case| case.back) && lessons.iter().any(|case| !case.back);
    if both {
        let rows: Vec<(Row<FEATURES>, bool)> =
            lessons.iter().map(|case| (case.row, case.back)).collect();
        let unseen = out_of_fold(&rows);
        let model = Logistic::fit(&rows, RIDGE);
        let halfway = |(case, (p, back)): (&Case, &Foretold)| {
            let mean = f64::midpoint(logit(*p), logit(case.buys));
            (logistic(mean), *back)
        };
        let both: Vec<Foretold> = lessons.iter().zip(&unseen).map(halfway).collect();
        let halfway = model.halfway_to(BUYS);
        learnt.insert(Candidate::Both, Learnt::of(Some(halfway), &both));
        learnt.insert(Candidate::Logistic, Learnt::of(Some(model), &unseen));
    }
    learnt
}

impl Learnt {
    fn of(model: Option<Logistic>, told: &[Foretold]) -> Self {
        let calibration = Calibration::fit(told);
        let honest: Vec<Foretold> = told.iter().map(|(p, y)| (calibration.of(*p), *y)).collect();
        Self {
            model,
            certain_from: quality::decided(&honest).1,
            calibration,
        }
    }

    /// The calibrated probability of coming back.
    pub(super) fn says(&self, case: &Case) -> f64 {
        let said = match &self.model {
            None => case.buys,
            Some(model) => model.probability(&case.row),
        };
        self.calibration.of(said)
    }
}

/// What models say of those they were not fitted on; the same person may be in several lessons, cases apart.
fn out_of_fold(rows: &[(Row<FEATURES>, bool)]) -> Vec<Foretold> {
    let mut told = Vec::with_capacity(rows.len());
    for fold in 0..FOLDS {
        let inside = |n: usize| n * FOLDS / rows.len().max(1) == fold;
        let split = |wanted: bool| {
            let chosen = rows
                .iter()
                .enumerate()
                .filter(move |(n, _)| inside(*n) == wanted);
            chosen.map(|(_, row)| *row)
        };
        let rest: Vec<_> = split(false).collect();
        let model = Logistic::fit(&rest, RIDGE);
        told.extend(split(true).map(|(row, back)| (model.probability(&row), back)));
    }
    told
}

fn judge(candidate: Candidate, learnt: &Learnt, told: &[Foretold]) -> Option<Tested> {
    let certain = |(p, _): &&Foretold| p.max(1.0 - p) >= learnt.certain_from;
    let decided: Vec<Foretold> = told.iter().filter(certain).copied().collect();
    let right = decided
        .iter()
        .map(|(p, y)| f64::from(u8::from((*p >= 0.5) == *y)));
    let all = f64::from(u32::try_from(told.len().max(1)).ok()?);
    Some(Tested {
        candidate,
        quality: quality(told)?,
        decided: f64::from(u32::try_from(decided.len()).ok()?) / all,
        decided_right: mean(right),
    })
}

fn baselines(cases: &[Case], horizon: f64) -> Baselines {
    let back = mean(cases.iter().map(|case| f64::from(u8::from(case.back))));
    let same: Vec<Foretold> = cases.iter().map(|case| (back, case.back)).collect();
    let rule = |case: &Case| f64::from(u8::from(case.silent_days <= horizon));
    let rule: Vec<Foretold> = cases.iter().map(|case| (rule(case), case.back)).collect();
    let silence = |case: &Case| 1.0 / (1.0 + case.silent_days);
    let silence: Vec<Foretold> = cases
        .iter()
        .map(|case| (silence(case), case.back))
        .collect();
    Baselines {
        base_rate_log_loss: quality(&same).unwrap_or_default().log_loss,
        majority: back.max(1.0 - back),
        recency_rule: quality(&rule).unwrap_or_default().accuracy,
        recency_auc: quality(&silence).unwrap_or_default().auc,
    }
}
