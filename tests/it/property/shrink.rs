//! Makes a failing history small and readable.

use std::fmt::Write as _;

use super::history::History;
use super::world::{Act, Col, Cols, Command, Row, Table, World};

/// Leaves out commands, then columns, as long as the history still fails in the same way.
pub(super) fn shrink(mut history: History, fails: impl Fn(&History) -> bool) -> History {
    let mut chunk = history.commands.len().div_ceil(2).max(1);
    loop {
        let before = history.commands.len();
        let mut from = 0;
        while from < history.commands.len() {
            let mut smaller = history.clone();
            let to = (from + chunk).min(smaller.commands.len());
            smaller.commands.drain(from..to);
            if fails(&smaller) {
                history = smaller;
            } else {
                from += chunk;
            }
        }
        if chunk == 1 && history.commands.len() == before {
            break;
        }
        chunk = (chunk / 2).max(1);
    }
    without_columns(history, fails)
}

fn without_columns(mut history: History, fails: impl Fn(&History) -> bool) -> History {
    for at in 0..history.commands.len() {
        let names: Vec<&'static str> = match &history.commands[at].act {
            Act::Update(cols) => cols.keys().copied().collect(),
            _ => continue,
        };
        for name in names {
            let mut smaller = history.clone();
            if let Act::Update(cols) = &mut smaller.commands[at].act {
                cols.remove(name);
            }
            if fails(&smaller) {
                history = smaller;
            }
        }
    }
    history
}

/// What happened, one line a command: what was set, in the order of time.
pub(super) fn transcript(history: &History) -> String {
    let mut out = String::new();
    let mut commands: Vec<&Command> = history.commands.iter().collect();
    commands.sort_by_key(|command| command.at);
    for command in commands {
        let what = match &command.act {
            Act::Insert(cols) => format!("insert {}", spelled(cols, true)),
            Act::Update(cols) => format!("update {}", spelled(cols, false)),
            Act::Delete => "delete".to_owned(),
            Act::Said(passengers) => {
                let said = passengers
                    .iter()
                    .map(|(id, came)| (word(&Col::Id(*id)), came));
                format!("said {:?}", said.collect::<Vec<_>>())
            }
        };
        let at = command.at.format("%Y-%m-%dT%H:%M:%S%.6f");
        let id = word(&Col::Id(command.id));
        writeln!(out, "  {at} {:?} {id} {what}", command.table).unwrap();
    }
    let now = history.now.format("%Y-%m-%dT%H:%M:%SZ");
    writeln!(
        out,
        "  now {now}, quarantine {} days",
        history.quarantine_days
    )
    .unwrap();
    out
}

fn spelled(cols: &Cols, brief: bool) -> String {
    let all = cols
        .iter()
        .filter(|(_, col)| !(brief && **col == Col::Null));
    all.map(|(name, col)| format!("{name}={}", word(col)))
        .collect::<Vec<_>>()
        .join(" ")
}

/// Ids by their first eight digits.
fn word(col: &Col) -> String {
    match col {
        Col::Null => "null".to_owned(),
        Col::Bool(flag) => flag.to_string(),
        Col::Int(int) => int.to_string(),
        Col::Cents(cents) => format!("{}.{:02}", cents / 100, cents % 100),
        Col::Id(id) => id.to_string().chars().take(8).collect(),
        Col::At(at) => at.format("%Y-%m-%dT%H:%M:%S%.6f").to_string(),
        Col::Day(day) => day.to_string(),
        Col::Text(text) => text.clone(),
    }
}

#[test]
fn a_failing_history_becomes_as_small_as_its_cause() {
    let cancelled = |history: &History| {
        let world = World::run(history.tenant, false, &history.commands);
        let mut rows = world
            .rows
            .iter()
            .filter(|(key, _)| key.0 == Table::Bookings);
        let is = |row: &Row| row.is("status", "CANCELLED");
        rows.any(|(_, all)| all.iter().any(|ver| is(&ver.row)))
    };
    let mut seen = 0;
    for seed in 0..40 {
        let history = super::history::history(seed, false);
        if cancelled(&history) {
            let small = shrink(history, cancelled);
            assert!(small.commands.len() <= 2, "{}", transcript(&small));
            seen += 1;
        }
    }
    assert!(seen > 10);
}
