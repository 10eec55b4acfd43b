//! The fence: nameless tags of erased persons, asked before anything about a person is written.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use sqlx::PgConnection;
use uuid::Uuid;

use super::bars::Bar;
pub use super::fence_file::Entry as Kept;
use super::fence_file::{Entry, FenceFile};
use crate::db::{Error, Pool, Tx};
use crate::domain::category::Category;

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

/// What the fence of a tenant is like, so that nobody asks it in vain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Somebody is in it.
    pub any: bool,
    /// Somebody is in it with a single category, or was allowed to return: their rows have to be looked at one by one.
    pub partial: bool,
}

/// Looks at the fence of a tenant.
pub async fn standing(connection: &mut PgConnection, tenant_id: Uuid) -> Result<Standing, Error> {
    let found = sqlx::query_as!(
        Standing,
        r#"select exists (select from fence where tenant_id = $1) as "any!",
                  exists (select from fence where tenant_id = $1
                            and (scope <> 0 or returned_at is not null)) as "partial!""#,
        tenant_id
    )
    .fetch_one(connection)
    .await?;
    Ok(found)
}

/// Those of the persons who are kept out of something, and of what.
pub async fn bars(
    connection: &mut PgConnection,
    pepper: &Pepper,
    tenant_id: Uuid,
    persons: &BTreeSet<Uuid>,
) -> Result<BTreeMap<Uuid, BTreeSet<Bar>>, Error> {
    let mut found: BTreeMap<Uuid, BTreeSet<Bar>> = BTreeMap::new();
    if persons.is_empty() {
        return Ok(found);
    }
    let persons: Vec<Uuid> = persons.iter().copied().collect();
    let tags: Vec<Uuid> = persons
        .iter()
        .map(|person| pepper.tag(tenant_id, *person))
        .collect();
    let rows = sqlx::query!(
        r#"select u.person as "person!", f.scope as "scope!", f.returned_at
           from unnest($2::uuid[], $3::uuid[]) as u (person, tag)
           cross join lateral (
             select scope, returned_at from fence where tenant_id = $1 and tag = u.tag offset 0) f"#,
        tenant_id,
        &persons,
        &tags,
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        let bar = Bar {
            category: category(row.scope)?,
            returned_at: row.returned_at,
        };
        found.entry(row.person).or_default().insert(bar);
    }
    Ok(found)
}

/// Those of the persons who are erased, and were not allowed to return.
pub async fn fenced(
    tx: &mut Tx,
    pepper: &Pepper,
    tenant_id: Uuid,
    persons: &BTreeSet<Uuid>,
) -> Result<BTreeSet<Uuid>, Error> {
    let erased = Bar {
        category: None,
        returned_at: None,
    };
    let bars = bars(tx, pepper, tenant_id, persons).await?;
    let erased = bars.into_iter().filter(|(_, bars)| bars.contains(&erased));
    Ok(erased.map(|(person, _)| person).collect())
}

fn category(scope: i16) -> Result<Option<Category>, Error> {
    match (scope, Category::from_code(scope)) {
        (0, _) => Ok(None),
        (_, Some(category)) => Ok(Some(category)),
        // A later program's: nobody may pass what is not understood.
        (_, None) => Err(Error::Inconsistent {
            table: "fence",
            column: "scope",
            id: Uuid::nil(),
        }),
    }
}

/// Why somebody is put behind the fence, and behind which part of it.
#[derive(Debug, Clone, Copy)]
pub struct Grounds<'g> {
    /// One category; none for everything.
    pub category: Option<Category>,
    /// A word such as deleted.
    pub reason: &'g str,
    /// When.
    pub now: DateTime<Utc>,
}

/// Puts persons behind the fence; in the file, where there is one, at once, in the database with the transaction.
pub async fn raise(
    tx: &mut Tx,
    pepper: &Pepper,
    tenant_id: Uuid,
    persons: &BTreeSet<Uuid>,
    grounds: Grounds<'_>,
) -> Result<(), Error> {
    let entries = persons.iter().map(|person| Entry {
        tenant_id,
        tag: pepper.tag(tenant_id, *person),
        scope: grounds.category.map_or(0, Category::code),
        erased_at: grounds.now,
        returned_at: None,
        reason: grounds.reason.to_owned(),
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

/// Allows a person (or a category of theirs) again what happens after this instant; none when there is nothing to
/// allow. The entry belongs into the file once the transaction has committed: a return that did not happen must not
/// stand there.
pub async fn let_return(
    tx: &mut Tx,
    pepper: &Pepper,
    tenant_id: Uuid,
    (person, category): (Uuid, Option<Category>),
    returned_at: DateTime<Utc>,
) -> Result<Option<Entry>, Error> {
    let entry = sqlx::query_as!(
        Entry,
        "update fence set returned_at = $4
         where tenant_id = $1 and tag = $2 and scope = $3 and returned_at is null
         returning tenant_id, tag, scope, erased_at, returned_at, reason",
        tenant_id,
        pepper.tag(tenant_id, person),
        category.map_or(0, Category::code),
        returned_at,
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(entry)
}

/// Brings entries of one tenant into the database's fence; returns the tags of those that were not there, or not as late.
pub async fn raise_tags(
    tx: &mut Tx,
    tenant_id: Uuid,
    entries: &[Entry],
) -> Result<BTreeSet<Uuid>, Error> {
    let tags: Vec<Uuid> = entries.iter().map(|entry| entry.tag).collect();
    let scopes: Vec<i16> = entries.iter().map(|entry| entry.scope).collect();
    let at: Vec<DateTime<Utc>> = entries.iter().map(|entry| entry.erased_at).collect();
    let returned: Vec<Option<DateTime<Utc>>> =
        entries.iter().map(|entry| entry.returned_at).collect();
    let reasons: Vec<String> = entries.iter().map(|entry| entry.reason.clone()).collect();
    let new = sqlx::query_scalar!(
        "insert into fence (tenant_id, tag, scope, erased_at, returned_at, reason)
         select $1, tag, scope, erased_at, returned_at, reason
         from unnest($2::uuid[], $3::smallint[], $4::timestamptz[], $5::timestamptz[], $6::text[])
           as u (tag, scope, erased_at, returned_at, reason) order by tag, scope
         on conflict (tenant_id, tag, scope) do update
           set erased_at = excluded.erased_at, returned_at = excluded.returned_at, reason = excluded.reason
           where (fence.returned_at is not null or excluded.returned_at is not null)
             and greatest(excluded.erased_at, excluded.returned_at)
               > greatest(fence.erased_at, fence.returned_at)
         returning tag",
        tenant_id,
        &tags,
        &scopes,
        &at,
        &returned as &[Option<DateTime<Utc>>],
        &reasons,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(new.into_iter().collect())
}

/// Lets those in again whom these entries say were let back, whatever has been erased of them since.
pub async fn open_again(tx: &mut Tx, tenant_id: Uuid, entries: &[Entry]) -> Result<(), Error> {
    let returned = entries.iter().filter(|entry| entry.returned_at.is_some());
    let tags: Vec<Uuid> = returned.clone().map(|entry| entry.tag).collect();
    let scopes: Vec<i16> = returned.clone().map(|entry| entry.scope).collect();
    let at: Vec<DateTime<Utc>> = returned.filter_map(|entry| entry.returned_at).collect();
    sqlx::query!(
        "update fence set returned_at = u.at
         from unnest($2::uuid[], $3::smallint[], $4::timestamptz[]) as u (tag, scope, at)
         where fence.tenant_id = $1 and fence.tag = u.tag and fence.scope = u.scope
           and fence.returned_at is null",
        tenant_id,
        &tags,
        &scopes,
        &at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Those of these tags that were let back as whole persons.
pub async fn returned(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    tags: &BTreeSet<Uuid>,
) -> Result<BTreeSet<Uuid>, Error> {
    let tags: Vec<Uuid> = tags.iter().copied().collect();
    let found = sqlx::query_scalar!(
        "select tag from fence
         where tenant_id = $1 and tag = any ($2) and scope = 0 and returned_at is not null",
        tenant_id,
        &tags,
    )
    .fetch_all(connection)
    .await?;
    Ok(found.into_iter().collect())
}

/// Those of these entries that the database's fence lacks, or knows an earlier state of.
pub async fn missing(pool: &Pool, entries: &[Entry]) -> Result<Vec<Entry>, Error> {
    let tenants: Vec<Uuid> = entries.iter().map(|entry| entry.tenant_id).collect();
    let tags: Vec<Uuid> = entries.iter().map(|entry| entry.tag).collect();
    let scopes: Vec<i16> = entries.iter().map(|entry| entry.scope).collect();
    let latest: Vec<DateTime<Utc>> = entries.iter().map(Entry::latest).collect();
    let places = sqlx::query_scalar!(
        r#"select u.at as "at!"
           from unnest($1::uuid[], $2::uuid[], $3::smallint[], $4::timestamptz[])
             with ordinality as u (tenant_id, tag, scope, latest, at)
           where not exists (
             select from fence f
             where f.tenant_id = u.tenant_id and f.tag = u.tag and f.scope = u.scope
               and greatest(f.erased_at, f.returned_at) >= u.latest)"#,
        &tenants,
        &tags,
        &scopes,
        &latest,
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
        "select tenant_id, tag, scope, erased_at, returned_at, reason from fence
         where tenant_id = $1 order by tag, scope",
        tenant_id,
    )
    .fetch_all(connection)
    .await?;
    Ok(found)
}
