//! Learns anew from everybody of a tenant, one kind of model after the other.
//!
//! What was read is let go of before the next tenant's turn, and calculating keeps a core of its own busy, so that the
//! service goes on answering meanwhile. Done again without anything new it changes nothing. Deliberately absent: what is
//! learned (that is `derivations::training`) and when (that is `cron`).

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use crate::db::{Error, Pool};
use crate::derivations::training::{self, Learned, Material, TRAINERS, Trainer, Training};
use crate::domain::clock::Clock;
use crate::domain::model::registry::Kind;

/// What one kind came to, and what it took.
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    /// What was learned.
    pub learned: Learned,
    /// How many customers it was learned from.
    pub persons: usize,
    /// Calculating alone.
    pub took: Duration,
}

/// How far a training is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Step<'s> {
    /// Everybody's history was read.
    Gathered {
        /// The histories, and what they are.
        material: &'s Material,
        /// Reading alone.
        took: Duration,
    },
    /// One kind is done.
    Trained(&'s Trained),
}

/// Trains these kinds (all of them when none is named); `told` hears after each step.
///
/// `actor` is who asks: the nightly job, or a command.
pub async fn tenant(
    pool: &Pool,
    clock: &Clock,
    tenant_id: Uuid,
    (kinds, actor): (&[Kind], &str),
    mut told: impl FnMut(Step<'_>) + Send,
) -> Result<Vec<Trained>, Error> {
    let begun = Instant::now();
    let material = Arc::new(training::gather(pool, tenant_id, clock.now()).await?);
    told(Step::Gathered {
        material: &material,
        took: begun.elapsed(),
    });
    let mut done = Vec::new();
    for (kind, trainer) in TRAINERS {
        if !kinds.is_empty() && !kinds.contains(kind) {
            continue;
        }
        let champion = training::champion(pool, tenant_id, *kind, clock.now()).await?;
        let (trained, took) = calculated(&material, *trainer, champion, tenant_id).await?;
        let persons = trained.persons;
        let at = (took, clock.now());
        let kept = training::keep(pool, tenant_id, *kind, (&material, trained), at, actor);
        let trained = Trained {
            learned: kept.await?,
            persons,
            took,
        };
        told(Step::Trained(&trained));
        done.push(trained);
    }
    Ok(done)
}

/// On a thread of its own: a training takes seconds.
async fn calculated(
    material: &Arc<Material>,
    trainer: Trainer,
    champion: Option<Vec<u8>>,
    tenant_id: Uuid,
) -> Result<(Training, Duration), Error> {
    let material = Arc::clone(material);
    let work = tokio::task::spawn_blocking(move || {
        let begun = Instant::now();
        (trainer(&material, champion.as_deref()), begun.elapsed())
    });
    work.await.map_err(|panic| {
        tracing::error!(error = %panic, "a training broke off");
        Error::Inconsistent {
            table: "customer_insight",
            column: "body",
            id: tenant_id,
        }
    })
}
