//! The fence: nameless tags of erased persons, asked before anything about a person is written.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::Uuid;

use crate::db::{Error, Tx};

/// Makes tags from persons' ids; the secret behind them stays outside the database.
#[derive(Clone)]
pub struct Pepper(Hkdf<Sha256>);

impl std::fmt::Debug for Pepper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pepper")
    }
}

impl Pepper {
    /// From the service's master key.
    #[must_use]
    pub fn new(master_key: &[u8]) -> Self {
        Self(Hkdf::new(Some(b"customer-intelligence"), master_key))
    }

    /// The tag of a person: HMAC-SHA-256 under the tenant's own key, shortened to a uuid (RFC 9562, version 8).
    #[must_use]
    pub fn tag(&self, tenant_id: Uuid, person: Uuid) -> Uuid {
        let mut key = [0_u8; 32];
        let info = [b"fence".as_slice(), tenant_id.as_bytes()].concat();
        // 32 bytes are one block of the expansion, and HMAC takes keys of any length: neither can fail.
        let expanded = self.0.expand(&info, &mut key).is_ok();
        let mac = Hmac::<Sha256>::new_from_slice(&key)
            .ok()
            .filter(|_| expanded);
        let digest = mac.map(|mac| mac.chain_update(person.as_bytes()).finalize().into_bytes());
        let mut bytes = [0_u8; 16];
        for (to, from) in bytes.iter_mut().zip(digest.iter().flatten()) {
            *to = *from;
        }
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }
}

/// Those of the persons who are erased.
pub async fn fenced(
    tx: &mut Tx,
    pepper: &Pepper,
    tenant_id: Uuid,
    persons: &BTreeSet<Uuid>,
) -> Result<BTreeSet<Uuid>, Error> {
    let any = sqlx::query_scalar!(
        r#"select exists (select from fence where tenant_id = $1) as "any!""#,
        tenant_id
    )
    .fetch_one(&mut **tx)
    .await?;
    if !any || persons.is_empty() {
        return Ok(BTreeSet::new());
    }
    let persons: Vec<Uuid> = persons.iter().copied().collect();
    let tags: Vec<Uuid> = persons
        .iter()
        .map(|person| pepper.tag(tenant_id, *person))
        .collect();
    let found = sqlx::query_scalar!(
        r#"select u.person as "person!"
           from unnest($2::uuid[], $3::uuid[]) as u (person, tag)
           cross join lateral (
             select from fence where tenant_id = $1 and tag = u.tag offset 0) f"#,
        tenant_id,
        &persons,
        &tags,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(found.into_iter().collect())
}

/// Puts persons behind the fence.
pub async fn raise(
    tx: &mut Tx,
    pepper: &Pepper,
    tenant_id: Uuid,
    persons: &BTreeSet<Uuid>,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let tags: Vec<Uuid> = persons
        .iter()
        .map(|person| pepper.tag(tenant_id, *person))
        .collect();
    sqlx::query!(
        "insert into fence (tenant_id, tag, erased_at, reason)
         select $1, tag, $3, $4 from unnest($2::uuid[]) as u (tag) order by tag
         on conflict (tenant_id, tag) do nothing",
        tenant_id,
        &tags,
        now,
        reason,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
