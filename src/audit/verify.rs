//! Whether the chains are whole: every link in its place, over the link before it, and saying what it said.
//!
//! Acts tell which chains of reads began, how those ended that came to an orderly end, and up to where links were let
//! go. Whoever can write the database as its owner could still leave out the end of the chain of acts, or write it anew
//! from some link on; against that, heads are noted elsewhere and compared with what is there ([`holds`]).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use super::acts::{self, ActLink};
use super::entry::Act;
use super::hash;
use super::read_rows::{self, ReadLink};
use crate::db::Error;

/// Links looked at in one statement.
const PAGE: i64 = 2_000;

/// A chain's last link, by which all before it are held.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Whose chain.
    pub tenant_id: Uuid,
    /// Which: a process's chain of reads; none for the chain of acts.
    pub chain: Option<Uuid>,
    /// Place of the last link; 0 for none.
    pub number: i64,
    /// Its hash, hexadecimal.
    pub hash: String,
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
    /// A chain ends elsewhere than where it was ended.
    #[error("it was ended at link {number}, which is not its last one")]
    Cut {
        /// Where it was ended.
        number: i64,
    },
    /// A chain began, and there is no link of it.
    #[error("it began, and is gone as a whole")]
    Gone,
    /// No act says that it began.
    #[error("no act says that it began")]
    Unannounced,
    /// A link that was noted is another one now, or not there.
    #[error("link {number} is not the one that was noted")]
    NotAsNoted {
        /// Its place.
        number: i64,
    },
}

/// What was found of a tenant's chains.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The heads of the chains that are whole.
    pub heads: Vec<Head>,
    /// Those that are not: the chain (none for the acts) and where.
    pub faults: Vec<(Option<Uuid>, Fault)>,
    /// Links that were looked at.
    pub links: u64,
    /// Reads that could not be recorded, as the chains tell.
    pub lost: i64,
}

/// A place in a chain and the hash of its link.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Place {
    number: i64,
    hash: String,
}

#[derive(Deserialize)]
struct Pruned {
    chain: Uuid,
    #[serde(flatten)]
    place: Place,
}

/// What acts tell about chains of reads.
#[derive(Debug, Default)]
struct Told {
    /// Every chain that began; and how it ended.
    chains: BTreeMap<Uuid, Option<Place>>,
    /// The last link that was let go.
    pruned: BTreeMap<Uuid, Place>,
}

impl Told {
    fn hear(&mut self, link: &ActLink) {
        let place = || serde_json::from_str::<Place>(&link.detail).ok();
        match (&link.act, link.object_id) {
            (act, Some(chain)) if act == Act::ReadsBegun.name() => {
                self.chains.entry(chain).or_default();
            }
            (act, Some(chain)) if act == Act::ReadsEnded.name() => {
                self.chains.insert(chain, place());
            }
            (act, _) if act == Act::ReadsPruned.name() => {
                let all: Vec<Pruned> = serde_json::from_str(&link.detail).unwrap_or_default();
                self.pruned
                    .extend(all.into_iter().map(|one| (one.chain, one.place)));
            }
            _ => {}
        }
    }
}

/// What is known while a chain is followed.
struct Walk {
    number: i64,
    hash: Vec<u8>,
}

impl Walk {
    fn begin() -> Self {
        Self {
            number: 0,
            hash: hash::NONE.to_vec(),
        }
    }

    /// One link, as it is stored and as its hash has to be.
    fn step(
        &mut self,
        number: i64,
        previous: &[u8],
        stored: &[u8],
        is: &[u8],
    ) -> Result<(), Fault> {
        let expected = self.number + 1;
        if number != expected {
            return Err(Fault::Missing { number: expected });
        }
        if previous != self.hash {
            return Err(Fault::Loose { number });
        }
        if stored != is {
            return Err(Fault::Changed { number });
        }
        self.number = number;
        self.hash = stored.to_vec();
        Ok(())
    }

    fn head(self, tenant_id: Uuid, chain: Option<Uuid>) -> Head {
        Head {
            tenant_id,
            chain,
            number: self.number,
            hash: hex::encode(self.hash),
        }
    }
}

/// Follows all of a tenant's chains, each from its first link to its last.
pub async fn tenant(connection: &mut PgConnection, tenant_id: Uuid) -> Result<Report, Error> {
    let mut report = Report::default();
    let mut told = Told::default();
    match acts(connection, tenant_id, &mut told, &mut report).await? {
        Ok(head) => report.heads.push(head),
        Err(fault) => report.faults.push((None, fault)),
    }
    let chains = read_rows::chains(connection, tenant_id).await?;
    for chain in &chains {
        match reads(connection, (tenant_id, *chain), &told, &mut report).await? {
            Ok(head) => report.heads.push(head),
            Err(fault) => report.faults.push((Some(*chain), fault)),
        }
    }
    let gone = told.chains.keys();
    let gone = gone.filter(|chain| !chains.contains(chain) && !told.pruned.contains_key(chain));
    let gone = gone.map(|chain| (Some(*chain), Fault::Gone));
    report.faults.extend(gone);
    Ok(report)
}

async fn acts(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    told: &mut Told,
    report: &mut Report,
) -> Result<Result<Head, Fault>, Error> {
    let mut walk = Walk::begin();
    loop {
        let links = acts::chain(connection, tenant_id, walk.number, PAGE).await?;
        if links.is_empty() {
            return Ok(Ok(walk.head(tenant_id, None)));
        }
        for link in &links {
            report.links += 1;
            let step = walk.step(link.number, &link.previous, &link.hash, &link.hashed());
            if let Err(fault) = step {
                return Ok(Err(fault));
            }
            told.hear(link);
        }
    }
}

async fn reads(
    connection: &mut PgConnection,
    (tenant_id, chain): (Uuid, Uuid),
    told: &Told,
    report: &mut Report,
) -> Result<Result<Head, Fault>, Error> {
    let Some(ended) = told.chains.get(&chain) else {
        return Ok(Err(Fault::Unannounced));
    };
    let mut walk = Walk::begin();
    if let Some(place) = told.pruned.get(&chain) {
        walk.number = place.number;
        // What is no hash is no link's either.
        walk.hash = hex::decode(&place.hash).unwrap_or_default();
    }
    loop {
        let key = (tenant_id, chain);
        let links = read_rows::chain(connection, key, walk.number, PAGE).await?;
        if links.is_empty() {
            break;
        }
        for link in &links {
            report.links += 1;
            report.lost += link.lost;
            if link.number == 1 && walk.number == 0 {
                if !anchored(connection, link, told).await? {
                    return Ok(Err(Fault::Loose { number: 1 }));
                }
                walk.hash.clone_from(&link.previous);
            }
            let step = walk.step(link.number, &link.previous, &link.hash, &link.hashed());
            if let Err(fault) = step {
                return Ok(Err(fault));
            }
        }
    }
    let head = walk.head(tenant_id, Some(chain));
    let as_ended = |place: &Place| place.number == head.number && place.hash == head.hash;
    Ok(match ended {
        Some(place) if !as_ended(place) => Err(Fault::Cut {
            number: place.number,
        }),
        _ => Ok(head),
    })
}

/// Whether a chain's first link stands over a link of the chain it names; one that was let go cannot be asked.
async fn anchored(
    connection: &mut PgConnection,
    first: &ReadLink,
    told: &Told,
) -> Result<bool, Error> {
    match first.anchor {
        None => Ok(first.previous == hash::NONE),
        Some(anchor) if told.pruned.contains_key(&anchor) => Ok(true),
        Some(anchor) => {
            let key = (first.tenant_id, anchor);
            read_rows::has(connection, key, &first.previous).await
        }
    }
}

/// Whether a link that was noted as a head is still there, and still the same.
pub async fn holds(
    connection: &mut PgConnection,
    noted: &Head,
) -> Result<Result<(), Fault>, Error> {
    let number = noted.number;
    let before = number - 1;
    let found = match noted.chain {
        _ if number == 0 => return Ok(Ok(())),
        None => {
            let links = acts::chain(connection, noted.tenant_id, before, 1).await?;
            links
                .into_iter()
                .next()
                .map(|link| (link.number, link.hash))
        }
        Some(chain) => {
            let key = (noted.tenant_id, chain);
            let links = read_rows::chain(connection, key, before, 1).await?;
            match links.into_iter().next() {
                Some(link) if link.number > number => return Ok(Ok(())),
                found => found.map(|link| (link.number, link.hash)),
            }
        }
    };
    let as_noted = found.is_some_and(|(at, hash)| at == number && hex::encode(&hash) == noted.hash);
    Ok(if as_noted {
        Ok(())
    } else {
        Err(Fault::NotAsNoted { number })
    })
}
