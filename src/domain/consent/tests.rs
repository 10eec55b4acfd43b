//! The machine state by state, and that ledger and fold agree, whatever the order.

use chrono::TimeDelta;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::domain::activity::{LogRow, Role, RowBody};
use crate::domain::fold::fold;
use crate::domain::reference::Reference;
use crate::domain::source::{Field, Flags, SourceKind, Value};

pub(super) fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(second, 0).unwrap()
}

pub(super) fn say(second: i64, act: Act) -> Statement {
    Statement {
        told_at: at(second),
        evidence: ContentHash::new(&[u8::try_from(second).unwrap(); 16], Flags::default()),
        act,
        source: Source::Profile,
        ..Statement::FIRST
    }
}

fn after(acts: &[Act]) -> Standing {
    let mut said = vec![Statement::FIRST];
    said.extend((1..).zip(acts).map(|(second, act)| say(second, *act)));
    standing(&said, at(100))
}

#[test]
fn six_states_follow_from_what_was_said() {
    use Act::{Asked, Granted, NotObjected, Objected, Refused, Silent};
    let cases: &[(&[Act], State)] = &[
        (&[], State::NotRequested),
        (&[Silent], State::NotRequested),
        (&[NotObjected], State::NotRequested),
        (&[Asked], State::Pending),
        (&[Asked, Silent], State::Pending),
        (&[Asked, Granted], State::Granted),
        (&[Granted, Asked], State::Granted),
        (&[Refused], State::Denied),
        (&[Asked, Refused], State::Denied),
        (&[Granted, Refused], State::Revoked),
        (&[Granted, Refused, Refused], State::Revoked),
        (&[Granted, Silent], State::Revoked),
        (&[Granted, Refused, Granted], State::Granted),
        (&[Granted, Refused, Asked], State::Pending),
        (&[Objected], State::Denied),
        (&[Granted, Objected], State::Revoked),
        (&[Objected, Granted], State::Denied),
        (&[Objected, Asked], State::Denied),
        (&[Granted, Objected, NotObjected], State::NotRequested),
        (&[Objected, NotObjected, Granted], State::Granted),
    ];
    for (acts, state) in cases {
        assert_eq!(after(acts).state, *state, "{acts:?}");
    }
}

#[test]
fn a_renewal_keeps_the_beginning_and_a_new_grant_has_its_own() {
    use Act::{Granted, Refused};
    assert_eq!(after(&[Granted, Granted]).since, Some(at(1)));
    assert_eq!(after(&[Granted, Refused, Granted]).since, Some(at(3)));
    assert_eq!(after(&[Refused, Refused]).since, Some(at(1)));
    assert_eq!(after(&[]).since, None);
}

#[test]
fn a_consent_for_a_time_expires_by_itself_and_can_be_renewed() {
    let until = |second, end| Statement {
        expires_at: Some(at(end)),
        text_version: Some(format!("v{second}")),
        ..say(second, Act::Granted)
    };
    let first = until(10, 20);
    let state = |said: &[Statement], now| standing(said, at(now)).state;
    assert_eq!(state(std::slice::from_ref(&first), 19), State::Granted);
    let over = standing(std::slice::from_ref(&first), at(20));
    assert_eq!((over.state, over.since), (State::Expired, Some(at(20))));
    let renewed = [first.clone(), until(15, 40)];
    let held = standing(&renewed, at(25));
    assert_eq!((held.state, held.since), (State::Granted, Some(at(10))));
    assert_eq!(held.text_version.as_deref(), Some("v15"));
    let late = standing(&[first.clone(), until(30, 40)], at(31));
    assert_eq!((late.state, late.since), (State::Granted, Some(at(30))));
    // A consent that is over cannot be taken back any more.
    assert_eq!(state(&[first, say(30, Act::Refused)], 31), State::Denied);
}

#[test]
fn an_objection_of_a_merged_profile_counts_and_its_consent_does_not() {
    let [granted, objected] = [say(1, Act::Granted), say(2, Act::Objected)].map(|one| vec![one]);
    let of = |own: &[Statement], other: &[Statement]| standing_of_set(own, [other], at(100));
    assert_eq!(of(&[], &granted).state, State::NotRequested);
    let both = of(&granted, &objected);
    assert_eq!((both.state, both.objected), (State::Revoked, true));
    assert_eq!(both.since, Some(at(2)));
    assert_eq!(of(&objected, &[]).state, State::Denied);
}

/// A version of a profile that may carry any of the fields, replaced or not.
fn version() -> impl Strategy<Value = LogRow> {
    let consent = prop_oneof![
        Just(None),
        Just(Some(Value::Null)),
        any::<bool>().prop_map(|yes| Some(Value::Bool(yes)))
    ];
    let objection = prop_oneof![
        Just(None),
        Just(Some(Value::Null)),
        (0_i64..5).prop_map(|second| Some(Value::At(at(second))))
    ];
    let parts = (
        0_i64..5,
        any::<[u8; 16]>(),
        any::<bool>(),
        consent,
        objection,
    );
    parts.prop_map(|(second, digest, superseded, consent, objection)| {
        let flags = Flags {
            superseded,
            ..Flags::default()
        };
        let fields = [
            (Field::MarketingConsent, consent),
            (Field::ProfilingObjectionAt, objection),
        ];
        let carried = fields
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        LogRow {
            person: Uuid::from_u128(7),
            activity_id: Uuid::from_u128(8),
            kind: SourceKind::PersonProfile,
            role: Role::Subject,
            version_at: at(second),
            content_hash: ContentHash::new(&digest, flags),
            occurred_at: at(second),
            body: RowBody {
                source_id: Uuid::from_u128(7),
                rank: 0,
                fields: carried.collect(),
            },
        }
    })
}

/// The same version as it was before it was replaced.
fn twins(row: LogRow, twin: bool) -> Vec<LogRow> {
    let mut live = row.clone();
    live.content_hash = ContentHash::new(&row.content_hash.0, Flags::default());
    if twin { vec![row, live] } else { vec![row] }
}

proptest! {
    #[test]
    fn the_ledger_agrees_with_the_fold_in_any_order(
        told in proptest::collection::vec((version(), any::<bool>()), 0..8),
        turn in any::<u64>(),
    ) {
        let rows: Vec<LogRow> = told.into_iter().flat_map(|(row, twin)| twins(row, twin)).collect();
        let person = Uuid::from_u128(7);
        let folded = fold(person, &rows, &Reference::default()).standing;
        let of = |rows: &[LogRow], follows| {
            let said = rows.iter().filter_map(|row| said(row, follows));
            let all: Vec<_> = said.chain([Statement::FIRST]).collect();
            standing(&all, at(100))
        };
        let marketing = of(&rows, Follows::MarketingConsent);
        prop_assert_eq!(
            marketing.state == State::Granted,
            folded.marketing_consent == Some(true)
        );
        let profiling = of(&rows, Follows::ProfilingObjection);
        prop_assert_eq!(profiling.objected, folded.profiling_objection);

        let mut shuffled = rows.clone();
        let length = shuffled.len().max(1);
        shuffled.rotate_left(usize::try_from(turn).unwrap_or(0) % length);
        if turn % 2 == 0 {
            shuffled.reverse();
        }
        for (follows, expected) in [
            (Follows::MarketingConsent, marketing),
            (Follows::ProfilingObjection, profiling),
        ] {
            prop_assert_eq!(of(&shuffled, follows), expected);
        }
    }

    #[test]
    fn nothing_but_a_yes_allows_anything(acts in proptest::collection::vec(0_i16..7, 0..8)) {
        let acts: Vec<Act> = acts.into_iter().filter_map(Act::from_code).collect();
        let found = after(&acts);
        if !acts.contains(&Act::Granted) {
            prop_assert!(!matches!(found.state, State::Granted | State::Revoked));
        }
        prop_assert!(!(found.objected && found.state == State::Granted));
        let last = acts.iter().rev().find(|act| {
            matches!(act, Act::Granted | Act::Refused | Act::Silent | Act::Objected)
        });
        if found.state == State::Granted {
            prop_assert_eq!(last, Some(&Act::Granted));
        }
    }
}

#[test]
fn a_moment_told_apart_is_when_it_holds_from() {
    let day = TimeDelta::days(1);
    let carries = |consent_at| LogRow {
        person: Uuid::nil(),
        activity_id: Uuid::nil(),
        kind: SourceKind::PersonProfile,
        role: Role::Subject,
        version_at: at(1_000_000),
        content_hash: ContentHash([1; 16]),
        occurred_at: at(1_000_000),
        body: RowBody {
            source_id: Uuid::nil(),
            rank: 0,
            fields: vec![
                (Field::MarketingConsent, Value::Bool(true)),
                (Field::MarketingConsentAt, Value::At(consent_at)),
            ],
        },
    };
    let since = |consent_at| {
        said(&carries(consent_at), Follows::MarketingConsent)
            .unwrap()
            .effective_at
    };
    assert_eq!(since(at(1_000_000) - day), Some(at(1_000_000) - day));
    assert_eq!(since(at(1_000_000) + day), Some(at(1_000_000)));
}
