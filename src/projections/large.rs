//! Large persons: only the bookings that were touched are folded again, the others are remembered.
//!
//! Exact by construction: a booking's part rests on its own rows and on those that ever named it, and everything else
//! (`domain::fold::combine`) is folded anew. What a booking's part reads beside the log is told by `resolve`, which
//! names the booking whenever that changes. Tests hold it against the fold of the whole log.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::parts::{self, Head, Parts};
use super::{Folded, Settings};
use crate::activity_log::{self, Appended, Digest, Recorded};
use crate::db::{Error, Tx};
use crate::domain::activity::{LogRow, Role, activity_id};
use crate::domain::fold::booking::{self, BookingPart};
use crate::domain::fold::entity::Entities;
use crate::domain::fold::{combine, is_of_a_bill};
use crate::domain::source::{self, Field, SourceKey, SourceKind, Value};
use crate::resolve::{reference, store};

/// A large person whose rows grew.
pub(super) struct Growth<'g> {
    pub(super) root: Uuid,
    pub(super) members: &'g BTreeSet<Uuid>,
    /// Bookings whose part may have changed.
    pub(super) touched: BTreeSet<Uuid>,
    /// Rows that are new in the log.
    pub(super) appended: Vec<Appended>,
}

/// Folds again what was touched; none when what is remembered does not fit, so that everything has to be folded.
pub(super) async fn refold(
    tx: &mut Tx,
    settings: Settings,
    tenant_id: Uuid,
    growth: Growth<'_>,
) -> Result<Option<Folded>, Error> {
    let Growth {
        root,
        members,
        touched,
        appended,
    } = growth;
    let Some(mut known) = parts::load(tx, tenant_id, root).await? else {
        return Ok(None);
    };
    if known.head.members != *members {
        return Ok(None);
    }
    for row in &appended {
        known.head.add(row.digest);
        if !is_of_a_bill(row.kind, row.role) {
            known.head.rest.insert((row.person, row.activity_id));
        }
    }
    let rows = read(tx, tenant_id, members, &known.head.rest, &touched).await?;
    let days = settings.quarantine_days;
    let looked_at = reference::load(tx, tenant_id, &rows.all, days, BTreeSet::new()).await?;
    let again = booking::parts(&Entities::group(&rows.all), &looked_at);
    for booking in &touched {
        known.bookings.remove(booking);
    }
    let again = again.into_iter().filter(|part| touched.contains(&part.id));
    known.bookings.extend(again.map(|part| (part.id, part)));
    if !touched.is_empty() || !appended.is_empty() {
        parts::save(tx, tenant_id, root, &known, touched.into_iter()).await?;
    }
    let Parts { head, bookings } = known;
    let rest = Entities::group(&rows.rest);
    let state = combine(root, bookings.into_values().collect(), &rest, &looked_at);
    Ok(Some(Folded {
        state,
        log_rows: head.log_rows,
        log_digest: head.log_digest(),
    }))
}

/// What is remembered of a person whose whole log was just read.
pub(super) fn remember(
    members: &BTreeSet<Uuid>,
    rows: &[LogRow],
    digest: Digest,
    bookings: Vec<BookingPart>,
) -> Parts {
    let rest = rows.iter().filter(|row| !is_of_a_bill(row.kind, row.role));
    let rest = rest.map(|row| (row.person, row.activity_id)).collect();
    let log_rows = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    Parts {
        head: Head::new(members.clone(), rest, log_rows, digest),
        bookings: bookings.into_iter().map(|part| (part.id, part)).collect(),
    }
}

/// The rows that are folded again.
struct Rows {
    /// Those that belong to no bill, with the booking rows they name.
    rest: Vec<LogRow>,
    /// Those, and the touched bookings with everything that ever named them.
    all: Vec<LogRow>,
}

async fn read(
    tx: &mut Tx,
    tenant_id: Uuid,
    members: &BTreeSet<Uuid>,
    rest: &BTreeSet<(Uuid, Uuid)>,
    touched: &BTreeSet<Uuid>,
) -> Result<Rows, Error> {
    let plain = |recorded: Vec<Recorded>| recorded.into_iter().map(|one| one.row);
    let mut rest: Vec<LogRow> =
        plain(activity_log::activities(tx, tenant_id, rest).await?).collect();
    let named: BTreeSet<Uuid> = rest.iter().filter_map(booking_named).collect();
    let of = |booking: &Uuid| SourceKey::new(SourceKind::Booking, *booking);
    let bills: BTreeSet<SourceKey> = touched.iter().map(of).collect();
    let children = store::children(tx, tenant_id, &bills).await?;
    let sources = touched.union(&named).map(of);
    let billed = children.into_values().flatten();
    let billed = billed.filter(|child| is_of_a_bill(child.kind, Role::Booker));
    let sources: BTreeSet<SourceKey> = sources.chain(billed).collect();
    let mut asked = BTreeSet::new();
    for member in members {
        for source in &sources {
            for role in [Role::Booker, Role::Traveller] {
                asked.insert((*member, activity_id(*source, *member, role)));
            }
        }
    }
    let bills = activity_log::activities(tx, tenant_id, &asked).await?;
    let bills: Vec<LogRow> = plain(bills)
        .filter(|row| is_of_a_bill(row.kind, row.role))
        .collect();
    let mut all = rest.clone();
    all.extend(bills.iter().cloned());
    let named = bills
        .into_iter()
        .filter(|row| row.kind == SourceKind::Booking && named.contains(&row.body.source_id));
    rest.extend(named);
    Ok(Rows { rest, all })
}

fn booking_named(row: &LogRow) -> Option<Uuid> {
    match source::get(&row.body.fields, Field::Booking) {
        Some(Value::Id(booking)) => Some(*booking),
        _ => None,
    }
}

/// Growth by root: what is known by member is the root's.
pub(super) fn of_set(
    members: &BTreeSet<Uuid>,
    touched: &BTreeMap<Uuid, BTreeSet<Uuid>>,
    appended: &BTreeMap<Uuid, Vec<Appended>>,
) -> (BTreeSet<Uuid>, Vec<Appended>) {
    let bookings = members.iter().filter_map(|member| touched.get(member));
    let rows = members.iter().filter_map(|member| appended.get(member));
    (
        bookings.flatten().copied().collect(),
        rows.flatten().copied().collect(),
    )
}
