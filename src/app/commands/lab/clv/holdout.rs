//! What was foretold beside what came, with baselines.

use serde_json::{Value, json};

use super::super::report::Listing;
use super::Models;
use super::purchases::Customer;
use crate::domain::model::dropout::Summary;
use crate::domain::model::logistic::{Logistic, Row};
use crate::domain::model::quality::{Foretold, quality};
use crate::domain::model::spend::{Spent, tenths};

/// The logistic model on how often, how recently and how long is judged on customers it was not fitted on.
const FOLDS: usize = 5;

/// Who bought again, how often, and for how much.
pub(super) fn judge(customers: &[Customer], models: &Models, horizon: f64) -> [Listing; 4] {
    [
        again(customers, models, horizon),
        how_often(customers, models, horizon),
        how_much(customers, models, horizon),
        by_tenth(customers, models, horizon),
    ]
}

fn bought(one: &Customer) -> (u32, f64) {
    one.later.unwrap_or_default()
}

fn again(customers: &[Customer], models: &Models, horizon: f64) -> Listing {
    let columns = [
        "auc",
        "brier",
        "log_loss",
        "accuracy",
        "balanced_accuracy",
        "ece",
        "coverage_at_85",
    ];
    let mut table = Listing::new("buys again", columns);
    let mut add = |name: &str, says: &dyn Fn(usize, &Customer) -> f64| {
        let told = customers.iter().enumerate();
        let told: Vec<Foretold> = told
            .map(|(at, one)| (says(at, one), bought(one).0 > 0))
            .collect();
        let found = quality(&told).unwrap_or_default();
        let all = [
            found.auc,
            found.brier,
            found.log_loss,
            found.accuracy,
            found.balanced_accuracy,
            found.ece,
            found.coverage,
        ];
        table.row(name, all.map(|value| json!(value)));
    };
    let (bg, mbg) = (models.bg.model, models.mbg.model);
    add("nobody does", &|_, _| 0.0);
    add("BG/NBD", &|_, one| bg.buys_within(one.of, horizon));
    add("MBG/NBD", &|_, one| mbg.buys_within(one.of, horizon));
    let logistic = cross_validated(customers);
    add("logistic on the same, 5 folds", &|at, _| {
        logistic.get(at).copied().unwrap_or_default()
    });
    table
}

fn row(of: Summary) -> Row<5> {
    let x = f64::from(of.repeats);
    let silent = of.age - of.recency;
    [
        libm::log1p(x),
        libm::log1p(silent),
        libm::log1p(of.age),
        libm::log1p(of.recency),
        f64::from(u8::from(of.repeats == 0)),
    ]
}

fn cross_validated(customers: &[Customer]) -> Vec<f64> {
    let fold = |at: usize| at % FOLDS;
    let models: Vec<Logistic> = (0..FOLDS)
        .map(|held| {
            let rest = customers
                .iter()
                .enumerate()
                .filter(|(at, _)| fold(*at) != held);
            let rows: Vec<(Row<5>, bool)> = rest
                .map(|(_, one)| (row(one.of), bought(one).0 > 0))
                .collect();
            Logistic::fit(&rows, 1.0)
        })
        .collect();
    let says = |(at, one): (usize, &Customer)| {
        let model = models.get(fold(at));
        model.map_or(0.5, |model| model.probability(&row(one.of)))
    };
    customers.iter().enumerate().map(says).collect()
}

fn how_often(customers: &[Customer], models: &Models, horizon: f64) -> Listing {
    let columns = ["sum", "mae", "rmse", "auc"];
    let mut table = Listing::new("purchases", columns);
    let truth: Vec<f64> = customers
        .iter()
        .map(|one| f64::from(bought(one).0))
        .collect();
    let mut add = |name: &str, says: &dyn Fn(Summary) -> f64| {
        let told: Vec<f64> = customers.iter().map(|one| says(one.of)).collect();
        table.row(name, errors(&told, &truth));
    };
    let (bg, mbg) = (models.bg.model, models.mbg.model);
    add("BG/NBD", &|of| bg.expected(of, horizon));
    add("MBG/NBD", &|of| mbg.expected(of, horizon));
    add("as so far", &|of| {
        f64::from(of.repeats) / of.age.max(1e-9) * horizon
    });
    table
}

fn how_much(customers: &[Customer], models: &Models, horizon: f64) -> Listing {
    let mut table = Listing::new("spend", ["sum", "mae", "rmse", "auc"]);
    let truth: Vec<f64> = customers.iter().map(|one| bought(one).1).collect();
    let Some((spend, _)) = models.spend else {
        return table;
    };
    let worth = |one: &Customer| {
        spend.expected(Spent {
            purchases: one.of.repeats,
            mean: one.mean.unwrap_or_default(),
        })
    };
    for (name, model) in [
        ("BG/NBD × Gamma-Gamma", models.bg.model),
        ("MBG/NBD × Gamma-Gamma", models.mbg.model),
    ] {
        let told = customers
            .iter()
            .map(|one| model.expected(one.of, horizon) * worth(one));
        table.row(name, errors(&told.collect::<Vec<_>>(), &truth));
    }
    let rate = |one: &Customer| {
        f64::from(one.of.repeats) * one.mean.unwrap_or_default() / one.of.age.max(1e-9) * horizon
    };
    let told: Vec<f64> = customers.iter().map(rate).collect();
    table.row("as so far", errors(&told, &truth));
    table
}

/// Tenths of the customers by what MBG/NBD and Gamma-Gamma foretold, most first: the means of both, and which share of
/// everything that was spent they stand for.
fn by_tenth(customers: &[Customer], models: &Models, horizon: f64) -> Listing {
    let columns = ["customers", "foretold", "spent", "share_of_all"];
    let mut table = Listing::new("spend by tenth", columns);
    let Some((spend, _)) = models.spend else {
        return table;
    };
    let foretold = |one: &Customer| {
        let worth = spend.expected(Spent {
            purchases: one.of.repeats,
            mean: one.mean.unwrap_or_default(),
        });
        models.mbg.model.expected(one.of, horizon) * worth
    };
    let pairs = customers.iter().map(|one| (foretold(one), bought(one).1));
    let mut pairs: Vec<(f64, f64)> = pairs.collect();
    let all: f64 = pairs.iter().map(|(_, spent)| spent).sum();
    for (place, tenth) in (1..=10).zip(tenths(&mut pairs).into_iter().rev()) {
        let customers = f64::from(tenth.n);
        let share = tenth.came * customers / all.max(f64::MIN_POSITIVE);
        let row = [
            json!(tenth.n),
            json!(tenth.foretold),
            json!(tenth.came),
            json!(share),
        ];
        table.row(format!("{place}"), row);
    }
    table
}

/// Sum, mean absolute error, root of the mean squared error, and how well who came is put before who did not.
fn errors(told: &[f64], truth: &[f64]) -> [Value; 4] {
    let n = f64::from(u32::try_from(told.len().max(1)).unwrap_or(u32::MAX));
    let gaps = || told.iter().zip(truth).map(|(told, came)| told - came);
    let squares: f64 = gaps().map(|gap| gap * gap).sum();
    let order: Vec<Foretold> = told
        .iter()
        .zip(truth)
        .map(|(told, came)| (1.0 - 1.0 / (1.0 + told), *came > 0.0))
        .collect();
    [
        json!(told.iter().sum::<f64>()),
        json!(gaps().map(f64::abs).sum::<f64>() / n),
        json!((squares / n).sqrt()),
        json!(quality(&order).unwrap_or_default().auc),
    ]
}
