//! Whether the chains are whole: every link in its place, over the link before it, and saying what it said.
//!
//! Whoever can write the database can also leave out the end of a chain, or write a chain anew from some link on.
//! Against that, heads are noted elsewhere and compared with what is there.

use sqlx::PgConnection;
use uuid::Uuid;

use super::acts::{self, ActLink};
use super::hash;
use crate::db::Error;

/// Links looked at in one statement.
const PAGE: i64 = 2_000;

/// A chain's last link, by which all before it are held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Whose chain.
    pub tenant_id: Uuid,
    /// Which: a process's chain of reads; none for the chain of acts.
    pub chain: Option<Uuid>,
    /// Place of the last link; 0 for none.
    pub number: i64,
    /// Its hash.
    pub hash: Vec<u8>,
}

/// Where a chain is not whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A link is not there.
    #[error("link {number} is missing")]
    Missing {
        /// Its place.
        number: i64,
    },
    /// A link does not stand over the one before.
    #[error("link {number} does not follow from the one before it")]
    Loose {
        /// Its place.
        number: i64,
    },
    /// A link was changed.
    #[error("link {number} does not say what it said")]
    Changed {
        /// Its place.
        number: i64,
    },
}

/// What is known while a chain is followed.
struct Walk {
    number: i64,
    hash: Vec<u8>,
}

impl Walk {
    fn step(&mut self, link: &ActLink) -> Result<(), Fault> {
        let number = self.number + 1;
        if link.number != number {
            return Err(Fault::Missing { number });
        }
        if link.previous != self.hash {
            return Err(Fault::Loose { number });
        }
        if link.hash != link.hashed() {
            return Err(Fault::Changed { number });
        }
        self.number = number;
        self.hash.clone_from(&link.hash);
        Ok(())
    }
}

/// Follows a tenant's chain of acts from its first link to its last.
pub async fn acts(
    connection: &mut PgConnection,
    tenant_id: Uuid,
) -> Result<Result<Head, Fault>, Error> {
    let mut walk = Walk {
        number: 0,
        hash: hash::NONE.to_vec(),
    };
    loop {
        let links = acts::chain(connection, tenant_id, walk.number, PAGE).await?;
        if links.is_empty() {
            return Ok(Ok(Head {
                tenant_id,
                chain: None,
                number: walk.number,
                hash: walk.hash,
            }));
        }
        for link in &links {
            if let Err(fault) = walk.step(link) {
                return Ok(Err(fault));
            }
        }
    }
}
