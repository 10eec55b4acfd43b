//! What persons allow: the ledger of consent, folded into states at the instant of reading.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Error, Reader};
use crate::db;
use crate::domain::consent::{ANY, Act, Source, Standing, State, Statement, standing_of_set};
use crate::domain::model::channel::Channel;
use crate::domain::model::channel::preference::Allowed;
use crate::domain::source::ContentHash;

/// The purpose whose consent decides where somebody is written to.
const MARKETING: &str = "marketing";

/// Where one purpose and channel of a person stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// Name of the purpose.
    pub purpose: String,
    /// The channel, or `ANY`.
    pub channel: String,
    /// The state, and what led to it.
    pub standing: Standing,
}

/// One row of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentRow {
    /// The survivor of the person's merges.
    pub root: Uuid,
    /// Whose row it is.
    pub person: Uuid,
    /// Name of the purpose.
    pub purpose: String,
    /// The channel, or `ANY`.
    pub channel: String,
    /// What was said.
    pub statement: Statement,
    /// When it was written down.
    pub recorded_at: DateTime<Utc>,
}

/// The consents of these roots by purpose and channel, at the instant of reading.
pub(super) async fn consents(
    reader: &Reader,
    tenant: Uuid,
    roots: &[Uuid],
) -> Result<HashMap<Uuid, Arc<Vec<Consent>>>, Error> {
    let mut connection = reader.connection(tenant).await?;
    let rows = consent_rows(&mut connection, tenant, roots).await?;
    connection.done();
    let mut by_root: BTreeMap<Uuid, Vec<ConsentRow>> = BTreeMap::new();
    for row in rows {
        by_root.entry(row.root).or_default().push(row);
    }
    let now = reader.clock.now();
    let found = by_root.into_iter();
    Ok(found
        .map(|(root, rows)| (root, Arc::new(standings(rows, now))))
        .collect())
}

/// What the rows of one root and its merged profiles come to, by purpose and channel.
#[must_use]
pub fn standings(rows: Vec<ConsentRow>, now: DateTime<Utc>) -> Vec<Consent> {
    type Said = BTreeMap<bool, BTreeMap<Uuid, Vec<Statement>>>;
    let mut by_purpose: BTreeMap<(String, String), Said> = BTreeMap::new();
    for row in rows {
        let said = by_purpose.entry((row.purpose, row.channel)).or_default();
        let of_kin = said.entry(row.person == row.root).or_default();
        of_kin.entry(row.person).or_default().push(row.statement);
    }
    let consents = by_purpose.into_iter().map(|((purpose, channel), said)| {
        let of = |own| said.get(&own).into_iter().flat_map(BTreeMap::values);
        let own: &[Statement] = of(true).next().map_or(&[], Vec::as_slice);
        let merged = of(false).map(Vec::as_slice);
        Consent {
            purpose,
            channel,
            standing: standing_of_set(own, merged, now),
        }
    });
    consents.collect()
}

/// What is said about marketing, by channel; what was asked for stands in the insight.
#[must_use]
pub fn allowed(consents: &[Consent]) -> Allowed {
    let about = || consents.iter().filter(|one| one.purpose == MARKETING);
    // Not to have been asked about one channel says nothing beyond what was said about all.
    let told = about().filter(|one| one.standing.state != State::NotRequested);
    let by_channel = told.filter_map(|one| {
        let channel = Channel::from_name(&one.channel)?;
        Some((channel, one.standing.state))
    });
    let otherwise = about().find(|one| one.channel == ANY);
    Allowed {
        stated: None,
        by_channel: by_channel.collect(),
        otherwise: otherwise.map(|one| one.standing.state),
    }
}

/// The ledger's rows of these roots and of everyone merged into them, in no particular order.
pub async fn consent_rows(
    connection: &mut PgConnection,
    tenant: Uuid,
    roots: &[Uuid],
) -> Result<Vec<ConsentRow>, db::Error> {
    let rows = sqlx::query!(
        r#"
        select customer.root as "root!", said.person_profile_id as "person!", said.purpose as "purpose!",
          said.channel as "channel!", said.told_at as "told_at!", said.evidence as "evidence!",
          said.act as "act!", said.source as "source!", said.effective_at, said.expires_at,
          said.text_version, said.recorded_at as "recorded_at!"
        from unnest($2::uuid[]) as asked(root)
        cross join lateral (
          select root, person_profile_id from customer
          where tenant_id = $1 and root = asked.root
          offset 0
        ) as customer
        cross join lateral (
          select * from consent
          where tenant_id = $1 and person_profile_id = customer.person_profile_id
          offset 0
        ) as said
        "#,
        tenant,
        roots,
    )
    .fetch_all(connection)
    .await?;
    let rows = rows.into_iter().map(|row| {
        let misfit = |column| db::Error::Inconsistent {
            table: "consent",
            column,
            id: row.person,
        };
        let evidence = row.evidence.as_slice().try_into().ok();
        Ok(ConsentRow {
            root: row.root,
            person: row.person,
            statement: Statement {
                told_at: row.told_at,
                evidence: ContentHash(evidence.ok_or_else(|| misfit("evidence"))?),
                act: Act::from_code(row.act).ok_or_else(|| misfit("act"))?,
                source: Source::from_code(row.source).ok_or_else(|| misfit("source"))?,
                effective_at: row.effective_at,
                expires_at: row.expires_at,
                text_version: row.text_version,
            },
            purpose: row.purpose,
            channel: row.channel,
            recorded_at: row.recorded_at,
        })
    });
    rows.collect()
}
