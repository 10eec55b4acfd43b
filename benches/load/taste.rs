//! Tours for people of an operator with many tours: how long the solver takes, and one customer's lists.
//!
//! The solver is measured beside one multiplication of two matrices of the same size on one core, which takes twice as
//! many operations; a list is measured beside the bare scores that it is made of. No database: both are arithmetic.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use chrono::{DateTime, TimeDelta, Utc};
use customer_intelligence::domain::model::co_counts::CoCounts;
use customer_intelligence::domain::model::ease::Ease;
use customer_intelligence::domain::model::histories::Histories;
use customer_intelligence::domain::model::history::{History, minutes};
use customer_intelligence::domain::model::seed::Seed;
use customer_intelligence::domain::model::tours::catalogue::{Catalogue, Departure, Tour};
use customer_intelligence::domain::model::tours::suggest::suggest;
use customer_intelligence::domain::model::tours::train::train;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, Par};
use uuid::Uuid;

use super::{crowd, say};

/// So long the solver may take for [`TARGET_TOURS`], and a customer's lists.
const TARGET_SOLVER: Duration = Duration::from_secs(1);
const TARGET_LIST: Duration = Duration::from_millis(1);
const TARGET_TOURS: usize = 2_000;
/// Customers whose lists are read.
const READERS: usize = 2_000;
/// Tours of each list, as on the screen.
const FIRST: usize = 5;
/// Tours that a traveller of the made-up counts took.
const TAKEN: usize = 8;

/// What to measure.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// How many tours the operator has.
    #[arg(long, default_value_t = TARGET_TOURS)]
    tours: usize,
    /// How many customers.
    #[arg(long, default_value_t = 20_000)]
    customers: u64,
}

/// Measures and prints.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    solver(options)?;
    lists(options)
}

fn solver(options: &Options) -> anyhow::Result<()> {
    let tours = options.tours;
    let mut seed = Seed::new(1);
    let mut counts = CoCounts::new(tours);
    for _ in 0..options.customers {
        let taken: Vec<u32> = (0..TAKEN)
            .map(|_| u32::try_from(seed.below(tours)))
            .collect::<Result<_, _>>()?;
        counts.add(taken);
    }
    let begun = Instant::now();
    let model = Ease::train(&counts, 100.0)?;
    let took = begun.elapsed();
    black_box(&model);
    let of = |shift: f64| Mat::from_fn(tours, tours, |_, _| shift);
    let (one, other, mut product) = (of(0.5), of(0.25), of(0.0));
    let begun = Instant::now();
    matmul(
        product.as_mut(),
        Accum::Replace,
        one.as_ref(),
        other.as_ref(),
        1.0,
        Par::Seq,
    );
    let baseline = begun.elapsed();
    black_box(&product);
    say(&format!(
        "the solver for {tours} tours: {:.2} s; one multiplication of that size {:.2} s (ratio {:.2}); {}",
        took.as_secs_f64(),
        baseline.as_secs_f64(),
        took.as_secs_f64() / baseline.as_secs_f64(),
        verdict(tours, took, TARGET_SOLVER),
    ));
    Ok(())
}

fn lists(options: &Options) -> anyhow::Result<()> {
    let now = "2026-06-01T02:10:00Z".parse::<DateTime<Utc>>()?;
    let histories: Vec<History> = (0..options.customers)
        .filter_map(|number| crowd::insight(number, options.tours, now).history)
        .collect();
    let begun = Instant::now();
    let all: Histories = histories.iter().collect();
    let (model, report) = train(&all, minutes(now))?;
    say(&format!(
        "choosing parameters, the back-test and the model of {} tours: {:.1} s",
        report.tours,
        begun.elapsed().as_secs_f64()
    ));
    let catalogue = catalogue(model.tours(), now);
    let today = now.date_naive();
    let (mut whole, mut bare) = (Vec::new(), Vec::new());
    for history in histories.iter().take(READERS) {
        let begun = Instant::now();
        let list = suggest(&model, &catalogue, history, (minutes(now), today), FIRST);
        whole.push(begun.elapsed());
        black_box(&list);
        let trips = history.trips.iter();
        let taken = trips.filter_map(|trip| model.number(history.tour(trip.tour?)?));
        let begun = Instant::now();
        let scores = model.ease().scores(taken);
        bare.push(begun.elapsed());
        black_box(&scores);
    }
    let (p50, p99) = (at(&mut whole, 50)?, at(&mut whole, 99)?);
    say(&format!(
        "one customer's lists from {} tours on sale: p50 {:.0} µs, p99 {:.0} µs; the bare scores p50 {:.0} µs; {}",
        model.tours().len(),
        micros(p50),
        micros(p99),
        micros(at(&mut bare, 50)?),
        verdict(options.tours, p99, TARGET_LIST),
    ));
    Ok(())
}

/// Every tour is on sale once a month for a year.
fn catalogue(tours: &[Uuid], now: DateTime<Utc>) -> Catalogue {
    let each = tours.iter().map(|id| (*id, Tour::default()));
    let departures = tours.iter().flat_map(|id| {
        (1..=12_u64).map(move |month| Departure {
            offering_id: Uuid::from_u64_pair(id.as_u64_pair().1, month),
            template_id: *id,
            start: now.date_naive() + TimeDelta::days(30 * month.cast_signed()),
            open: true,
            seats: Some(20),
        })
    });
    Catalogue::new(each.collect(), departures)
}

fn at(all: &mut [Duration], percent: usize) -> anyhow::Result<Duration> {
    all.sort_unstable();
    let place = (all.len() * percent / 100).min(all.len().saturating_sub(1));
    all.get(place).copied().context("nobody has a history")
}

fn micros(took: Duration) -> f64 {
    took.as_secs_f64() * 1e6
}

fn verdict(tours: usize, took: Duration, target: Duration) -> String {
    if tours == TARGET_TOURS {
        let met = if took <= target { "met" } else { "NOT met" };
        format!("target {target:?} ({met})")
    } else {
        format!("the target {target:?} is for {TARGET_TOURS} tours")
    }
}
