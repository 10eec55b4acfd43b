//! The fence: nameless tags of erased persons, asked before anything about a person is written.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use sqlx::PgConnection;
use uuid::Uuid;

use super::fence_file::{Entry, FenceFile};
use crate::db::{Error, Pool, Tx};

/// Makes tags from persons' ids; the secret behind them stays outside the database. Where tags are also kept outside of
/// it, this knows the file, so that no fence is raised past it.
#[derive(Clone)]
pub struct Pepper {
    key: Hkdf<Sha256>,
    file: Option<FenceFile>,
}

impl std::fmt::Debug for Pepper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pepper")
    }
}

impl Pepper {
    /// From the service's master key.
    #[must_use]
    pub fn new(master_key: &[u8]) -> Self {
        Self {
            key: Hkdf::new(Some(b"customer-intelligence"), master_key),
            file: None,
        }
    }

    /// The same, with tags kept in a file as well.
    #[must_use]
    pub fn kept_in(self, file: FenceFile) -> Self {
        Self {
            file: Some(file),
            ..self
        }
    }

    /// The file in which tags are kept as well, if they are.
    #[must_use]
    pub fn file(&self) -> Option<&FenceFile> {
        self.file.as_ref()
    }

    /// The tag of a person: HMAC-SHA-256 under the tenant's own key, shortened to a uuid (RFC 9562, version 8).
    #[must_use]
    pub fn tag(&self, tenant_id: Uuid, person: Uuid) -> Uuid {
        tagged(self.of_tenant(tenant_id), person)
    }

    /// The tags of several persons of a tenant.
    #[must_use]
    pub fn tags(&self, tenant_id: Uuid, persons: &[Uuid]) -> Vec<Uuid> {
        let key = self.of_tenant(tenant_id);
        let tags = persons.iter().map(|person| tagged(key.clone(), *person));
        tags.collect()
    }

    /// HMAC under the tenant's own key.
    fn of_tenant(&self, tenant_id: Uuid) -> Option<Hmac<Sha256>> {
        let mut key = [0_u8; 32];
        let info = [b"fence".as_slice(), tenant_id.as_bytes()].concat();
        // 32 bytes are one block of the expansion, and HMAC takes keys of any length: neither can fail.
        let expanded = self.key.expand(&info, &mut key).is_ok();
        Hmac::<Sha256>::new_from_slice(&key)
            .ok()
            .filter(|_| expanded)
    }
}

fn tagged(mac: Option<Hmac<Sha256>>, person: Uuid) -> Uuid {
    let digest = mac.map(|mac| mac.chain_update(person.as_bytes()).finalize().into_bytes());
    let mut bytes = [0_u8; 16];
    for (to, from) in bytes.iter_mut().zip(digest.iter().flatten()) {
        *to = *from;
    }
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
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

/// Puts persons behind the fence; in the file, where there is one, at once, in the database with the transaction.
pub async fn raise(
    tx: &mut Tx,
    pepper: &Pepper,
    tenant_id: Uuid,
    persons: &BTreeSet<Uuid>,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let entries = persons.iter().map(|person| Entry {
        tenant_id,
        tag: pepper.tag(tenant_id, *person),
        erased_at: now,
        reason: reason.to_owned(),
    });
    let entries: Vec<Entry> = entries.collect();
    let new = raise_tags(tx, tenant_id, &entries).await?;
    if let Some(file) = pepper.file() {
        let new: Vec<Entry> = entries
            .into_iter()
            .filter(|entry| new.contains(&entry.tag))
            .collect();
        file.append(&new).await.map_err(unwritable)?;
    }
    Ok(())
}

fn unwritable(error: std::io::Error) -> Error {
    tracing::error!(%error, "the fence's file cannot be written, so nobody can be erased");
    Error::Unavailable(sqlx::Error::Io(error))
}

/// Puts tags of one tenant into the database's fence; returns those that were not there.
pub async fn raise_tags(
    tx: &mut Tx,
    tenant_id: Uuid,
    entries: &[Entry],
) -> Result<BTreeSet<Uuid>, Error> {
    let tags: Vec<Uuid> = entries.iter().map(|entry| entry.tag).collect();
    let at: Vec<DateTime<Utc>> = entries.iter().map(|entry| entry.erased_at).collect();
    let reasons: Vec<String> = entries.iter().map(|entry| entry.reason.clone()).collect();
    let new = sqlx::query_scalar!(
        "insert into fence (tenant_id, tag, erased_at, reason)
         select $1, tag, erased_at, reason
         from unnest($2::uuid[], $3::timestamptz[], $4::text[]) as u (tag, erased_at, reason) order by tag
         on conflict (tenant_id, tag) do nothing
         returning tag",
        tenant_id,
        &tags,
        &at,
        &reasons,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(new.into_iter().collect())
}

/// Those of these entries that the database's fence lacks.
pub async fn missing(pool: &Pool, entries: &[Entry]) -> Result<Vec<Entry>, Error> {
    let tenants: Vec<Uuid> = entries.iter().map(|entry| entry.tenant_id).collect();
    let tags: Vec<Uuid> = entries.iter().map(|entry| entry.tag).collect();
    let places = sqlx::query_scalar!(
        r#"select u.at as "at!"
           from unnest($1::uuid[], $2::uuid[]) with ordinality as u (tenant_id, tag, at)
           where not exists (
             select from fence f where f.tenant_id = u.tenant_id and f.tag = u.tag)"#,
        &tenants,
        &tags,
    )
    .fetch_all(pool)
    .await?;
    let places = places
        .into_iter()
        .filter_map(|at| usize::try_from(at - 1).ok());
    Ok(places.filter_map(|at| entries.get(at).cloned()).collect())
}

/// Everything in the fence of a tenant.
pub async fn entries(connection: &mut PgConnection, tenant_id: Uuid) -> Result<Vec<Entry>, Error> {
    let found = sqlx::query_as!(
        Entry,
        "select tenant_id, tag, erased_at, reason from fence where tenant_id = $1 order by tag",
        tenant_id,
    )
    .fetch_all(connection)
    .await?;
    Ok(found)
}
