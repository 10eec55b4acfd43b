//! The steps of a story, one a line. `@name` is an id, the same wherever it is named.
//!
//! ```text
//! at 2026-01-10T08:00:00Z            the clock is set
//! advance 3 days                     … or moved: days, hours or minutes
//! insert schema.table @id col=value …    a row appears; its version is the present instant unless given
//! update schema.table @id col=value …
//! delete schema.table @id
//! event schema Name col=value …      a canonical event, which occurs now
//! hold <one of these>                it happens, but its delivery stays under way …
//! release                            … until now: all that is held arrives at once, last first
//! again                              everything told so far arrives once more, in another order
//! query role @person field …         behaviour fields, or `{ … }` for any selection
//! letters                            dead letters
//! damage @id                         what is stored about a row becomes unreadable
//! forgotten @person                  no table names the person
//! ```

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};
use uuid::Uuid;

const NAMES: Uuid = Uuid::from_u128(0x0570_71e5);

/// One step.
#[derive(Debug, Clone)]
pub(super) enum Step {
    At(DateTime<Utc>),
    Advance(TimeDelta),
    /// Something happens on the platform; held back or delivered.
    Change {
        what: Change,
        held: bool,
    },
    Release,
    Again,
    Query {
        role: String,
        person: Uuid,
        selection: String,
    },
    Letters,
    Damage(Uuid),
    Forgotten(Uuid),
}

/// What happens on the platform.
#[derive(Debug, Clone)]
pub(super) enum Change {
    Insert(String, Uuid, Map<String, Value>),
    Update(String, Uuid, Map<String, Value>),
    Delete(String, Uuid),
    Event(String, String, Map<String, Value>),
}

/// The id that a name stands for.
pub(super) fn id(name: &str) -> Uuid {
    Uuid::new_v5(&NAMES, name.trim_start_matches('@').as_bytes())
}

/// Reads a line; none when it is empty or a comment.
pub(super) fn step(line: &str) -> Result<Option<Step>, String> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
    let (held, verb, rest) = match (verb, rest.split_once(' ')) {
        ("hold", Some((verb, rest))) => (true, verb, rest),
        _ => (false, verb, rest),
    };
    let mut words = rest.split_whitespace();
    let mut word = || words.next().ok_or("a word is missing").map(str::to_owned);
    let step = match verb {
        "at" => Step::At(
            word()?
                .parse::<DateTime<Utc>>()
                .map_err(|wrong| format!("no instant: {wrong}"))?,
        ),
        "advance" => {
            let amount = word()?
                .parse::<i64>()
                .map_err(|wrong| format!("no number: {wrong}"))?;
            Step::Advance(match word()?.as_str() {
                "days" => TimeDelta::days(amount),
                "hours" => TimeDelta::hours(amount),
                "minutes" => TimeDelta::minutes(amount),
                other => return Err(format!("no unit: {other}")),
            })
        }
        "insert" => change(Change::Insert(word()?, id(&word()?), columns(words)?), held),
        "update" => change(Change::Update(word()?, id(&word()?), columns(words)?), held),
        "delete" => change(Change::Delete(word()?, id(&word()?)), held),
        "event" => change(Change::Event(word()?, word()?, columns(words)?), held),
        "release" => Step::Release,
        "again" => Step::Again,
        "query" => Step::Query {
            role: word()?,
            person: id(&word()?),
            selection: selection(rest),
        },
        "letters" => Step::Letters,
        "damage" => Step::Damage(id(&word()?)),
        "forgotten" => Step::Forgotten(id(&word()?)),
        other => return Err(format!("no such step: {other}")),
    };
    Ok(Some(step))
}

fn change(what: Change, held: bool) -> Step {
    Step::Change { what, held }
}

fn columns<'w>(words: impl Iterator<Item = &'w str>) -> Result<Map<String, Value>, String> {
    let column = |word: &str| {
        let (name, value) = word.split_once('=').ok_or(format!("no column: {word}"))?;
        Ok((name.to_owned(), read(value)))
    };
    words.map(column).collect()
}

fn read(value: &str) -> Value {
    match value.strip_prefix('@') {
        Some(name) => Value::String(id(name).to_string()),
        None => serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned())),
    }
}

/// Behind role and person: names of behaviour fields, or any selection in braces.
fn selection(rest: &str) -> String {
    let mut parts = rest.splitn(3, ' ').skip(2);
    let wanted = parts.next().unwrap_or_default();
    match wanted
        .strip_prefix('{')
        .and_then(|inner| inner.strip_suffix('}'))
    {
        Some(inner) => inner.to_owned(),
        None => format!("behavior_aggregate {{ {wanted} }}"),
    }
}
