//! `lab recommend`: lists of items for users, judged by what they took later.
//!
//! Three tasks, never one number: everything that was taken, only what the user had not taken before ("new"), and only
//! what the user took again.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::bail;

use super::report::{Listing, Report};
use super::table::Table;
use crate::domain::model::interactions::Interactions;
use crate::domain::model::popularity;
use crate::domain::model::ranking::{self, Quality};

/// What to train on and what to judge by.
#[derive(Debug, clap::Args)]
pub(in crate::app) struct Options {
    /// What users took before: CSV with user and item; rows that repeat count as often as they stand there.
    #[arg(long, value_name = "FILE")]
    train: PathBuf,
    /// What they took later.
    #[arg(long, value_name = "FILE")]
    test: PathBuf,
    /// Only items that at least so many users took in the training file.
    #[arg(long, default_value_t = 1)]
    least: u32,
    /// Report as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let data = Data::read(options)?;
    let mut report = Report::new(format!(
        "recommendations: {} → {}",
        options.train.display(),
        options.test.display()
    ));
    report.parameter("users", data.train.users());
    report.parameter("items", data.train.items());
    report.parameter("pairs", data.train.pairs());
    let popularity = popularity::share(&data.train);
    let mut tables = Tables::new();
    tables.judge(&data, "popularity", |_| popularity.clone());
    let own = |user: usize| {
        let mut scores = vec![0.0; data.train.items()];
        for (item, times) in data.train.row(user) {
            if let Some(score) = scores.get_mut(*item as usize) {
                *score = f64::from(*times);
            }
        }
        scores
    };
    tables.judge(&data, "own history", own);
    for table in tables.into_listings() {
        report.table(table);
    }
    report.print(options.json)
}

/// Both files over the same users and items.
struct Data {
    train: Interactions,
    test: Interactions,
    fresh: Interactions,
}

impl Data {
    fn read(options: &Options) -> anyhow::Result<Self> {
        let train = pairs(&Table::read(&options.train)?)?;
        let test = pairs(&Table::read(&options.test)?)?;
        let users: BTreeMap<&str, usize> = numbered(train.iter().map(|(user, _)| user.as_str()));
        let items = common_items(&train, options.least);
        if users.is_empty() || items.is_empty() {
            bail!(
                "the training file has no items that {} users took",
                options.least
            );
        }
        let train = counted(&train, &users, &items);
        let test = counted(&test, &users, &items);
        let known = |user: usize, item: u32| {
            let row = train.row(user);
            row.binary_search_by_key(&item, |(item, _)| *item).is_ok()
        };
        let fresh = test.filtered(|user, item| !known(user, item));
        Ok(Self { train, test, fresh })
    }
}

fn pairs(table: &Table) -> anyhow::Result<Vec<(String, String)>> {
    let user = table.column_or(&["user", "user_id", "customer"], 0)?;
    let item = table.column_or(&["item", "item_id", "tour"], 1)?;
    let both = table.texts(user).zip(table.texts(item));
    Ok(both
        .map(|(user, item)| (user.to_owned(), item.to_owned()))
        .collect())
}

fn numbered<'a>(names: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, usize> {
    let mut sorted: Vec<&str> = names.collect();
    sorted.sort_unstable();
    sorted.dedup();
    sorted.into_iter().zip(0..).collect()
}

/// Items that enough users took, numbered in the order of their names.
fn common_items(train: &[(String, String)], least: u32) -> BTreeMap<String, u32> {
    let mut pairs: Vec<(&str, &str)> = train
        .iter()
        .map(|(u, i)| (i.as_str(), u.as_str()))
        .collect();
    pairs.sort_unstable();
    pairs.dedup();
    let of_item = pairs.chunk_by(|a, b| a.0 == b.0);
    let enough = of_item.filter(|users| users.len() >= least as usize);
    let names = enough
        .filter_map(|users| users.first())
        .map(|(item, _)| (*item).to_owned());
    names.zip(0..).collect()
}

fn counted(
    pairs: &[(String, String)],
    users: &BTreeMap<&str, usize>,
    items: &BTreeMap<String, u32>,
) -> Interactions {
    let mut taken: Vec<Vec<u32>> = vec![Vec::new(); users.len()];
    for (user, item) in pairs {
        let both = users.get(user.as_str()).zip(items.get(item));
        if let Some((row, item)) =
            both.and_then(|(user, item)| Some((taken.get_mut(*user)?, *item)))
        {
            row.push(item);
        }
    }
    Interactions::count(items.len(), taken)
}

/// One table a task.
struct Tables {
    all: Listing,
    fresh: Listing,
}

impl Tables {
    fn new() -> Self {
        let columns = [
            "users",
            "recall@10",
            "recall@20",
            "precision@10",
            "ndcg@10",
            "ndcg@100",
        ];
        Self {
            all: Listing::new("everything taken (own items allowed)", columns),
            fresh: Listing::new("only what is new to the user", columns),
        }
    }

    fn judge(&mut self, data: &Data, name: &str, score: impl Fn(usize) -> Vec<f64>) {
        self.all
            .row(name, cells(&ranking::quality(&data.test, &score)));
        let fresh = ranking::quality(&data.fresh, |user| {
            let mut scores = score(user);
            let own = data.train.row(user).iter().map(|(item, _)| *item);
            ranking::mask(&mut scores, own);
            scores
        });
        self.fresh.row(name, cells(&fresh));
    }

    fn into_listings(self) -> [Listing; 2] {
        [self.all, self.fresh]
    }
}

fn cells(quality: &Quality) -> [f64; 6] {
    [
        f64::from(quality.users),
        quality.recall_10,
        quality.recall_20,
        quality.precision_10,
        quality.ndcg_10,
        quality.ndcg_100,
    ]
}
