//! Comparing what is stored with what the log says, cell by cell, without writing anything.
//!
//! Read in one snapshot, so that log, merges, references and insights fit each other while others go on writing.
//! Each person is derived for the instant that the stored insight was derived for: time alone is no drift.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use chrono::DateTime;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::customers::{self, Known, Set};
use super::insight_rows::{self, Cells};
use super::rebuild::Page;
use super::refold::{Refolded, Refolder};
use super::{Settings, parts};
use crate::activity_log::{self, Recorded};
use crate::db::{Error, Pool};
use crate::domain::fold::FOLD_VERSION;
use crate::domain::metric::Metric;
use crate::domain::source::{Field, SourceKey, SourceKind};
use crate::resolve::store;

const SNAPSHOT: &str = "begin isolation level repeatable read, read only";

/// A cell that is not as the log says. Values are numbers, words and hashes, never contact details.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// A metric by its GraphQL name, else `table.column`.
    pub name: String,
    /// What is stored.
    pub stored: String,
    /// What the log says.
    pub refolded: String,
}

/// A person who is not as the log says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// Whose.
    pub person: Uuid,
    /// What differs.
    pub cells: Vec<Cell>,
    /// The log itself is not what the insight was made of: folding it again would take damage for truth.
    pub log_differs: bool,
    /// Another version of the fold made the insight, so that a difference is no damage.
    pub older_fold: bool,
}

/// A survivor's leaf of the tenant's Merkle tree: as stored, and as folded again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaf {
    /// The person after following merges.
    pub person: Uuid,
    /// Hash of the state as stored; none when there is no insight.
    pub stored: Option<[u8; 32]>,
    /// Hash of the state as the log has it now.
    pub refolded: [u8; 32],
}

/// What was found on a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Examined {
    /// Customers on the page, merged ones among them.
    pub customers: usize,
    /// Rows of the log that were read.
    pub log_rows: usize,
    /// Those who are not as the log says.
    pub drifts: Vec<Drift>,
    /// Every survivor's leaf, in the order of ids.
    pub leaves: Vec<Leaf>,
}

/// Examines a page, and whatever belongs to nobody on it.
pub async fn examine(
    pool: &Pool,
    settings: Settings,
    tenant_id: Uuid,
    page: Page,
) -> Result<Examined, Error> {
    let mut snapshot = pool.begin_with(SNAPSHOT).await?;
    let refolder = Refolder {
        settings,
        tenant_id,
        now: DateTime::UNIX_EPOCH,
    };
    let examiner = Examiner { refolder, page };
    let examined = examiner.examine(&mut snapshot).await?;
    snapshot.commit().await?;
    Ok(examined)
}

struct Examiner {
    refolder: Refolder,
    page: Page,
}

impl Examiner {
    async fn examine(&self, connection: &mut PgConnection) -> Result<Examined, Error> {
        let tenant_id = self.refolder.tenant_id;
        let mut found = Found::default();
        let persons = customers::on(connection, tenant_id, self.page).await?;
        let customers = persons.len();
        let known = customers::close(connection, tenant_id, persons).await?;
        let (mut sets, moved) = customers::sets(&known);
        sets.retain(|root, _| self.covers(*root));
        for (person, root) in moved.into_iter().filter(|(person, _)| self.covers(*person)) {
            found.differs(person, "customer.root", "another survivor", &root);
        }
        self.merges(connection, &known, &mut found).await?;
        let stored = self.stored(connection, &sets, &mut found).await?;
        let rows = self.rows(connection, &known, &mut sets, &mut found).await?;
        let log_rows = rows.len();
        for holder in parts::holders(connection, tenant_id, self.page.after, self.page.last).await?
        {
            let set = sets.get(&holder);
            if !set.is_some_and(|set| set.in_parts.contains(&holder)) {
                found.differs(holder, "fold_part", "rows", "nobody kept in parts");
            }
        }
        for (root, set) in &sets {
            let aliases = set.in_parts.iter().filter(|member| *member != root);
            for alias in aliases {
                found.differs(*alias, "customer.in_parts", &true, &false);
            }
        }
        let at = |root| {
            let row: Option<&(Cells, i16)> = stored.get(&root);
            row.map_or(DateTime::UNIX_EPOCH, |(cells, _)| cells.computed_at)
        };
        let refolded = self.refolder.fold(connection, &sets, rows, at).await?;
        let mut leaves = Vec::with_capacity(refolded.len());
        for one in &refolded {
            let root = one.row.insight.person_profile_id;
            let stored = stored.get(&root);
            leaves.push(Leaf {
                person: root,
                stored: stored.and_then(|(cells, _)| cells.state_hash.as_slice().try_into().ok()),
                refolded: one.row.state_hash,
            });
            compare(one, stored, &mut found)?;
            self.parts(connection, one, sets.get(&root), &mut found)
                .await?;
        }
        Ok(Examined {
            customers,
            log_rows,
            drifts: found.drifts.into_values().collect(),
            leaves,
        })
    }

    fn covers(&self, person: Uuid) -> bool {
        self.page.covers(person)
    }

    /// Customers are merged as their profiles say.
    async fn merges(
        &self,
        connection: &mut PgConnection,
        known: &BTreeMap<Uuid, Known>,
        found: &mut Found,
    ) -> Result<(), Error> {
        let covered = known.iter().filter(|(person, _)| self.covers(**person));
        let key = |person: Uuid| SourceKey::new(SourceKind::PersonProfile, person);
        let keys: BTreeSet<SourceKey> = covered.clone().map(|(person, _)| key(*person)).collect();
        let profiles = store::load(connection, self.refolder.tenant_id, &keys).await?;
        for (person, one) in covered {
            let profile = profiles.get(&key(*person));
            let told = profile.and_then(|profile| profile.id(Field::MergedInto));
            if told != one.merged_into {
                let stored = one.merged_into.map_or("nobody", |_| "somebody");
                found.differs(
                    *person,
                    "customer.merged_into",
                    stored,
                    "as the profile says",
                );
            }
        }
        Ok(())
    }

    /// The stored insights by person; those of nobody who survives are drift.
    async fn stored(
        &self,
        connection: &mut PgConnection,
        sets: &BTreeMap<Uuid, Set>,
        found: &mut Found,
    ) -> Result<BTreeMap<Uuid, (Cells, i16)>, Error> {
        let tenant_id = self.refolder.tenant_id;
        let rows =
            insight_rows::stretch(connection, tenant_id, self.page.after, self.page.last).await?;
        let mut stored = BTreeMap::new();
        for (cells, version) in rows {
            let person = cells.person_profile_id;
            if sets.contains_key(&person) {
                stored.insert(person, (cells, version));
            } else {
                found.differs(person, "customer_insight", "a row", "nobody who survives");
            }
        }
        Ok(stored)
    }

    /// The log of the sets. Who has a row that cannot be read is drift, and taken out of the sets.
    async fn rows(
        &self,
        connection: &mut PgConnection,
        known: &BTreeMap<Uuid, Known>,
        sets: &mut BTreeMap<Uuid, Set>,
        found: &mut Found,
    ) -> Result<Vec<Recorded>, Error> {
        let tenant_id = self.refolder.tenant_id;
        let members: BTreeSet<Uuid> = sets
            .values()
            .flat_map(|set| &set.members)
            .copied()
            .collect();
        let elsewhere = members.iter().copied().filter(|one| !self.covers(*one));
        let elsewhere: Vec<Uuid> = elsewhere.collect();
        match activity_log::stretch(connection, tenant_id, self.page.after, self.page.last).await {
            Ok(mut rows) => {
                rows.extend(activity_log::slices(connection, tenant_id, &elsewhere).await?);
                let strangers = rows.iter().map(|one| one.row.person);
                for person in strangers.filter(|person| !known.contains_key(person)) {
                    found.differs(person, "activity_log", "rows", "no customer");
                }
                Ok(rows)
            }
            Err(Error::Inconsistent { .. }) => {
                let mut rows = Vec::new();
                let mut unreadable = BTreeSet::new();
                for member in members {
                    match activity_log::slices(connection, tenant_id, &[member]).await {
                        Ok(own) => rows.extend(own),
                        Err(Error::Inconsistent { column, .. }) => {
                            let name = format!("activity_log.{column}");
                            found.differs(member, &name, "unreadable", "a row of the log");
                            found.log(member);
                            unreadable.insert(member);
                        }
                        Err(error) => return Err(error),
                    }
                }
                sets.retain(|_, set| set.members.is_disjoint(&unreadable));
                Ok(rows)
            }
            Err(error) => Err(error),
        }
    }

    /// The kept parts of a large person are what the whole log gives.
    async fn parts(
        &self,
        connection: &mut PgConnection,
        one: &Refolded,
        set: Option<&Set>,
        found: &mut Found,
    ) -> Result<(), Error> {
        let root = one.row.insight.person_profile_id;
        let kept = set.is_some_and(|set| set.in_parts.contains(&root));
        let Some(parts) = one.parts.as_ref().filter(|_| kept) else {
            return Ok(());
        };
        let mut stored = parts::stored(connection, self.refolder.tenant_id, root).await?;
        let buckets: Vec<i16> = stored
            .keys()
            .copied()
            .chain(parts::buckets(parts))
            .collect();
        let expected = parts::as_stored(root, parts, buckets.into_iter())?;
        for (bucket, body) in expected {
            if stored.remove(&bucket).as_deref() != Some(body.as_slice()) {
                found.differs(root, "fold_part.body", "other", &format!("bucket {bucket}"));
            }
        }
        Ok(())
    }
}

fn compare(
    refolded: &Refolded,
    stored: Option<&(Cells, i16)>,
    found: &mut Found,
) -> Result<(), Error> {
    let person = refolded.row.insight.person_profile_id;
    let Some((stored, version)) = stored else {
        found.differs(person, "customer_insight", "no row", "a customer");
        return Ok(());
    };
    if *version != FOLD_VERSION {
        found.differs(
            person,
            "customer_insight.fold_version",
            version,
            &FOLD_VERSION,
        );
        found.of(person).older_fold = true;
    }
    let expected = Cells::of(&refolded.row)?;
    if expected.log_digest != stored.log_digest && !found.of_old(person) {
        found.log(person);
    }
    if stored.body != expected.body {
        let metrics = stored.insight().map(|insight| {
            Metric::differences(&insight, &refolded.row.insight, stored.computed_at)
        });
        for (metric, stored, refolded) in metrics.into_iter().flatten() {
            found.differs(person, metric.name(), &stored, &refolded);
        }
    }
    let (stored, expected) = (columns(stored), columns(&expected));
    for (column, expected) in expected {
        let stored = stored.get(&column).cloned().unwrap_or_default();
        if stored != expected {
            let name = format!("customer_insight.{column}");
            found.differs(person, &name, &short(&stored), &short(&expected));
        }
    }
    Ok(())
}

fn columns(cells: &Cells) -> serde_json::Map<String, Value> {
    match serde_json::to_value(cells) {
        Ok(Value::Object(columns)) => columns,
        _ => serde_json::Map::new(),
    }
}

/// Bytes say nothing to a reader.
fn short(value: &Value) -> String {
    match value {
        Value::Array(bytes) => format!("{} bytes", bytes.len()),
        other => other.to_string(),
    }
}

/// What was found so far, by person.
#[derive(Default)]
struct Found {
    drifts: BTreeMap<Uuid, Drift>,
}

impl Found {
    fn of(&mut self, person: Uuid) -> &mut Drift {
        self.drifts.entry(person).or_insert_with(|| Drift {
            person,
            cells: Vec::new(),
            log_differs: false,
            older_fold: false,
        })
    }

    fn of_old(&self, person: Uuid) -> bool {
        self.drifts
            .get(&person)
            .is_some_and(|drift| drift.older_fold)
    }

    fn log(&mut self, person: Uuid) {
        self.of(person).log_differs = true;
    }

    fn differs(
        &mut self,
        person: Uuid,
        name: &str,
        stored: &(impl Display + ?Sized),
        refolded: &(impl Display + ?Sized),
    ) {
        let cell = Cell {
            name: name.to_owned(),
            stored: stored.to_string(),
            refolded: refolded.to_string(),
        };
        let cells = &mut self.of(person).cells;
        if !cells.contains(&cell) {
            cells.push(cell);
        }
    }
}
