//! Compares what is stored with what the log says: everybody on demand, a small sample all the time.
//!
//! Drift is a bug or damage, never business: it is logged without personal data, counted, and repaired only when
//! somebody asks for it.

use std::time::Duration;

use futures::TryStreamExt as _;
use uuid::Uuid;

use super::rebuild::{joined, pages};
use super::{Folding, apart};
use crate::db::{Error, Tx};
use crate::domain::merkle::{self, Tree};
use crate::projections::{self, Drift, Examined, Healed, Page};
use crate::resolve::tenant;
use crate::telemetry::metrics::{AUDITED, DRIFT};

/// Customers of a page.
const PAGE: i64 = 500;
/// Pages at a time.
const AT_A_TIME: usize = 2;
/// The auditor looks at this many customers in a row.
const SAMPLE: i64 = 20;
/// And then rests.
const TICK: Duration = Duration::from_secs(20);
/// Until a tenant that is held is asked for again.
const HELD: Duration = Duration::from_millis(20);

/// What was found about a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Whose customers.
    pub tenant_id: Uuid,
    /// Customers examined, merged ones among them.
    pub customers: u64,
    /// Rows of the log that were read.
    pub log_rows: u64,
    /// Those who are not as the log says.
    pub drifts: Vec<Drift>,
    /// Merkle root over the stored states.
    pub stored_root: [u8; 32],
    /// Merkle root over the states folded again; equal on every machine that heard the same.
    pub refolded_root: [u8; 32],
}

/// Examines a whole tenant; `told` hears how many customers are done.
pub async fn tenant(
    context: &Folding,
    tenant_id: Uuid,
    mut told: impl FnMut(u64),
) -> Result<Verdict, Error> {
    let pages = pages(context.pool.clone(), tenant_id, Uuid::nil(), PAGE);
    let examined = pages.map_ok(|page| {
        let context = context.clone();
        let work = apart(async move { examine(&context, tenant_id, page).await });
        async move { joined(work.await) }
    });
    let mut examined = std::pin::pin!(examined.try_buffered(AT_A_TIME));
    let mut gathered = Gathered::new(tenant_id);
    while let Some(page) = examined.try_next().await? {
        gathered.take(page);
        told(gathered.verdict.customers);
    }
    Ok(gathered.end())
}

/// Examines about so many customers of a tenant in a row, from `after` on and then from the beginning.
pub async fn sample(
    context: &Folding,
    tenant_id: Uuid,
    after: Uuid,
    customers: i64,
) -> Result<Verdict, Error> {
    let mut gathered = Gathered::new(tenant_id);
    let mut left = customers;
    for start in [after, Uuid::nil()] {
        if left <= 0 {
            break;
        }
        let Some(page) = projections::page(&context.pool, tenant_id, start, left).await? else {
            continue;
        };
        let examined = examine(context, tenant_id, page).await?;
        left -= i64::try_from(examined.customers).unwrap_or(left);
        gathered.take(examined);
    }
    Ok(gathered.end())
}

async fn examine(context: &Folding, tenant_id: Uuid, page: Page) -> Result<Examined, Error> {
    let examined = projections::examine(&context.pool, context.settings, tenant_id, page).await?;
    let customers = u64::try_from(examined.customers).unwrap_or(u64::MAX);
    metrics::counter!(AUDITED).increment(customers);
    let damaged = examined.drifts.iter().filter(|drift| !drift.older_fold);
    metrics::counter!(DRIFT).increment(u64::try_from(damaged.count()).unwrap_or(u64::MAX));
    Ok(examined)
}

/// Repairs what a verdict found.
pub async fn heal(
    context: &Folding,
    verdict: &Verdict,
    believe_the_log: bool,
) -> Result<Healed, Error> {
    let now = context.clock.now();
    let tenant_id = verdict.tenant_id;
    let mut tx = Tx::begin(&context.pool).await?;
    while tenant::take(&mut tx, tenant_id, now).await?.is_none() {
        tx.rollback().await?;
        tokio::time::sleep(HELD).await;
        tx = Tx::begin(&context.pool).await?;
    }
    let drifts = &verdict.drifts;
    let settings = context.settings;
    let healed =
        projections::heal(&mut tx, settings, tenant_id, drifts, believe_the_log, now).await?;
    tx.commit().await?;
    Ok(healed)
}

/// The auditor: runs until `stop` completes.
pub async fn run(context: Folding, stop: impl Future<Output = ()> + Send) {
    let mut stop = std::pin::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return,
            () = tokio::time::sleep(TICK) => {}
        }
        tokio::select! {
            () = &mut stop => return,
            audited = round(&context) => {
                if let Err(error) = audited {
                    tracing::warn!(error = &error as &dyn std::error::Error, "the auditor waits");
                }
            }
        }
    }
}

/// One sample of each tenant, from a place in the order of ids that the clock's randomness chooses.
pub async fn round(context: &Folding) -> Result<u64, Error> {
    let mut drifting = 0;
    for tenant_id in tenant::all(&context.pool).await? {
        let id = context.clock.uuid_v7().as_u128();
        let somewhere = Uuid::from_u128(id.rotate_left(64));
        let verdict = sample(context, tenant_id, somewhere, SAMPLE).await?;
        for drift in verdict.drifts.iter().filter(|drift| !drift.older_fold) {
            let cells: Vec<&str> = drift.cells.iter().map(|cell| cell.name.as_str()).collect();
            tracing::error!(
                tenant = %tenant_id,
                ?cells,
                log_differs = drift.log_differs,
                "an insight is not what the log says; `verify` names it, `verify --heal` repairs it"
            );
            drifting += 1;
        }
    }
    Ok(drifting)
}

/// A verdict in the making.
struct Gathered {
    verdict: Verdict,
    stored: Tree,
    refolded: Tree,
}

impl Gathered {
    fn new(tenant_id: Uuid) -> Self {
        Self {
            verdict: Verdict {
                tenant_id,
                customers: 0,
                log_rows: 0,
                drifts: Vec::new(),
                stored_root: [0; 32],
                refolded_root: [0; 32],
            },
            stored: Tree::default(),
            refolded: Tree::default(),
        }
    }

    fn take(&mut self, page: Examined) {
        let count = |n| u64::try_from(n).unwrap_or(u64::MAX);
        self.verdict.customers += count(page.customers);
        self.verdict.log_rows += count(page.log_rows);
        self.verdict.drifts.extend(page.drifts);
        for leaf in page.leaves {
            let stored = leaf.stored.unwrap_or_default();
            self.stored.push(merkle::leaf(leaf.person, &stored));
            self.refolded
                .push(merkle::leaf(leaf.person, &leaf.refolded));
        }
    }

    fn end(mut self) -> Verdict {
        self.verdict.stored_root = self.stored.root();
        self.verdict.refolded_root = self.refolded.root();
        self.verdict
    }
}
