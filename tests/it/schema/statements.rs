//! Every recorded statement, read as text: whose rows it touches, and what it leans on.

use super::catalogue::tables;
use super::sources::{statements, texts_of_the_service};
use crate::support::TestDb;

/// Statements that look across tenants on purpose: a piece of each, and why. Each only finds out where there is work
/// or answers a person of the house; none locks or writes, and nothing a tenant sees depends on it.
const ACROSS: &[(&str, &str)] = &[
    (
        "select tenant_id as \"tenant_id!\" from head",
        "finds the tenants that have deliveries waiting; each is then worked on its own",
    ),
    (
        "select count(*) as \"waiting!\" from (select from inbox limit $1) i",
        "measures the backlog of the whole service for readiness and metrics",
    ),
    (
        "select tenant_id, count(*) as \"customers!\" from customer",
        "lists the tenants that a rebuild or a verification goes through; each is then worked on its own",
    ),
    (
        "from job\nwhere name = $1 and run = $2 order by tenant_id",
        "shows the engineer one run of all tenants",
    ),
    (
        "from customer_insight where fold_version <> $1",
        "tells the engineer whether a rebuild is due",
    ),
    (
        "select tenant_id, name, total, last_at from tally",
        "tells the engineer which events were heard of, of all tenants or one",
    ),
    (
        "select tenant_id, reason, count(*) as \"letters!\", max(received_at)",
        "sums up dead letters for the engineer, of all tenants or one",
    ),
    (
        "order by live.id limit 1) as oldest",
        "measures the backlog of the whole service for readiness and metrics",
    ),
    (
        "select substr(name, 7) as \"table!\"",
        "measures how long each table has been silent, for metrics",
    ),
    (
        "with ordinality as u (tenant_id, tag, scope, latest, at)",
        "compares the fence with what is kept of it outside of the database, for readiness and after a restore",
    ),
    (
        "select request_id, next_at from erasure_request\nwhere tenant_id = t.tenant_id and next_at <= $1",
        "finds erasures that are due for their next step; each is then taken by its key",
    ),
    (
        "select tenant_id from tenant order by tenant_id",
        "lists the tenants a job goes through; each is then worked on its own",
    ),
    (
        "select tenant_id, name, run, state, started_at, touched_at, progress from job\nwhere state = 0 order by",
        "lists the work that goes on, for the engineer",
    ),
    (
        "select tenant_id, name, run, state, started_at, touched_at, progress from job\nwhere state = 0 and name",
        "finds runs of jobs to take up; each is taken by its key",
    ),
    (
        "select tenant_id, request_id from export_request\nwhere (state = 0",
        "finds exports to make; each is taken up by its key",
    ),
    (
        "select tenant_id, request_id from export_request where state = 2",
        "finds archives that nobody fetched in time; each is taken out by its key",
    ),
    (
        "from export_request where state in (0, 1, 6)",
        "counts exports that are about to be due, for metrics and the alarm",
    ),
    (
        "select name, max(touched_at) as \"at!\" from job",
        "measures when each job last finished well, for metrics",
    ),
    (
        "select t.tenant_id as \"tenant_id!\", i.person_profile_id",
        "finds insights that time has made wrong; each tenant is then worked on its own",
    ),
    (
        "select t.tenant_id as \"tenant_id!\" from tenant t\nwhere exists (select from score_due",
        "finds the tenants whose customers are to be scored; each is then worked on its own",
    ),
    (
        "select tenant_id from tenant t\nwhere exists (select from dossier",
        "finds tenants in which facts wait; each is then worked on its own",
    ),
    (
        "select t.tenant_id as \"tenant_id!\" from tenant t\nwhere exists (\nselect from outbox_delivery",
        "finds the tenants that have something to send to a receiver; each is then worked on its own",
    ),
    (
        "select t.tenant_id as \"tenant_id!\" from tenant t\nwhere exists (\nselect from outbox m",
        "finds the tenants that have new or settled messages; each is then worked on its own",
    ),
    (
        "from outbox_delivery where state in (0, 2)",
        "measures what has not gone out of the whole service, for metrics",
    ),
    (
        "where d.state = 2 and ($1::uuid is null or d.tenant_id = $1)",
        "lists parked messages for the engineer, who may not know whose they are",
    ),
    (
        "select tenant_id, id, received_at, event_id, source_table as \"table\"",
        "lists dead letters for the engineer, who may not know whose they are",
    ),
    (
        "select tenant_id, id, received_at, event_id, source_table, trigger_name",
        "shows one dead letter to the engineer, by its id",
    ),
];

/// What is kept by one machine for itself, or read from a row's place instead of its key.
const FORBIDDEN: &[&str] = &[
    "pg_advisory_lock",
    "pg_try_advisory_lock",
    "pg_advisory_xact_lock",
    "pg_try_advisory_xact_lock",
    "pg_notify",
    "ctid",
    "xmin",
    "xmax",
    "cmin",
    "cmax",
    "txid_current",
    "txid_current_snapshot",
    "pg_current_xact_id",
    "pg_current_snapshot",
    "pg_snapshot_xmin",
    "nextval",
    "currval",
    "lastval",
    "setval",
];

/// Functions of their arguments alone, the same on every machine.
const PURE: &[&str] = &[
    "greatest", "least", "coalesce", "nullif", "array", "any", "all",
];

/// Words before a bracket that call nothing.
const WORDS: &[&str] = &["where", "and", "or", "not", "in"];

/// Clocks and dice, written without brackets.
const IMPURE: &[&str] = &[
    "current_timestamp",
    "current_date",
    "current_time",
    "localtimestamp",
    "localtime",
    "current_user",
    "session_user",
];

#[tokio::test]
async fn every_statement_names_the_tenant_whose_rows_it_touches() {
    let tables = tables(&TestDb::new().await).await;
    let mut used = vec![false; ACROSS.len()];
    let mut broken = Vec::new();
    for statement in statements() {
        let plain = lines_trimmed(&statement);
        match ACROSS.iter().position(|(piece, _)| plain.contains(piece)) {
            Some(at) => {
                used[at] = true;
                assert!(only_reads(&statement), "it looks across tenants: {plain}");
            }
            None if names_its_tenant(&statement, &tables) => {}
            None => broken.push(plain),
        }
    }
    assert!(
        broken.is_empty(),
        "A statement says whose rows it touches: `tenant_id = …` for every table it reads or changes, tenant_id first \
         among the columns it inserts. One that only looks for work goes into ACROSS, with its reason.\n\n{}",
        broken.join("\n\n")
    );
    for ((piece, _), used) in ACROSS.iter().zip(used) {
        assert!(used, "no statement holds this any more: {piece}");
    }
}

#[test]
fn a_conflict_is_settled_by_what_was_sent() {
    for statement in statements() {
        if let Some(impure) = impure_in_conflict(&statement) {
            panic!(
                "`{impure}` after ON CONFLICT … SET: send the value as a parameter, each machine would find another\n\
                 {statement}"
            );
        }
    }
}

#[test]
fn nothing_leans_on_what_one_machine_keeps_for_itself() {
    let recorded = statements();
    let written = texts_of_the_service();
    for text in recorded.iter().chain(&written) {
        if let Some(found) = leans_on(text) {
            panic!("`{found}` exists on one machine only: {text}");
        }
    }
}

/// The rules are no empty words.
#[test]
fn what_breaks_a_rule_of_statements_is_found() {
    let tables: Vec<String> = ["inbox", "customer", "tally"].map(str::to_owned).into();
    for good in [
        "delete from inbox where tenant_id = $1 and id = any ($2)",
        "insert into tally (tenant_id, name) values ($1, $2)",
        "select 1 from customer c join inbox i on i.tenant_id = c.tenant_id where c.tenant_id = $1",
        "select rolname from pg_roles",
    ] {
        assert!(names_its_tenant(good, &tables), "{good}");
    }
    for bad in [
        "delete from inbox where id = $1",
        "insert into tally (name, tenant_id) values ($1, $2)",
        "insert into tally values ($1, $2)",
        "select 1 from customer c join inbox i on i.id = c.root where c.tenant_id = $1",
        "select 1 from customer c, inbox i where c.tenant_id = $1",
        "select 1 from customer where tenant_id = root",
        "update inbox set payload = '' where ($1::uuid is null or tenant_id = $1)",
    ] {
        assert!(!names_its_tenant(bad, &tables), "{bad}");
    }
    let conflict = |set: &str| {
        format!(
            "insert into tally (tenant_id) values ($1) on conflict (tenant_id) do update set {set}"
        )
    };
    assert_eq!(
        impure_in_conflict(&conflict(
            "total = greatest(tally.total, excluded.total) + $2"
        )),
        None
    );
    for bad in [
        "last_at = now()",
        "last_at = current_timestamp",
        "total = (select 1)",
    ] {
        assert!(impure_in_conflict(&conflict(bad)).is_some(), "{bad}");
    }
    assert_eq!(leans_on("select ctid from inbox"), Some("ctid"));
    assert_eq!(leans_on("LISTEN inbox"), Some("listen"));
    assert_eq!(leans_on("select xmin_of_it from customer"), None);
    assert!(
        !only_reads("select id from inbox for update")
            && only_reads("select updated_at from inbox")
    );
}

fn lines_trimmed(statement: &str) -> String {
    statement
        .lines()
        .map(str::trim)
        .collect::<Vec<_>>()
        .join("\n")
        .trim()
        .to_owned()
}

/// Words, numbers of parameters and single signs, in small letters, without comments and quoted texts.
fn tokens(statement: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    for line in statement.lines() {
        let line = line.split("--").next().unwrap_or_default();
        let mut quoted = false;
        let mut word = String::new();
        for sign in line.chars().chain([' ']) {
            if sign == '\'' {
                quoted = !quoted;
            } else if !quoted && (sign.is_alphanumeric() || "_$\"".contains(sign)) {
                word.extend(sign.to_lowercase());
                continue;
            }
            if !word.is_empty() {
                tokens.push(std::mem::take(&mut word));
            }
            if !quoted && !sign.is_whitespace() && sign != '\'' {
                tokens.push(sign.to_string());
            }
        }
    }
    tokens
}

/// Whether every table it touches is tied to a tenant, and at least one of them to that of a parameter.
fn names_its_tenant(statement: &str, tables: &[String]) -> bool {
    let tokens = tokens(statement);
    let token = |at: usize| tokens.get(at).map_or("", String::as_str);
    let (mut touched, mut inserted, mut tied, mut bound) = (0, 0, 0, false);
    for at in 0..tokens.len() {
        let before = at.checked_sub(1).map_or("", token);
        if tables.iter().any(|table| table == token(at)) {
            match before {
                "into" if token(at + 1) == "(" && token(at + 2) == "tenant_id" => inserted += 1,
                "into" => return false,
                "from" | "join" | "update" | "using" | "," if token(at + 1) != "." => touched += 1,
                _ => {}
            }
        }
        if token(at) == "tenant_id" && token(at + 1) == "=" && !optional(&tokens, at) {
            let other = token(at + 2);
            bound |= other.starts_with('$');
            tied += usize::from(
                other.starts_with('$') || token(at + 4) == "tenant_id" || other == "any",
            );
        }
    }
    tied >= touched && (touched == 0 || bound || inserted > 0)
}

/// `($1::uuid is null or tenant_id = $1)` leaves the tenant open.
fn optional(tokens: &[String], at: usize) -> bool {
    at > 0 && tokens.get(at - 1).is_some_and(|before| before == "or")
}

fn only_reads(statement: &str) -> bool {
    let tokens = tokens(statement);
    !tokens.iter().any(|token| {
        matches!(
            token.as_str(),
            "update" | "insert" | "delete" | "share" | "lock" | "merge"
        )
    })
}

fn impure_in_conflict(statement: &str) -> Option<String> {
    let tokens = tokens(statement);
    let conflict = tokens
        .windows(2)
        .position(|pair| pair == ["on", "conflict"])?;
    let set = tokens
        .iter()
        .skip(conflict)
        .position(|token| token == "set")?
        + conflict;
    let after: Vec<&String> = tokens
        .iter()
        .skip(set + 1)
        .take_while(|token| *token != "returning")
        .collect();
    after
        .windows(2)
        .find_map(|pair| {
            let (word, next) = (pair[0].as_str(), pair[1].as_str());
            let named = word.starts_with(|first: char| first.is_alphabetic() || first == '_');
            let called = named && next == "(" && !PURE.contains(&word) && !WORDS.contains(&word);
            (called || word == "select" || IMPURE.contains(&word)).then(|| word.to_owned())
        })
        .or_else(|| {
            after
                .last()
                .filter(|last| IMPURE.contains(&last.as_str()))
                .map(|last| (*last).clone())
        })
}

fn leans_on(text: &str) -> Option<&'static str> {
    let tokens = tokens(text);
    let first = tokens.first().map(String::as_str);
    for word in ["listen", "notify"] {
        if first == Some(word) && tokens.len() <= 4 {
            return Some(word);
        }
    }
    FORBIDDEN
        .iter()
        .copied()
        .find(|word| tokens.iter().any(|token| token == word))
}
