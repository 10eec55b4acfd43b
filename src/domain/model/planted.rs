//! Planted populations: what can be learnt of people whose ways are known, beside an oracle that knows each one's rate
//! and whether they have dropped out. No model can do as well as the oracle.

use chrono::{DateTime, TimeDelta, Utc};

use super::backtest::Candidate;
use super::churn::score;
use super::history::{Booking, DAY, History, Minutes, minutes};
use super::quality::{Foretold, Quality, quality};
use super::registry::Verdict;
use super::seed::Seed;
use super::train::{Report, Settings, foretell, train};

/// Years that are watched before the cut, and one after it.
const WATCHED: f64 = 5.0;
const YEAR: f64 = 365.0;
const PERSONS: usize = 1_000;

/// How people come and go.
#[derive(Clone, Copy)]
enum Way {
    /// At any time, about 0.7 times a year, with a chance to leave after each.
    Chance,
    /// About every ten months, give or take some weeks.
    Regular,
    /// More than half never come back; the others come every year.
    Loyal,
}

impl Way {
    /// Scikit-learn on the same persons, learnt at the same three earlier cuts: logistic regression and gradient-boosted
    /// trees on recency, rhythm, how often and how long; the share told right.
    const fn reference(self) -> [f64; 2] {
        match self {
            Self::Chance => [0.805, 0.803],
            Self::Regular => [0.788, 0.761],
            Self::Loyal => [0.873, 0.874],
        }
    }
}

struct Person {
    history: History,
    /// What the oracle says of the year after the cut.
    oracle: f64,
}

fn cut() -> DateTime<Utc> {
    DateTime::from_timestamp(1_750_000_000, 0).unwrap()
}

fn exponential(seed: &mut Seed) -> f64 {
    -libm::log1p(-seed.share())
}

/// The sum of `n` exponential times: the shape of rates and of regular gaps.
fn erlang(seed: &mut Seed, n: u32) -> f64 {
    (0..n).map(|_| exponential(seed)).sum()
}

fn person(way: Way, seed: &mut Seed) -> Person {
    // First occasion anywhere in the years watched, but for the last months.
    let first = seed.share() * (WATCHED - 0.3) * YEAR;
    let (rate, leaves, regular) = match way {
        Way::Chance => (erlang(seed, 2) * 0.35 / YEAR, 0.25, 1),
        Way::Regular => ((0.8 + 0.8 * seed.share()) / YEAR, 0.22, 12),
        Way::Loyal if seed.share() < 0.55 => (1.0 / YEAR, 1.0, 30),
        Way::Loyal => (1.0 / YEAR, 0.12, 30),
    };
    let gap = |seed: &mut Seed| erlang(seed, regular) / f64::from(regular) / rate;
    let (now, end) = (WATCHED * YEAR, (WATCHED + 1.0) * YEAR);
    let mut days = vec![first];
    let mut alive = seed.share() >= leaves;
    let mut at = first;
    while alive {
        at += gap(seed);
        if at > end {
            break;
        }
        days.push(at);
        alive = seed.share() >= leaves;
    }
    // The oracle knows who had left by the cut, and draws the rest of the gap again and again.
    let last = days
        .iter()
        .copied()
        .filter(|day| *day <= now)
        .fold(first, f64::max);
    let gone = !alive && days.last().copied() == Some(last);
    let oracle = if gone {
        0.0
    } else {
        returns(seed, gap, now - last)
    };
    let start = minutes(cut() - TimeDelta::days(5 * 365));
    let bookings = days.iter().map(|day| booking(start + whole(day * 1_440.0)));
    Person {
        history: History::of_bookings(bookings.collect()),
        oracle,
    }
}

fn returns(seed: &mut Seed, gap: impl Fn(&mut Seed) -> f64, silent: f64) -> f64 {
    let (mut waiting, mut back) = (0.5, 0.25);
    for _ in 0..200 {
        let length = gap(seed);
        if length > silent {
            waiting += 1.0;
            back += if length <= silent + YEAR { 1.0 } else { 0.0 };
        }
    }
    back / waiting
}

#[expect(clippy::cast_possible_truncation, reason = "minutes of six years")]
fn whole(minutes: f64) -> Minutes {
    minutes as Minutes
}

fn booking(booked: Minutes) -> Booking {
    Booking {
        booked,
        cancelled: None,
        no_show: false,
        value: Some(50_000),
        tour: None,
        end: Some(booked + DAY),
        party: None,
        sales_channel: None,
        extras: Vec::new(),
    }
}

struct Outcome {
    found: Quality,
    oracle: Quality,
    report: Report,
}

fn outcome(way: Way) -> Outcome {
    let mut seed = Seed::new(42);
    let people: Vec<Person> = (0..PERSONS).map(|_| person(way, &mut seed)).collect();
    let histories: Vec<History> = people.iter().map(|one| one.history.clone()).collect();
    let settings = Settings {
        horizon_days: YEAR,
        ..Settings::default()
    };
    let (artefact, report) = train(&histories, cut(), settings, None);
    let artefact = artefact.unwrap();
    let end = cut() + TimeDelta::days(365);
    let told: Vec<Foretold> = foretell(&artefact, &histories, cut(), end);
    let truth: Vec<Foretold> = people
        .iter()
        .filter_map(|one| {
            let told = foretell(&artefact, std::slice::from_ref(&one.history), cut(), end);
            told.first().map(|(_, back)| (one.oracle, *back))
        })
        .collect();
    let (found, oracle) = (quality(&told).unwrap(), quality(&truth).unwrap());
    println!(
        "model  {found:?}\noracle {oracle:?}\nchampion {:?}",
        report.champion
    );
    for reference in way.reference() {
        assert!(
            found.accuracy >= reference - 0.01,
            "{found:?}, reference {reference}"
        );
    }
    Outcome {
        found,
        oracle,
        report,
    }
}

fn majority(quality: &Quality) -> f64 {
    quality.base_rate.max(1.0 - quality.base_rate)
}

#[test]
fn where_some_never_return_and_others_always_do_it_is_told_who() {
    let Outcome {
        found,
        oracle,
        report,
    } = outcome(Way::Loyal);
    assert!(found.accuracy >= 0.85, "{found:?}, oracle {oracle:?}");
    assert!(found.accuracy >= majority(&found) + 0.10, "{found:?}");
    assert!(
        found.accuracy <= oracle.accuracy + 0.01,
        "too good to be true"
    );
    assert!(found.ece < 0.05, "{found:?}");
    assert_eq!(report.verdict, Verdict::Promoted, "{}", report.reason);
}

#[test]
fn rhythm_is_worth_more_than_how_often_and_how_recently() {
    let regular = outcome(Way::Regular);
    assert_eq!(regular.report.champion, Some(Candidate::Both));
    let overall = &regular.report.overall;
    let (buying, logistic) = (overall[&Candidate::Buying], overall[&Candidate::Logistic]);
    assert!(logistic.auc > buying.auc + 0.01, "{logistic:?} {buying:?}");
    assert!(regular.found.accuracy > majority(&regular.found));
}

#[test]
fn where_people_come_by_chance_the_model_knows_that_it_does_not_know() {
    let Outcome { found, oracle, .. } = outcome(Way::Chance);
    assert!(found.accuracy >= majority(&found) - 0.01, "{found:?}");
    assert!(
        found.auc > 0.65 && found.ece < 0.05,
        "{found:?}, oracle {oracle:?}"
    );
    assert!(found.auc < oracle.auc);
}

#[test]
fn of_whoever_will_hardly_come_back_hardly_anything_is_expected() {
    let mut seed = Seed::new(11);
    let people = (0..600).map(|_| person(Way::Loyal, &mut seed).history);
    let histories: Vec<History> = people.collect();
    let (artefact, report) = train(&histories, cut(), Settings::default(), None);
    let (artefact, value) = (artefact.unwrap(), report.value);
    assert!(
        value.reckoned_in && value.mae < value.mae_alone,
        "{value:?}"
    );
    let mut expected = [(0.0, 0.0); 2];
    for scores in histories.iter().map(|one| score(&artefact, one, cut())) {
        let (churn, value) = (scores.churn.unwrap(), scores.value.unwrap());
        if churn.risk > 0.8 {
            assert!(value.bookings_12_months < 0.4, "{churn:?} {value:?}");
        }
        let group = usize::from(churn.risk > 0.5);
        expected[group].0 += value.bookings_12_months;
        expected[group].1 += 1.0;
    }
    let [stay, leave] = expected.map(|(sum, n)| sum / n);
    assert!(stay > 5.0 * leave, "{stay} {leave}");
}

#[test]
fn the_same_people_teach_the_same_model_to_the_byte() {
    let mut seed = Seed::new(7);
    let people = (0..600).map(|_| person(Way::Loyal, &mut seed).history);
    let histories: Vec<History> = people.collect();
    let learn = || {
        let (artefact, report) = train(&histories, cut(), Settings::default(), None);
        (postcard::to_stdvec(&artefact.unwrap()).unwrap(), report)
    };
    let (first, again) = (learn(), learn());
    assert_eq!(first.0, again.0);
    assert_eq!(first.1, again.1);
    let (none, report) = train(&histories[..50], cut(), Settings::default(), None);
    assert!(none.is_none());
    assert_eq!(report.verdict, Verdict::Abstains, "{}", report.reason);
}

#[test]
fn nothing_that_came_later_is_in_a_score() {
    let mut seed = Seed::new(3);
    let people = (0..400).map(|_| person(Way::Loyal, &mut seed).history);
    let whole: Vec<History> = people.collect();
    let until = minutes(cut());
    let past = |history: &History| {
        let bookings = history.bookings.iter().filter(|one| one.booked <= until);
        History::of_bookings(bookings.cloned().collect())
    };
    let past: Vec<History> = whole.iter().map(past).collect();
    assert_ne!(whole, past, "there is a future to be seen");
    let settings = Settings {
        horizon_days: YEAR,
        ..Settings::default()
    };
    let (seeing, _) = train(&whole, cut(), settings, None);
    let (blind, _) = train(&past, cut(), settings, None);
    let (seeing, blind) = (seeing.unwrap(), blind.unwrap());
    assert_eq!(postcard::to_stdvec(&seeing), postcard::to_stdvec(&blind));
    for (whole, past) in whole.iter().zip(&past) {
        let known = score(&seeing, &whole.before(cut()), cut());
        assert_eq!(known, score(&blind, past, cut()));
    }
}
