//! `lab recommend`: lists of items for users, judged by what they took later.
//!
//! Three tasks, never one number: everything that was taken, only what the user had not taken before ("new"), and only
//! what the user took again.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::slice;

use anyhow::{Context, bail};
use sha2::{Digest, Sha256};

use super::report::{Listing, Report};
use super::table::Table;
use crate::domain::model::ease::Ease;
use crate::domain::model::interactions::Interactions;
use crate::domain::model::ranking::{self, Quality};
use crate::domain::model::tune::{Parameters, Try};
use crate::domain::model::{again, popularity, seed, tune};

/// What to train on and what to judge by.
#[derive(Debug, clap::Args)]
pub(in crate::app) struct Options {
    /// What users took before: CSV with user and item; rows that repeat count as often as they stand there.
    #[arg(long, value_name = "FILE")]
    train: PathBuf,
    /// What they took later.
    #[arg(long, value_name = "FILE")]
    test: PathBuf,
    /// What they took in between: λ and popularity are chosen by it, then the model is trained on both.
    #[arg(long, value_name = "FILE")]
    valid: Option<PathBuf>,
    /// Only items that at least so many users took in the training file.
    #[arg(long, default_value_t = 1)]
    least: u32,
    /// λ of EASE; chosen unless told: by `--valid`, or without it by a fifth of the training file that is hidden.
    #[arg(long)]
    lambda: Option<f64>,
    /// Weight of popularity, as a share of the most popular item; chosen likewise.
    #[arg(long)]
    popularity: Option<f64>,
    /// Report as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let data = Data::read(options)?;
    let popularity = popularity::share(&data.train);
    let chosen = chosen(options, &data)?;
    let mut report = Report::new(format!(
        "recommendations: {} → {}",
        options.train.display(),
        options.test.display()
    ));
    let fresh = new_in(&data.test, &data.train);
    let users = data.train.rows().filter(|row| !row.is_empty());
    report.parameter("users", users.count());
    report.parameter("items", data.train.items());
    report.parameter("pairs", data.train.pairs());
    report.parameter("lambda", chosen.parameters.lambda);
    report.parameter("popularity", chosen.parameters.popularity);
    let model = Ease::train(&tune::counts(&data.train), chosen.parameters.lambda)?;
    let model = model.with_popularity(&popularity, chosen.parameters.popularity);
    report.parameter("artefact_sha256", hash(&model)?);
    let mut tables = Tables::new();
    tables.judge(&data, &fresh, "popularity", |_| popularity.clone());
    tables.judge(&data, &fresh, "book again: own history", |user| {
        again::scores(data.train.row(user), &popularity)
    });
    tables.judge(&data, &fresh, "you may like: EASE", |user| {
        let own = data.train.row(user).iter().map(|(item, _)| *item);
        tune::as_f64(&model.scores(own))
    });
    for table in tables.into_listings().into_iter().chain(chosen.listing()) {
        report.table(table);
    }
    report.print(options.json)
}

/// The parameters, with the tries they were chosen from.
struct Chosen {
    parameters: Parameters,
    tries: Vec<Try>,
}

/// Parameters that are told are taken; the others are chosen by a hold-out.
fn chosen(options: &Options, data: &Data) -> anyhow::Result<Chosen> {
    let (lambda, weight) = (&options.lambda, &options.popularity);
    if let (Some(lambda), Some(popularity)) = (*lambda, *weight) {
        let parameters = Parameters { lambda, popularity };
        let tries = Vec::new();
        return Ok(Chosen { parameters, tries });
    }
    let lambdas = lambda.as_ref().map_or(&tune::LAMBDAS[..], slice::from_ref);
    let weights = weight.as_ref().map_or(&tune::WEIGHTS[..], slice::from_ref);
    let (seen, fresh) = data.hold_out();
    let popularity = popularity::share(&seen);
    let tries = tune::tries(&seen, &fresh, &popularity, lambdas, weights)?;
    let parameters = tune::best(&tries)
        .context("no parameters to choose from")?
        .parameters;
    Ok(Chosen { parameters, tries })
}

impl Chosen {
    fn listing(&self) -> Option<Listing> {
        let mut table = Listing::new("chosen by what is new in the hold-out", COLUMNS);
        for Try {
            parameters,
            quality,
        } in &self.tries
        {
            let name = format!(
                "lambda {}, popularity {}",
                parameters.lambda, parameters.popularity
            );
            table.row(name, cells(quality));
        }
        (!self.tries.is_empty()).then_some(table)
    }
}

fn hash(model: &Ease) -> anyhow::Result<String> {
    let digest = Sha256::digest(postcard::to_stdvec(model)?);
    Ok(hex::encode(digest))
}

/// All files over the same users and items.
struct Data {
    /// The training file alone, where there is a file to choose parameters by.
    before: Option<Interactions>,
    train: Interactions,
    test: Interactions,
}

impl Data {
    fn read(options: &Options) -> anyhow::Result<Self> {
        let before = pairs(&Table::read(&options.train)?)?;
        let test = pairs(&Table::read(&options.test)?)?;
        let mut train = before.clone();
        if let Some(valid) = &options.valid {
            train.extend(pairs(&Table::read(valid)?)?);
        }
        let users: BTreeMap<&str, usize> = numbered(train.iter().map(|(user, _)| user.as_str()));
        let items = common_items(&train, options.least);
        if items.is_empty() {
            bail!("there is no item that {} users took", options.least);
        }
        let counted = |pairs: &[(String, String)]| counted(pairs, &users, &items);
        Ok(Self {
            before: options.valid.as_ref().map(|_| counted(&before)),
            train: counted(&train),
            test: counted(&test),
        })
    }

    /// What parameters are chosen by: what was seen before, and what is new to the same users after it.
    fn hold_out(&self) -> (Interactions, Interactions) {
        if let Some(before) = &self.before {
            return (before.clone(), new_in(&self.train, before));
        }
        let hidden = |user: usize, item: u32| {
            seed::mixed(seed::mixed(user as u64) ^ u64::from(item)).is_multiple_of(5)
        };
        let seen = self.train.filtered(|user, item| !hidden(user, item));
        (seen, self.train.filtered(hidden))
    }
}

/// What users took that they had not taken before.
fn new_in(later: &Interactions, before: &Interactions) -> Interactions {
    later.filtered(|user, item| {
        let row = before.row(user);
        row.binary_search_by_key(&item, |(item, _)| *item).is_err()
    })
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

const COLUMNS: [&str; 6] = [
    "users",
    "recall@10",
    "recall@20",
    "precision@10",
    "ndcg@10",
    "ndcg@100",
];

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

    fn judge(
        &mut self,
        data: &Data,
        fresh: &Interactions,
        name: &str,
        score: impl Fn(usize) -> Vec<f64>,
    ) {
        self.all
            .row(name, cells(&ranking::quality(&data.test, &score)));
        let fresh = ranking::quality(fresh, |user| {
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
