//! Receipts: what an erasure took out and that nothing was found afterwards, signed and chained, naming nobody.
//!
//! A receipt is never changed: each scan issues one more. The signature is over the JSON of `receipt` as serde writes
//! it, so a file may be formatted anew but not say anything else.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

use super::request::Request;
use super::scan::Counts;
use crate::db::{Error, Tx};
use crate::domain::fold::FOLD_VERSION;
use crate::projections;

/// Version of the receipt's form.
const FORMAT: u8 = 2;
/// What this program cannot reach and whoever runs it has to see to.
const NOT_COVERED: [&str; 3] = [
    "backups and write-ahead logs of the database, until they expire",
    "hdb_catalog.event_log and event_invocation_logs in Hasura's source database: \
     select * from ci_upkeep.forget_person('<tenant>', '<person>'), by whoever knows the id (hasura/sql/forget_person.sql)",
    "what was exported or delivered before",
];

/// One scan of every table of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scan {
    /// When.
    pub at: DateTime<Utc>,
    /// Rows found, by table: all 0.
    pub found: Counts,
}

/// What is proven.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// Version of this form.
    pub format: u8,
    /// Place in the tenant's chain, from 1.
    pub number: i64,
    /// SHA-256 of the receipt before, as it was handed out; none for the first.
    pub previous: Option<String>,
    /// When this was issued.
    pub issued_at: DateTime<Utc>,
    /// Which request.
    pub request_id: Uuid,
    /// Whose customer it was.
    pub tenant_id: Uuid,
    /// HMAC of the person's id.
    pub subject_tag: Uuid,
    /// How many profiles were erased: the person's and all merged with it.
    pub profiles: usize,
    /// What went, by category; nothing named means everything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// Why.
    pub basis: String,
    /// When it was asked for.
    pub requested_at: DateTime<Utc>,
    /// When it had to be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<DateTime<Utc>>,
    /// When the fence was raised.
    pub fenced_at: Option<DateTime<Utc>>,
    /// When the rows were taken out.
    pub deleted_at: Option<DateTime<Utc>>,
    /// When everybody downstream had confirmed, or there was nobody to tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub propagated_at: Option<DateTime<Utc>>,
    /// Who downstream was told and has confirmed; nobody, where nobody is to be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<BTreeSet<String>>,
    /// Rows taken out or emptied, by table.
    pub removed: BTreeMap<String, u64>,
    /// Nameless rows that have to stay, by table: proofs of consent, to the end of the limitation period.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub kept: BTreeMap<String, u64>,
    /// The scan that this receipt is about.
    pub scan: Scan,
    /// Which scan of this erasure: 1 at once, 2 later.
    pub scans: u8,
    /// Version of the program.
    pub program: String,
    /// Version of the fold.
    pub fold: i16,
    /// What is beyond this program's reach.
    pub not_covered: Vec<String>,
}

/// A receipt as it is handed out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    /// What is proven.
    pub receipt: Receipt,
    /// Ed25519 public key, hexadecimal.
    pub public_key: String,
    /// Ed25519 signature (RFC 8032) over the JSON of `receipt`, hexadecimal.
    pub signature: String,
}

/// Signs receipts and tells one's own from others.
pub struct Signer(Ed25519KeyPair);

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({})", self.public_key())
    }
}

/// Why a receipt is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It was signed by another key.
    #[error("it was signed by another key than this service's")]
    ForeignKey,
    /// The signature does not fit.
    #[error("the signature does not fit what it says")]
    Signature,
    /// The chain in the database is not whole at this place.
    #[error("the chain is broken at receipt {number}")]
    Chain {
        /// The place.
        number: i64,
    },
    /// The chain has another receipt in its place, or none.
    #[error("the chain has no such receipt at place {number}")]
    Unknown {
        /// The place.
        number: i64,
    },
}

impl Signer {
    /// From a key of 32 bytes that is used for nothing else; none if it is no seed.
    #[must_use]
    pub fn new(seed: &[u8; 32]) -> Option<Self> {
        Ed25519KeyPair::from_seed_unchecked(seed).ok().map(Self)
    }

    /// The public key, hexadecimal.
    #[must_use]
    pub fn public_key(&self) -> String {
        hex::encode(self.0.public_key().as_ref())
    }

    fn sign(&self, receipt: Receipt) -> Signed {
        Signed {
            signature: hex::encode(self.0.sign(&words(&receipt)).as_ref()),
            public_key: self.public_key(),
            receipt,
        }
    }

    /// Whether the receipt is this service's and says what was signed.
    pub fn check(&self, signed: &Signed) -> Result<(), Fault> {
        if signed.public_key != self.public_key() {
            return Err(Fault::ForeignKey);
        }
        let signature = hex::decode(&signed.signature).map_err(|_no_digits| Fault::Signature)?;
        UnparsedPublicKey::new(&ED25519, self.0.public_key().as_ref())
            .verify(&words(&signed.receipt), &signature)
            .map_err(|_it_says_nothing| Fault::Signature)
    }
}

/// What is signed. A receipt of numbers and words is always written down.
fn words(receipt: &Receipt) -> Vec<u8> {
    serde_json::to_vec(receipt).unwrap_or_default()
}

fn hash(body: &str) -> String {
    hex::encode(Sha256::digest(body.as_bytes()))
}

/// What is left of these persons under their tags.
async fn kept(tx: &mut Tx, request: &Request) -> Result<BTreeMap<String, u64>, Error> {
    let tags: Vec<_> = request.tags.iter().copied().collect();
    let proofs = projections::proofs(tx, request.tenant_id, &tags).await?;
    let kept = Some(("consent_proof".to_owned(), proofs)).filter(|_| proofs > 0);
    Ok(kept.into_iter().collect())
}

/// Issues the next receipt of the tenant's chain. The caller holds the tenant's row.
pub async fn issue(
    tx: &mut Tx,
    signer: &Signer,
    request: &Request,
    scan: Scan,
    scans: u8,
) -> Result<Signed, Error> {
    let tenant_id = request.tenant_id;
    let last = sqlx::query!(
        "select number, body from erasure_receipt where tenant_id = $1 order by number desc limit 1",
        tenant_id
    )
    .fetch_optional(&mut **tx)
    .await?;
    let receipt = Receipt {
        format: FORMAT,
        number: last.as_ref().map_or(1, |last| last.number + 1),
        previous: last.map(|last| hash(&last.body)),
        issued_at: scan.at,
        request_id: request.request_id,
        tenant_id,
        subject_tag: request.subject_tag,
        profiles: request.tags.len(),
        categories: request
            .categories
            .iter()
            .map(|one| one.name().to_owned())
            .collect(),
        basis: request.basis.clone(),
        requested_at: request.requested_at,
        due_at: request.due_at,
        fenced_at: request.fenced_at,
        deleted_at: request.deleted_at,
        propagated_at: request.propagated_at,
        told: Some(request.told.clone()),
        removed: request.removed.clone(),
        kept: kept(tx, request).await?,
        scan,
        scans,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        fold: FOLD_VERSION,
        not_covered: NOT_COVERED.map(str::to_owned).to_vec(),
    };
    let signed = signer.sign(receipt);
    let body = serde_json::to_string(&signed).unwrap_or_default();
    sqlx::query!(
        "insert into erasure_receipt (tenant_id, number, request_id, issued_at, body)
         values ($1, $2, $3, $4, $5)",
        tenant_id,
        signed.receipt.number,
        request.request_id,
        signed.receipt.issued_at,
        body,
    )
    .execute(&mut **tx)
    .await?;
    Ok(signed)
}

/// The tenant's receipts, as they were handed out, from the first to the last.
async fn chain(
    connection: &mut PgConnection,
    tenant_id: Uuid,
) -> Result<Vec<(i64, String)>, Error> {
    let rows = sqlx::query!(
        "select number, body from erasure_receipt where tenant_id = $1 order by number",
        tenant_id
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.number, row.body)).collect())
}

/// The latest receipt of a request.
pub async fn latest(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    request_id: Uuid,
) -> Result<Option<Signed>, Error> {
    let body = sqlx::query_scalar!(
        "select body from erasure_receipt where tenant_id = $1 and request_id = $2
         order by number desc limit 1",
        tenant_id,
        request_id,
    )
    .fetch_optional(connection)
    .await?;
    let misfit = Error::Inconsistent {
        table: "erasure_receipt",
        column: "body",
        id: request_id,
    };
    match body {
        None => Ok(None),
        Some(body) => Ok(Some(
            serde_json::from_str(&body).map_err(|_no_receipt| misfit)?,
        )),
    }
}

/// The latest receipt of each of these requests that has one, as it was handed out.
pub async fn latest_of(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    requests: &[Uuid],
) -> Result<HashMap<Uuid, serde_json::Value>, Error> {
    let rows = sqlx::query!(
        "select distinct on (request_id) request_id, body from erasure_receipt
         where tenant_id = $1 and request_id = any ($2) order by request_id, number desc",
        tenant_id,
        requests,
    )
    .fetch_all(connection)
    .await?;
    let read = rows.into_iter().map(|row| {
        let body = serde_json::from_str(&row.body).map_err(|_no_json| Error::Inconsistent {
            table: "erasure_receipt",
            column: "body",
            id: row.request_id,
        })?;
        Ok((row.request_id, body))
    });
    read.collect()
}

/// Checks a receipt: its signature, every link of the tenant's chain, and its own place there. Returns how long the
/// chain is.
pub async fn check(
    connection: &mut PgConnection,
    signer: &Signer,
    signed: &Signed,
) -> Result<Result<usize, Fault>, Error> {
    let chain = chain(connection, signed.receipt.tenant_id).await?;
    Ok(signer
        .check(signed)
        .and_then(|()| linked(signer, &chain))
        .and_then(|()| placed(&chain, signed))
        .map(|()| chain.len()))
}

fn linked(signer: &Signer, chain: &[(i64, String)]) -> Result<(), Fault> {
    let mut previous = None;
    for (place, (number, body)) in (1..).zip(chain) {
        let broken = Fault::Chain { number: place };
        let Ok(signed) = serde_json::from_str::<Signed>(body) else {
            return Err(broken);
        };
        let fits = signed.receipt.previous == previous && signed.receipt.number == place;
        if *number != place || !fits || signer.check(&signed).is_err() {
            return Err(broken);
        }
        previous = Some(hash(body));
    }
    Ok(())
}

fn placed(chain: &[(i64, String)], signed: &Signed) -> Result<(), Fault> {
    let number = signed.receipt.number;
    let kept = chain.iter().find(|(place, _)| *place == number);
    let kept = kept.and_then(|(_, body)| serde_json::from_str::<Signed>(body).ok());
    match kept {
        Some(kept) if kept == *signed => Ok(()),
        _ => Err(Fault::Unknown { number }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt() -> Receipt {
        let at = "2027-01-01T00:00:00.123456Z".parse().unwrap();
        Receipt {
            format: FORMAT,
            number: 1,
            previous: None,
            issued_at: at,
            request_id: Uuid::from_u128(1),
            tenant_id: Uuid::from_u128(2),
            subject_tag: Uuid::from_u128(3),
            profiles: 1,
            categories: Vec::new(),
            basis: "gdpr-request".to_owned(),
            requested_at: at,
            due_at: None,
            fenced_at: Some(at),
            deleted_at: Some(at),
            propagated_at: None,
            told: None,
            removed: BTreeMap::from([("activity_log".to_owned(), 7)]),
            kept: BTreeMap::new(),
            scan: Scan {
                at,
                found: Counts::new(),
            },
            scans: 1,
            program: "0".to_owned(),
            fold: 1,
            not_covered: Vec::new(),
        }
    }

    #[test]
    fn a_receipt_survives_its_file_and_no_change_of_it() {
        let signer = Signer::new(&[7; 32]).unwrap();
        let signed = signer.sign(receipt());
        let file = serde_json::to_string_pretty(&signed).unwrap();
        let read: Signed = serde_json::from_str(&file).unwrap();
        assert_eq!(signer.check(&read), Ok(()));
        let changed = file.replace("\"activity_log\": 7", "\"activity_log\": 8");
        assert_ne!(changed, file);
        let read: Signed = serde_json::from_str(&changed).unwrap();
        assert_eq!(signer.check(&read), Err(Fault::Signature));
        let other = Signer::new(&[8; 32]).unwrap();
        assert_eq!(other.check(&signed), Err(Fault::ForeignKey));
        assert!(serde_json::from_str::<Signed>(&file.replace("\"fold\"", "\"gold\"")).is_err());
    }
}
