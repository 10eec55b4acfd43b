//! The gate: whether persons allow what is about to be sent or shown.
//!
//! Who sends asks with [`hold`], in the transaction that lasts until the message is out. It takes the row of the person's
//! customer for key share *before* the ledger is read. Whoever writes consent, merges or erases takes the same row for
//! update, or deletes it, before committing; so either the send is over when a withdrawal commits, or the withdrawal is
//! seen. Refolds take the row in a mode that gets along with sending. Nobody who holds a row here waits for anything but
//! the receiver, so there is no circle; a row that is taken is passed over, not waited for.
//!
//! What is out of reach: a request whose receiver did not answer in time has left, and may be read later.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::db::{Error, Tx};
use crate::domain::consent::{ANY, Standing};
use crate::domain::message::{is_granted, is_unopposed};
use crate::insight::{ConsentRow, consent_rows, standings};

/// What is needed of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needed {
    /// The person.
    pub person: Uuid,
    /// Purposes that have to be granted.
    pub granted: Vec<String>,
    /// Purposes that may be neither refused nor objected to.
    pub unopposed: Vec<String>,
}

/// What the gate says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The person allows it, and it stays so until the transaction ends.
    Open,
    /// The person does not allow it, or is no customer.
    Shut,
    /// What the person allows is being changed at this moment: ask again soon.
    Busy,
}

/// Asks for each of these, and keeps what was answered from changing until the transaction ends.
///
/// `until` is the latest instant at which it may be sent: a consent that runs out before does not count.
pub async fn hold(
    tx: &mut Tx,
    tenant_id: Uuid,
    needed: &[Needed],
    until: DateTime<Utc>,
) -> Result<Vec<Verdict>, Error> {
    let persons: BTreeSet<Uuid> = needed.iter().map(|one| one.person).collect();
    if persons.is_empty() {
        return Ok(Vec::new());
    }
    let persons: Vec<Uuid> = persons.into_iter().collect();
    let held = sqlx::query_scalar!(
        "select person_profile_id from customer
         where tenant_id = $1 and person_profile_id = any ($2)
         order by person_profile_id for key share skip locked",
        tenant_id,
        &persons,
    )
    .fetch_all(&mut **tx)
    .await?;
    let held: BTreeSet<Uuid> = held.into_iter().collect();
    // In a later statement, which sees what was committed before the rows were taken.
    let known = Known::load(tx, tenant_id, &persons, until).await?;
    let verdict = |one: &Needed| match (known.allows(one), held.contains(&one.person)) {
        // Somebody may be changing just now what is not allowed yet.
        (Some(_), false) => Verdict::Busy,
        (Some(true), true) => Verdict::Open,
        (Some(false), true) | (None, _) => Verdict::Shut,
    };
    Ok(needed.iter().map(verdict).collect())
}

/// Those of these who allow it at an instant, for what is shown or handed out at once.
pub async fn allowed(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    needed: &[Needed],
    at: DateTime<Utc>,
) -> Result<BTreeSet<Uuid>, Error> {
    let persons: Vec<Uuid> = needed.iter().map(|one| one.person).collect();
    let known = Known::load(connection, tenant_id, &persons, at).await?;
    let open = needed.iter().filter(|one| known.allows(one) == Some(true));
    Ok(open.map(|one| one.person).collect())
}

/// What customers allow, by purpose, on whichever channel.
struct Known {
    roots: BTreeMap<Uuid, Uuid>,
    standings: BTreeMap<Uuid, BTreeMap<String, Standing>>,
}

impl Known {
    async fn load(
        connection: &mut PgConnection,
        tenant_id: Uuid,
        persons: &[Uuid],
        at: DateTime<Utc>,
    ) -> Result<Self, Error> {
        let rows = sqlx::query!(
            "select person_profile_id, root from customer where tenant_id = $1 and person_profile_id = any ($2)",
            tenant_id,
            persons,
        )
        .fetch_all(&mut *connection)
        .await?;
        let roots: BTreeMap<Uuid, Uuid> = rows
            .into_iter()
            .map(|row| (row.person_profile_id, row.root))
            .collect();
        let distinct: BTreeSet<Uuid> = roots.values().copied().collect();
        let distinct: Vec<Uuid> = distinct.into_iter().collect();
        let mut by_root: BTreeMap<Uuid, Vec<ConsentRow>> = BTreeMap::new();
        for row in consent_rows(connection, tenant_id, &distinct).await? {
            by_root.entry(row.root).or_default().push(row);
        }
        let of = |rows| {
            let all = standings(rows, at).into_iter();
            let general = all.filter(|one| one.channel == ANY);
            general.map(|one| (one.purpose, one.standing)).collect()
        };
        let standings = by_root.into_iter().map(|(root, rows)| (root, of(rows)));
        Ok(Self {
            standings: standings.collect(),
            roots,
        })
    }

    /// Whether it is allowed; none for who is no customer.
    fn allows(&self, needed: &Needed) -> Option<bool> {
        let standings = self.standings.get(self.roots.get(&needed.person)?);
        let of = |purpose: &String| standings.and_then(|all| all.get(purpose));
        let granted = needed
            .granted
            .iter()
            .all(|purpose| of(purpose).is_some_and(is_granted));
        let unopposed = needed
            .unopposed
            .iter()
            .all(|purpose| of(purpose).is_none_or(is_unopposed));
        Some(granted && unopposed)
    }
}
