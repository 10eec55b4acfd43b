//! `customer-intelligence lab`: this program's own models on anybody's numbers, beside baselines.
//!
//! Nothing here reads the service's data or its settings: a file goes in, a report comes out, and the same file gives
//! the same report.

mod report;
mod table;
mod clv;
mod recommend;
mod segments;

use super::say;

/// Which model.
#[derive(Debug, clap::Subcommand)]
pub(in crate::app) enum Command {
    /// Fit BG/NBD, MBG/NBD and Gamma-Gamma, and compare what they foretell with what came.
    #[command(
        after_help = "Example:\n  customer-intelligence lab clv --log purchases.csv --until 1997-09-30 --horizon 39"
    )]
    Clv(clv::Options),
    /// Recommend items to users and compare the lists with what they took later.
    ///
    /// Both files are CSV with a user and an item a row (columns `user` and `item`, else the first two); .gz is read too.
    #[command(
        after_help = "Example:\n  customer-intelligence lab recommend --train before.csv --test after.csv --least 10"
    )]
    Recommend(recommend::Options),
    /// Group rows that are alike, and say how many groups there are.
    ///
    /// The file is CSV with columns of numbers, such as recency, frequency and revenue of customers.
    #[command(
        after_help = "Example:\n  customer-intelligence lab segments --features rfm.csv --k 4 --truth label"
    )]
    Segments(segments::Options),
}

pub(super) fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Clv(options) => clv::run(options),
        Command::Recommend(options) => recommend::run(options),
        Command::Segments(options) => segments::run(options),
    }
}
