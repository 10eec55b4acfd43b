//! `lab segments`: groups of rows that are alike, how many there are, and how they agree with groups that are known.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::report::{Listing, Report};
use super::table::Table;
use crate::domain::model::clusters::agreement::adjusted_rand;
use crate::domain::model::clusters::choose::{self, Try};
use crate::domain::model::clusters::fit::{self, Fit};
use crate::domain::model::clusters::matching::cheapest;
use crate::domain::model::clusters::points::{Points, Scale};

/// What to group, and how.
#[derive(Debug, clap::Args)]
pub(in crate::app) struct Options {
    /// CSV with a row of numbers each.
    #[arg(long, value_name = "FILE")]
    features: PathBuf,
    /// Only these columns; all that hold numbers unless told, but for ids and the truth.
    #[arg(long, value_delimiter = ',')]
    columns: Vec<String>,
    /// Take the numbers as they are, not as log(1 + x).
    #[arg(long)]
    plain: bool,
    /// How many groups; chosen by stability and silhouette unless told.
    #[arg(long)]
    k: Option<usize>,
    /// Where chance starts.
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// The column with groups that are known, to compare with.
    #[arg(long)]
    truth: Option<String>,
    /// Report as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let table = Table::read(&options.features)?;
    let columns = columns(&table, options)?;
    let raw = points(&table, &columns, options.plain)?;
    let scale = Scale::of(&raw);
    let scaled = scale.all(&raw);
    let tries = choose::tries(&scaled, options.seed);
    let chosen = choose::chosen(&tries, None).map(|k| k as usize);
    let k = options.k.or(chosen);
    let k = k.context("no number of groups is stable; --k takes one all the same")?;
    let fit = fit::best(&scaled, k, fit::STARTS, options.seed)
        .context("there are fewer rows than groups")?;
    let mut report = Report::new(format!("segments: {}", table.name()));
    report.parameter("rows", table.len());
    report.parameter("features", columns.join(", "));
    report.parameter("scale", if options.plain { "plain" } else { "log(1 + x)" });
    report.parameter("seed", options.seed);
    report.parameter("k", k);
    report.parameter("k chosen", json!(chosen));
    report.parameter("inertia", fit.inertia);
    report.table(tried(&tries));
    report.table(groups(&fit, &scale, &columns, options.plain));
    if let Some(name) = &options.truth {
        let truth = truth(&table, name)?;
        report.parameter(
            "adjusted Rand index to the truth",
            adjusted_rand(&fit.labels, &truth),
        );
        report.parameter("accuracy, groups matched", accuracy(&fit.labels, &truth));
    }
    report.print(options.json)
}

fn columns(table: &Table, options: &Options) -> anyhow::Result<Vec<String>> {
    if !options.columns.is_empty() {
        return Ok(options.columns.clone());
    }
    let names = table.columns().iter();
    let told = names.filter(|name| {
        let id = ["id", "customer", "customer_id", "user"].contains(&name.to_lowercase().as_str());
        let truth = options.truth.as_ref().is_some_and(|truth| truth == *name);
        let numbers = table
            .column(name)
            .is_some_and(|at| table.numbers(at).is_ok());
        !id && !truth && numbers
    });
    let told: Vec<String> = told.cloned().collect();
    if told.is_empty() {
        bail!("{} has no column of numbers", table.name());
    }
    Ok(told)
}

fn points(table: &Table, columns: &[String], plain: bool) -> anyhow::Result<Points> {
    let mut rows: Vec<Vec<f64>> = vec![Vec::with_capacity(columns.len()); table.len()];
    for name in columns {
        let at = table.column(name);
        let at = at.with_context(|| format!("{} has no column {name}", table.name()))?;
        for (row, value) in rows.iter_mut().zip(table.numbers(at)?) {
            if !plain && value <= -1.0 {
                bail!("{name} has {value}, of which there is no log(1 + x): see --plain");
            }
            row.push(if plain { value } else { libm::log1p(value) });
        }
    }
    let mut points = Points::new(columns.len());
    for row in &rows {
        points.push(row);
    }
    Ok(points)
}

fn tried(tries: &[Try]) -> Listing {
    let columns = [
        "inertia",
        "silhouette",
        "bootstrap ARI mean",
        "min",
        "smallest group",
    ];
    let mut listing = Listing::new("how many groups", columns);
    for one in tries {
        let figures = [
            one.inertia,
            one.silhouette,
            one.stability,
            one.stability_min,
            one.smallest,
        ];
        listing.row(format!("k = {}", one.k), figures);
    }
    listing
}

/// The groups by size, their middles as the file has its numbers.
fn groups(fit: &Fit, scale: &Scale, columns: &[String], plain: bool) -> Listing {
    let head = std::iter::once("rows").chain(columns.iter().map(String::as_str));
    let mut listing = Listing::new("groups", head);
    let sizes = fit::sizes(&fit.labels, fit.centres.len());
    let mut groups: Vec<_> = sizes.into_iter().zip(&fit.centres).enumerate().collect();
    groups.sort_by_key(|(place, (size, _))| (std::cmp::Reverse(*size), *place));
    for (place, (size, centre)) in groups {
        let middle = scale.raw(centre).into_iter();
        let middle = middle.map(|part| if plain { part } else { libm::expm1(part) });
        let cells = std::iter::once(json!(size)).chain(middle.map(Value::from));
        listing.row(format!("group {place}"), cells);
    }
    listing
}

/// Known groups as numbers.
fn truth(table: &Table, name: &str) -> anyhow::Result<Vec<u32>> {
    let at = table.column(name);
    let at = at.with_context(|| format!("{} has no column {name}", table.name()))?;
    let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
    let labels = table.texts(at).map(|label| {
        let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        *numbers.entry(label).or_insert(next)
    });
    Ok(labels.collect())
}

/// Share of rows in the group that their known group is matched with.
fn accuracy(found: &[u32], truth: &[u32]) -> f64 {
    let most = |labels: &[u32]| labels.iter().max().map_or(0, |label| *label as usize + 1);
    let mut costs = vec![vec![0.0; most(found)]; most(truth)];
    for (found, truth) in found.iter().zip(truth) {
        let cell = costs.get_mut(*truth as usize);
        if let Some(cell) = cell.and_then(|row| row.get_mut(*found as usize)) {
            *cell -= 1.0;
        }
    }
    let matched = cheapest(&costs).into_iter().zip(&costs);
    let right: f64 = matched.filter_map(|(place, row)| row.get(place?)).sum();
    let all = u32::try_from(truth.len()).unwrap_or(u32::MAX).max(1);
    -right / f64::from(all)
}

#[cfg(test)]
mod tests {
    use super::accuracy;

    #[test]
    fn accuracy_does_not_depend_on_what_groups_are_called() {
        assert!((accuracy(&[2, 2, 0, 1], &[0, 0, 1, 2]) - 1.0).abs() < 1e-12);
        assert!((accuracy(&[0, 0, 0, 1], &[0, 0, 1, 1]) - 0.75).abs() < 1e-12);
        assert!(accuracy(&[], &[]).abs() < 1e-12);
    }
}
