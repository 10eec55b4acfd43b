//! Where the time of one GraphQL request goes: reading the text, judging it, loading and resolving, writing it down.
//!
//! Baseline of the same run: the library's own parser on the same texts. In this process, without HTTP.

use std::time::{Duration, Instant};

use async_graphql_parser::parse_query;
use customer_intelligence::graphql::parse::parse;
use customer_intelligence::graphql::{Call, Caller};

use super::database::Database;
use super::{join, say};

/// What to measure.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// How many requests of each size, divided by the number of keys.
    #[arg(long, default_value_t = 20_000)]
    requests: u32,
}

/// Measures and prints.
pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    let database = Database::start().await?;
    let measured = measure_all(&database, options).await;
    database.stop().await?;
    measured
}

async fn measure_all(database: &Database, options: &Options) -> anyhow::Result<()> {
    join::fill(database).await?;
    say("one request in this process, microseconds each step up to and including");
    say(&format!(
        "{:>6} {:>18} {:>12} {:>12} {:>18} {:>10}",
        "keys", "library's parser", "our parser", "+ judging", "+ load, resolve", "+ writing"
    ));
    for keys in [1, 100, 1_000] {
        // A few at least, and one that nobody counts.
        let rounds = (options.requests / keys).max(5);
        let texts: Vec<String> = (0..rounds.min(200))
            .map(|n| join::document(n.into(), keys.into()))
            .collect();
        let texts = Texts { texts, rounds };
        let library = texts.each(|text| drop(parse_query(text)));
        let ours = texts.each(|text| drop(parse(text)));
        // A caller without a role is judged like any other, and then gets null without a look-up.
        let (judged, _) = texts.answered(database, &join::nobody()).await?;
        let (loaded, written) = texts.answered(database, &join::dispatcher()).await?;
        let micros = |time: Duration| time.as_secs_f64() * 1e6;
        say(&format!(
            "{keys:>6} {:>18.1} {:>12.1} {:>12.1} {:>18.1} {:>10.1}",
            micros(library),
            micros(ours),
            micros(judged),
            micros(loaded),
            micros(written),
        ));
    }
    Ok(())
}

struct Texts {
    texts: Vec<String>,
    rounds: u32,
}

impl Texts {
    fn in_turns(&self) -> impl Iterator<Item = &String> {
        self.texts.iter().cycle().take(self.rounds as usize)
    }

    fn each(&self, work: impl Fn(&str)) -> Duration {
        self.texts.first().into_iter().for_each(|text| work(text));
        let begun = Instant::now();
        self.in_turns().for_each(|text| work(text));
        begun.elapsed() / self.rounds
    }

    /// The mean time until the answer is there, and until its JSON is.
    async fn answered(
        &self,
        database: &Database,
        caller: &Caller,
    ) -> anyhow::Result<(Duration, Duration)> {
        let schema = join::schema(database);
        let (mut there, mut written) = (Duration::ZERO, Duration::ZERO);
        for (n, text) in self.in_turns().take(1).chain(self.in_turns()).enumerate() {
            let call = Call {
                query: text.clone(),
                ..Call::default()
            };
            let begun = Instant::now();
            let answer = schema.answer(call, caller.clone()).await?;
            let answered = begun.elapsed();
            anyhow::ensure!(answer.error_count() == 0, "an answer has errors");
            drop(answer.to_json()?);
            if n > 0 {
                there += answered;
                written += begun.elapsed();
            }
        }
        Ok((there / self.rounds, written / self.rounds))
    }
}
