//! `lab clv`: how often customers come back, and what they spend, fitted and judged on anybody's numbers.
//!
//! The same code as in the service, but without priors, so that figures can be compared with published ones.

mod purchases;
mod holdout;

use std::path::PathBuf;

use anyhow::bail;
use serde_json::{Value, json};

use self::purchases::Customer;
use super::report::{Listing, Report};
use super::table::Table;
use crate::domain::model::dropout::{Customers, Dropout, Family, Fitted, Prior, Summary};
use crate::domain::model::spend::{Spend, Spent, correlation};

/// What to fit to.
#[derive(Debug, clap::Args)]
pub(in crate::app) struct Options {
    /// One line a customer: `x` (purchases after the first), `t_x` (time of the last one) and `T` (age), all since the
    /// first purchase, and optionally `zbar` (mean value of the purchases after the first).
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "log",
        required_unless_present = "log"
    )]
    summary: Option<PathBuf>,
    /// One line a purchase: `customer`, `date` (such as 1997-09-30) and `amount`; those of one day are one purchase.
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Last day that is learnt from; without it the last day of the log, and nothing is held out.
    #[arg(long, value_name = "DAY", requires = "log")]
    until: Option<chrono::NaiveDate>,
    /// Foretell so many units of time (weeks of a log).
    #[arg(long, default_value_t = 39.0)]
    horizon: f64,
    /// A customer to foretell, as `x,t_x,T` or `x,t_x,T,zbar`; may be given several times.
    #[arg(long, value_name = "CUSTOMER")]
    customer: Vec<String>,
    /// Report as JSON.
    #[arg(long)]
    json: bool,
}

/// All that was fitted.
struct Models {
    bg: Fitted,
    mbg: Fitted,
    spend: Option<(Spend, f64)>,
}

pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let (name, customers) = match (&options.summary, &options.log) {
        (Some(file), _) => (file.display().to_string(), summaries(&Table::read(file)?)?),
        (None, Some(file)) => (
            file.display().to_string(),
            purchases::read(file, options.until)?,
        ),
        (None, None) => bail!("name a file: --summary or --log"),
    };
    if customers.is_empty() {
        bail!("{name} names no customers");
    }
    let mut report = Report::new(format!("customer lifetime value: {name}"));
    report.parameter("customers", customers.len());
    let models = fit(&customers);
    report.table(parameters(&models));
    let repeat = spenders(&customers);
    if !repeat.is_empty() {
        report.parameter("correlation_of_x_and_zbar", correlation(&repeat));
    }
    if customers.iter().any(|one| one.later.is_some()) {
        let judged = holdout::judge(&customers, &models, options.horizon);
        for table in judged {
            report.table(table);
        }
    }
    if let Some(table) = foretold(options, &models)? {
        report.table(table);
    }
    report.print(options.json)
}

fn summaries(table: &Table) -> anyhow::Result<Vec<Customer>> {
    let repeats = table.numbers(table.column_or(&["x", "frequency"], 0)?)?;
    let recency = table.numbers(table.column_or(&["t_x", "recency"], 1)?)?;
    let ages = table.numbers(table.column_or(&["T", "age"], 2)?)?;
    let names = ["zbar", "monetary_value"];
    let values = names.into_iter().find_map(|name| table.column(name));
    let values = values.map(|column| table.numbers(column)).transpose()?;
    let rows = repeats.iter().zip(recency).zip(ages).enumerate();
    let customers = rows.map(|(at, ((x, recency), age))| Customer {
        of: Summary {
            repeats: whole(*x),
            recency,
            age,
        },
        mean: values.as_ref().and_then(|values| values.get(at).copied()),
        later: None,
    });
    Ok(customers.collect())
}

fn fit(customers: &[Customer]) -> Models {
    let mut all = Customers::default();
    all.extend(customers.iter().map(|one| one.of));
    let repeat = spenders(customers);
    Models {
        bg: Dropout::fit(Family::BgNbd, &all, Prior::Flat),
        mbg: Dropout::fit(Family::MbgNbd, &all, Prior::Flat),
        spend: (!repeat.is_empty()).then(|| Spend::fit(&repeat)),
    }
}

/// Whoever bought again, with what a purchase was worth.
fn spenders(customers: &[Customer]) -> Vec<Spent> {
    let spent = customers.iter().filter_map(|one| {
        Some(Spent {
            purchases: one.of.repeats,
            mean: one.mean?,
        })
    });
    spent
        .filter(|one| one.purchases > 0 && one.mean > 0.0)
        .collect()
}

fn parameters(models: &Models) -> Listing {
    let columns = ["p1", "p2", "p3", "p4", "log_likelihood", "steps"];
    let mut table = Listing::new("parameters", columns);
    for (name, fitted) in [
        ("BG/NBD r, alpha, a, b", models.bg),
        ("MBG/NBD r, alpha, a, b", models.mbg),
    ] {
        let Dropout { r, alpha, a, b, .. } = fitted.model;
        let likelihood = fitted.log_likelihood;
        table.row(
            name,
            [
                json!(r),
                json!(alpha),
                json!(a),
                json!(b),
                json!(likelihood),
                json!(fitted.steps),
            ],
        );
    }
    if let Some((Spend { p, q, v }, likelihood)) = models.spend {
        let none = Value::Null;
        table.row(
            "Gamma-Gamma p, q, v",
            [
                json!(p),
                json!(q),
                json!(v),
                none.clone(),
                json!(likelihood),
                none,
            ],
        );
    }
    table
}

fn foretold(options: &Options, models: &Models) -> anyhow::Result<Option<Listing>> {
    if options.customer.is_empty() {
        return Ok(None);
    }
    let columns = ["P(alive)", "E[purchases]", "P(none)", "E[value]"];
    let mut table = Listing::new("customers", columns);
    for asked in &options.customer {
        let numbers: Vec<f64> = asked
            .split(',')
            .filter_map(|part| part.trim().parse().ok())
            .collect();
        let [x, recency, age, rest @ ..] = numbers.as_slice() else {
            bail!("{asked:?} is no customer: x,t_x,T or x,t_x,T,zbar");
        };
        let of = Summary {
            repeats: whole(*x),
            recency: *recency,
            age: *age,
        };
        let spent = Spent {
            purchases: of.repeats,
            mean: rest.first().copied().unwrap_or_default(),
        };
        let spend = models.spend.filter(|_| !rest.is_empty() || of.repeats == 0);
        let value = spend.map(|(spend, _)| spend.expected(spent));
        for (name, fitted) in [("BG/NBD", models.bg), ("MBG/NBD", models.mbg)] {
            let model = fitted.model;
            let within = options.horizon;
            let none = 1.0 - model.buys_within(of, within);
            table.row(
                format!("{name} {asked}"),
                [
                    json!(model.alive(of)),
                    json!(model.expected(of, within)),
                    json!(none),
                    json!(value),
                ],
            );
        }
    }
    Ok(Some(table))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count of purchases"
)]
fn whole(x: f64) -> u32 {
    x.round().max(0.0) as u32
}
