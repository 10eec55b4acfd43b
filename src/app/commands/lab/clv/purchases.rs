//! From a log of purchases to what the models need: by the day, in weeks, with what came after the last day learnt from.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use chrono::NaiveDate;

use super::super::table::Table;
use crate::domain::model::dropout::Summary;

const WEEK: f64 = 7.0;

/// A customer as the models see one.
pub(super) struct Customer {
    pub(super) of: Summary,
    /// Mean value of a purchase after the first.
    pub(super) mean: Option<f64>,
    /// Purchases that came later, and what was spent on them; none where nothing was held out.
    pub(super) later: Option<(u32, f64)>,
}

/// Reads a log. Customers who came after the last day learnt from are left out.
pub(super) fn read(file: &Path, until: Option<NaiveDate>) -> anyhow::Result<Vec<Customer>> {
    let table = Table::read(file)?;
    let customers = table.column_or(&["customer", "customer_id", "id"], 0)?;
    let dates = table.column_or(&["date"], 1)?;
    let amounts = table.numbers(table.column_or(&["amount", "value"], 2)?)?;
    let mut logs: BTreeMap<&str, BTreeMap<NaiveDate, f64>> = BTreeMap::new();
    let rows = table.texts(customers).zip(table.texts(dates)).zip(amounts);
    for ((customer, date), amount) in rows {
        let day = day(date).with_context(|| format!("{date:?} in {} is no day", table.name()))?;
        *logs.entry(customer).or_default().entry(day).or_default() += amount;
    }
    let last = logs
        .values()
        .filter_map(|days| days.keys().last().copied())
        .max();
    let last = until.or(last).unwrap_or_default();
    let one = |days: &BTreeMap<NaiveDate, f64>| customer(days, last, until.is_some());
    Ok(logs.values().filter_map(one).collect())
}

fn day(text: &str) -> Option<NaiveDate> {
    let text = text.trim();
    let forms = ["%Y-%m-%d", "%Y%m%d"];
    forms
        .into_iter()
        .find_map(|form| NaiveDate::parse_from_str(text, form).ok())
}

fn customer(days: &BTreeMap<NaiveDate, f64>, last: NaiveDate, held_out: bool) -> Option<Customer> {
    let first = *days.keys().next().filter(|first| **first <= last)?;
    let weeks =
        |day: NaiveDate| i32::try_from((day - first).num_days()).map_or(0.0, f64::from) / WEEK;
    let repeats: Vec<(NaiveDate, f64)> = days
        .iter()
        .map(|(day, amount)| (*day, *amount))
        .filter(|(day, _)| *day > first && *day <= last)
        .collect();
    let n = u32::try_from(repeats.len()).ok()?;
    let sum: f64 = repeats.iter().map(|(_, amount)| amount).sum();
    let later = || days.iter().filter(|(day, _)| **day > last);
    let later_sum: f64 = later().map(|(_, amount)| amount).sum();
    Some(Customer {
        of: Summary {
            repeats: n,
            recency: repeats.last().map_or(0.0, |(day, _)| weeks(*day)),
            age: weeks(last),
        },
        mean: (n > 0).then(|| sum / f64::from(n)),
        later: held_out.then(|| {
            (
                u32::try_from(later().count()).unwrap_or(u32::MAX),
                later_sum,
            )
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purchases_of_one_day_are_one_and_what_is_held_out_is_not_learnt_from() {
        let on = |day: u32| NaiveDate::from_ymd_opt(2024, 1, day).unwrap();
        let days = BTreeMap::from([(on(1), 10.0), (on(8), 20.0), (on(15), 40.0), (on(29), 5.0)]);
        let found = customer(&days, on(22), true).unwrap();
        assert_eq!(found.of.repeats, 2);
        assert!((found.of.recency - 2.0).abs() < 1e-12 && (found.of.age - 3.0).abs() < 1e-12);
        assert_eq!((found.mean, found.later), (Some(30.0), Some((1, 5.0))));
        let late = BTreeMap::from([(on(29), 5.0)]);
        assert!(customer(&late, on(22), true).is_none());
        assert_eq!(day("19970101"), day(" 1997-01-01"));
    }
}
