//! An erasure from end to end: deliveries that name the person are folded first, so that merges and legal holds among
//! them are known; then everything goes in one transaction; then what came meanwhile is folded behind the fence, and a
//! scan proves that nothing is left.
//!
//! Every step may be repeated, and a request says which is next.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Context;
use super::batch::Selection;
use super::ingest::attempt;
use crate::db::{self, Tx};
use crate::domain::category::Category;
use crate::inbox::claim;
use crate::privacy::erase::{Basis, Error, Office, Order};
use crate::privacy::receipt::Signed;
use crate::privacy::request::{Request, State};
use crate::privacy::scan::{Counts, Found, spellings};
use crate::resolve::fence;
use crate::resolve::fence_file::{Entry, FenceFile};
use crate::resolve::tenant;

/// Deliveries folded at once.
const AT_ONCE: i64 = 500;
/// What is on its way into the inbox, or under way in a rebuild, is through within this time.
const PATIENCE: Duration = Duration::from_secs(20);
/// A transaction that lost against another is run again this often.
const TRIES: u32 = 5;
/// Until it is looked at again.
const AGAIN: Duration = Duration::from_millis(50);

/// What an erasure came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The request as it stands.
    pub request: Request,
    /// The receipt of the last scan.
    pub receipt: Signed,
}

/// Erases, or goes on where an earlier call was cut off, up to the first scan.
pub async fn run(context: &Context, office: &Office, order: &Order) -> Result<Outcome, Error> {
    let mut request = office.begin(order, &office.actor).await?;
    let mut persons = BTreeSet::new();
    if request.state.is_before_deletion() {
        persons = take_out(context, office, &mut request, order.person).await?;
    }
    if matches!(request.state, State::Verified | State::Closed) {
        let receipt = office.latest(&request).await?;
        return Ok(Outcome { request, receipt });
    }
    prove(context, office, request, persons).await
}

/// Takes out whomever a request is about, unless that is done.
pub async fn carry_out(
    context: &Context,
    office: &Office,
    mut request: Request,
) -> Result<(), Error> {
    if request.state.is_before_deletion() {
        let id = request.request_id;
        let person = request.person.ok_or(Error::NotDeleted(id))?;
        take_out(context, office, &mut request, person).await?;
    }
    Ok(())
}

/// Makes the next scan of each of these requests of one tenant, reading its tables once for all of them.
pub async fn prove_all(
    context: &Context,
    office: &Office,
    tenant_id: Uuid,
    requests: Vec<Request>,
) -> Vec<(Uuid, Result<(), Error>)> {
    let mut done = Vec::with_capacity(requests.len());
    let mut ready = Vec::with_capacity(requests.len());
    for mut request in requests {
        let id = request.request_id;
        match office.propagate(&mut request).await {
            Ok(true) => ready.push(request),
            Ok(false) => done.push((id, Err(Error::Unconfirmed(id)))),
            Err(error) => done.push((id, Err(error))),
        }
    }
    let whole = ready.iter().filter(|request| request.is_whole());
    let tags: BTreeSet<Uuid> = whole.flat_map(|request| &request.tags).copied().collect();
    let clear = match office.find(tenant_id, &tags).await {
        Ok(found) => {
            let tag = |person: &Uuid| office.pepper.tag(tenant_id, *person);
            let left: BTreeSet<Uuid> = found.persons.iter().map(tag).collect();
            let zeros: Counts = found.counts.into_keys().map(|table| (table, 0)).collect();
            Some((left, zeros))
        }
        Err(error) => {
            let error: &dyn std::error::Error = &error;
            tracing::debug!(error, "erasures are scanned one by one");
            None
        }
    };
    for mut request in ready {
        let id = request.request_id;
        let proven = match &clear {
            Some((left, zeros)) if request.is_whole() && request.tags.is_disjoint(left) => {
                let proven = office.prove(&mut request, zeros.clone()).await;
                proven.map(drop)
            }
            // Something is left, or it is about categories: with everything that is under way.
            _ => prove(context, office, request, BTreeSet::new())
                .await
                .map(drop),
        };
        done.push((id, proven));
    }
    done
}

async fn take_out(
    context: &Context,
    office: &Office,
    request: &mut Request,
    person: Uuid,
) -> Result<BTreeSet<Uuid>, Error> {
    drain(context, request.tenant_id, &[person].into()).await?;
    delete(office, request, person).await
}

/// In one transaction, run again when it lost against another.
async fn delete(
    office: &Office,
    request: &mut Request,
    person: Uuid,
) -> Result<BTreeSet<Uuid>, Error> {
    let mut tries = 0;
    loop {
        tries += 1;
        match office.delete(request, person).await {
            Err(Error::Database(db::Error::Retry(_))) if tries < TRIES => {}
            done => return done,
        }
    }
}

/// Scans for everyone who was erased with a request, by tag, and issues the receipt.
pub async fn verify(
    context: &Context,
    office: &Office,
    tenant_id: Uuid,
    request_id: Uuid,
) -> Result<Outcome, Error> {
    let request = office.request(tenant_id, request_id).await?;
    if request.state.is_before_deletion() {
        return Err(Error::NotDeleted(request_id));
    }
    prove(context, office, request, BTreeSet::new()).await
}

/// Folds what still names the persons behind the fence until a scan finds nothing.
async fn prove(
    context: &Context,
    office: &Office,
    mut request: Request,
    persons: BTreeSet<Uuid>,
) -> Result<Outcome, Error> {
    let (tenant_id, begun) = (request.tenant_id, Instant::now());
    let mut named = persons.clone();
    loop {
        if !named.is_empty() {
            drain(context, tenant_id, &named).await?;
            office.sweep_letters(&request, &named).await?;
        }
        if !office.propagate(&mut request).await? {
            return Err(Error::Unconfirmed(request.request_id));
        }
        let counts = if persons.is_empty() {
            let Found { counts, persons } = office.find_of(&request).await?;
            named = persons;
            counts
        } else {
            office.count_of(&request, &persons).await?
        };
        if all_zero(&counts) {
            let receipt = office.prove(&mut request, counts).await?;
            return Ok(Outcome { request, receipt });
        }
        if begun.elapsed() > PATIENCE {
            return Err(Error::Left(counts));
        }
        tokio::time::sleep(AGAIN).await;
    }
}

fn all_zero(counts: &Counts) -> bool {
    counts.values().all(|rows| *rows == 0)
}

/// Folds every waiting delivery that names one of these.
async fn drain(context: &Context, tenant_id: Uuid, persons: &BTreeSet<Uuid>) -> Result<(), Error> {
    let pieces: Vec<Vec<u8>> = spellings(persons)
        .into_iter()
        .map(String::into_bytes)
        .collect();
    loop {
        let waiting = claim::holding(&context.pool, tenant_id, &pieces, AT_ONCE).await?;
        if waiting.is_empty() {
            return Ok(());
        }
        match attempt(context, tenant_id, &Selection::These(waiting)).await {
            Ok(_) | Err(db::Error::Retry(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// What bringing the fence back came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reapplied {
    /// Tags that the database's fence lacked.
    pub raised: usize,
    /// Persons who were back and have been erased again.
    pub erased: usize,
    /// Tags that the file lacked.
    pub kept: usize,
}

/// After a backup was brought back: raises the fences that the file knows and the database lacks, erases whoever is
/// back behind them, and writes down in the file what only the database knew.
pub async fn reapply(
    context: &Context,
    office: &Office,
    file: &FenceFile,
) -> Result<Reapplied, Error> {
    let entries = file.read().await?;
    let missing = fence::missing(&context.pool, &entries).await?;
    let mut done = Reapplied {
        raised: missing.len(),
        kept: keep(context, file, &entries).await?,
        ..Reapplied::default()
    };
    let mut by_tenant: BTreeMap<Uuid, Vec<Entry>> = BTreeMap::new();
    for entry in missing {
        by_tenant.entry(entry.tenant_id).or_default().push(entry);
    }
    for (tenant_id, entries) in by_tenant {
        done.erased += tenant_again(context, office, tenant_id, &entries).await?;
    }
    Ok(done)
}

async fn tenant_again(
    context: &Context,
    office: &Office,
    tenant_id: Uuid,
    entries: &[Entry],
) -> Result<usize, Error> {
    tenant::ensure(&context.pool, tenant_id).await?;
    let whole = entries.iter().filter(|entry| entry.scope == 0);
    let tags: BTreeSet<Uuid> = whole.map(|entry| entry.tag).collect();
    // Whoever is back is erased while the tags are still missing, so that a run that is cut off is not taken for
    // done; and once more behind the fence, for what was folded meanwhile.
    let mut erased = erase_again(context, office, tenant_id, &tags).await?;
    let mut tx = Tx::begin(&context.pool).await?;
    tenant::wait(&mut tx, tenant_id, context.clock.now()).await?;
    fence::raise_tags(&mut tx, tenant_id, entries).await?;
    fence::open_again(&mut tx, tenant_id, entries).await?;
    tx.commit().await?;
    erased.extend(erase_again(context, office, tenant_id, &standing(entries)).await?);
    erased.extend(purge_again(context, office, tenant_id, entries).await?);
    Ok(erased.len())
}

/// Tags of those who were not allowed to return: what comes behind their fence is no fact of theirs.
fn standing(entries: &[Entry]) -> BTreeSet<Uuid> {
    let standing = entries
        .iter()
        .filter(|entry| entry.scope == 0 && entry.returned_at.is_none());
    standing.map(|entry| entry.tag).collect()
}

/// Takes categories out again that are back with the backup.
async fn purge_again(
    context: &Context,
    office: &Office,
    tenant_id: Uuid,
    entries: &[Entry],
) -> Result<BTreeSet<Uuid>, Error> {
    let mut back = BTreeSet::new();
    for entry in entries {
        let Some(category) = Category::from_code(entry.scope) else {
            continue;
        };
        for person in office.customers(tenant_id, &[entry.tag].into()).await? {
            let order = Order {
                categories: [category].into(),
                ..Order::whole(tenant_id, person, Basis::Restored)
            };
            run(context, office, &order).await?;
            back.insert(person);
        }
    }
    Ok(back)
}

async fn erase_again(
    context: &Context,
    office: &Office,
    tenant_id: Uuid,
    tags: &BTreeSet<Uuid>,
) -> Result<BTreeSet<Uuid>, Error> {
    let back = office.find(tenant_id, tags).await?.persons;
    for person in &back {
        let order = Order::whole(tenant_id, *person, Basis::Restored);
        match run(context, office, &order).await {
            // Whoever is told downstream confirms when it is back, too; the service goes on with it.
            Ok(_) | Err(Error::Unconfirmed(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(back)
}

/// Writes down in the file what it lacks of the database's fence.
async fn keep(context: &Context, file: &FenceFile, entries: &[Entry]) -> Result<usize, Error> {
    let known: BTreeMap<(Uuid, Uuid, i16), DateTime<Utc>> = entries
        .iter()
        .map(|entry| ((entry.tenant_id, entry.tag, entry.scope), entry.latest()))
        .collect();
    let mut kept = 0;
    for tenant_id in tenant::all(&context.pool).await? {
        let mut tx = Tx::begin(&context.pool).await?;
        let mut stored = fence::entries(&mut tx, tenant_id).await?;
        tx.rollback().await?;
        stored.retain(|entry| {
            let key = (entry.tenant_id, entry.tag, entry.scope);
            known.get(&key).is_none_or(|at| *at < entry.latest())
        });
        file.append(&stored).await?;
        kept += stored.len();
    }
    Ok(kept)
}
