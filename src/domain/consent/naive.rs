//! The same rules written down another way, and periods held against the machine at every instant.

use proptest::prelude::*;

use super::tests::{at, say};
use super::*;
use crate::domain::source::Flags;

/// Something said, as it comes: when, what, until when, and its evidence.
fn anything() -> impl Strategy<Value = Statement> {
    let parts = (
        0_i64..20,
        0_i16..7,
        proptest::option::of(0_i64..30),
        any::<[u8; 2]>(),
        any::<bool>(),
    );
    parts.prop_map(|(second, act, end, [one, other], superseded)| {
        let flags = Flags {
            superseded: superseded && one % 4 == 0,
            ..Flags::default()
        };
        let act = Act::from_code(act).unwrap();
        Statement {
            told_at: at(second),
            evidence: ContentHash::new(&[one, other], flags),
            act,
            expires_at: end
                .filter(|_| act == Act::Granted)
                .map(|more| at(second + more)),
            text_version: (act == Act::Granted).then(|| format!("v{}", one % 3)),
            ..Statement::FIRST
        }
    })
}

/// When, ends before what is said, by the hash of what is said; nothing said where a consent ends.
type Happening<'s> = (DateTime<Utc>, u8, [u8; 16], Option<&'s Statement>);

/// The same rules written down another way: a queue of what happens, the ends of consents among it.
fn naively(said: &[Statement], now: DateTime<Utc>) -> (State, bool) {
    let content = |one: &Statement| (one.told_at, one.evidence.content());
    let replaced: Vec<_> = said
        .iter()
        .filter(|one| one.evidence.flags().superseded)
        .map(content)
        .collect();
    let mut queue: Vec<Happening<'_>> = Vec::new();
    let mut seen = Vec::new();
    for one in said.iter().filter(|one| !replaced.contains(&content(one))) {
        if seen.contains(&(content(one), one.act)) {
            continue;
        }
        seen.push((content(one), one.act));
        queue.push((one.told_at, 1, one.evidence.0, Some(one)));
        if let Some(end) = one.expires_at {
            queue.push((end, 0, [0; 16], None));
        }
    }
    queue.sort_by_key(|(when, rank, hash, _)| (*when, *rank, *hash));
    let (mut state, mut objected, mut end) = (State::NotRequested, false, None);
    for (when, .., one) in queue {
        if end.is_some_and(|end| end <= when && end <= now) && state == State::Granted {
            state = State::Expired;
        }
        let Some(one) = one else { continue };
        let had = matches!(state, State::Granted | State::Revoked);
        match one.act {
            Act::Objected => {
                state = if had { State::Revoked } else { State::Denied };
                objected = true;
            }
            Act::NotObjected if objected => (state, objected) = (State::NotRequested, false),
            Act::Granted if !objected => (state, end) = (State::Granted, one.expires_at),
            Act::Refused => state = if had { State::Revoked } else { State::Denied },
            Act::Silent if state == State::Granted => state = State::Revoked,
            Act::Asked if !objected && state != State::Granted => state = State::Pending,
            Act::NotRequested | Act::NotObjected | Act::Granted | Act::Silent | Act::Asked => {}
        }
    }
    if state == State::Granted && end.is_some_and(|end| end <= now) {
        state = State::Expired;
    }
    (state, objected)
}

/// Turned round, cut and put together again, with some of it twice.
fn retold(said: &[Statement], turn: usize) -> Vec<Statement> {
    let mut other: Vec<Statement> = said.to_vec();
    let twice = said.iter().skip(turn % 3).step_by(2).cloned();
    other.extend(twice);
    let length = other.len().max(1);
    other.rotate_left(turn % length);
    if turn.is_multiple_of(2) {
        other.reverse();
    }
    other
}

proptest! {
    #[test]
    fn the_machine_agrees_with_a_naive_model_however_often_and_in_whichever_order_it_is_told(
        said in proptest::collection::vec(anything(), 0..10),
        turn in any::<u16>(),
        now in 0_i64..60,
    ) {
        // Whatever is true of a version is said once: one evidence, one content.
        let mut said = said;
        said.sort_by_key(|one| (one.told_at, one.evidence.content()));
        said.dedup_by_key(|one| (one.told_at, one.evidence.content()));
        let now = at(20 + now);
        let found = standing(&said, now);
        prop_assert_eq!((found.state, found.objected), naively(&said, now));
        prop_assert_eq!(standing(&retold(&said, usize::from(turn)), now), found);
    }

    #[test]
    fn a_period_is_when_it_was_allowed(said in proptest::collection::vec(anything(), 0..10)) {
        let mut said = said;
        said.sort_by_key(|one| (one.told_at, one.evidence.content()));
        said.dedup_by_key(|one| (one.told_at, one.evidence.content()));
        said.retain(|one| !one.evidence.flags().superseded);
        let found = periods(&said, at(60));
        for second in 0..60 {
            let now = at(second);
            let known: Vec<Statement> = said.iter().filter(|one| one.told_at <= now).cloned().collect();
            let allowed = standing(&known, now).state == State::Granted;
            let within = found.iter().any(|one| one.from <= now && now < one.to);
            prop_assert_eq!(allowed, within, "at {}: {:?}", second, found);
        }
    }
}

#[test]
fn a_proof_is_kept_to_the_end_of_the_limitation_period() {
    let day = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    let period = |to| Period {
        from: day("2020-01-01T00:00:00Z"),
        to: day(to),
        text_version: None,
    };
    for (to, years, until) in [
        ("2026-11-22T10:00:00Z", 3, "2030-01-01T00:00:00Z"),
        ("2026-01-01T00:00:00Z", 3, "2030-01-01T00:00:00Z"),
        ("2025-12-31T23:59:59Z", 3, "2029-01-01T00:00:00Z"),
        ("2026-06-01T00:00:00Z", 0, "2027-01-01T00:00:00Z"),
    ] {
        assert_eq!(period(to).provable_until(years), Some(day(until)), "{to}");
    }
}

#[test]
fn a_renewal_under_another_wording_is_a_period_of_its_own() {
    let grant = |second, text: &str| Statement {
        text_version: Some(text.to_owned()),
        ..say(second, Act::Granted)
    };
    let said = [
        grant(1, "v1"),
        grant(5, "v1"),
        grant(9, "v2"),
        say(12, Act::Refused),
    ];
    let found: Vec<_> = periods(&said, at(50))
        .into_iter()
        .map(|one| (one.from, one.to, one.text_version.unwrap()))
        .collect();
    let expected = [
        (at(1), at(9), "v1".to_owned()),
        (at(9), at(12), "v2".to_owned()),
    ];
    assert_eq!(found, expected);
}
