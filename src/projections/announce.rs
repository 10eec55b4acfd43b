//! Telling that insights changed, by a message put down in the transaction that changed them.
//!
//! Only what was heard live is told: not what time, a rebuild, history or late news changed. A message names the person
//! and which groups of the insight differ; whoever hears it reads them where it may.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::customers::Set;
use super::insight_rows::{self, InsightRow};
use crate::activity_log::{Appended, Provenance};
use crate::db::{Error, Tx};
use crate::domain::insight::Insight;
use crate::domain::message::Kind;
use crate::domain::metric::{Metric, Section};
use crate::outbox::{self, Message};

/// Insights as they were, of those about whom something was heard live.
#[derive(Default)]
pub(super) struct Before {
    known: BTreeMap<Uuid, Option<(Insight, i64)>>,
}

impl Before {
    /// Reads the insights of those sets of which a member has a row that is new and live.
    pub(super) async fn read(
        tx: &mut Tx,
        tenant_id: Uuid,
        sets: &BTreeMap<Uuid, Set>,
        appended: &BTreeMap<Uuid, Vec<Appended>>,
    ) -> Result<Self, Error> {
        let heard = |person: &Uuid| {
            let rows = appended.get(person).into_iter().flatten();
            rows.into_iter()
                .any(|row| row.provenance == Provenance::Live)
        };
        let told = sets.iter().filter(|(_, set)| set.members.iter().any(heard));
        let roots: BTreeSet<Uuid> = told.map(|(root, _)| *root).collect();
        let mut stored = insight_rows::stored(tx, tenant_id, &roots).await?;
        let known = roots.into_iter().map(|root| (root, stored.remove(&root)));
        Ok(Self {
            known: known.collect(),
        })
    }

    /// Puts down a message about each whose insight is another now. The rows are written.
    pub(super) async fn tell(
        &self,
        tx: &mut Tx,
        tenant_id: Uuid,
        rows: impl Iterator<Item = &InsightRow>,
        recorded_at: DateTime<Utc>,
    ) -> Result<(), Error> {
        let messages = rows.filter_map(|row| {
            let before = self.known.get(&row.insight.person_profile_id)?;
            message(tenant_id, before.as_ref(), &row.insight, recorded_at)
        });
        let messages: Vec<Message> = messages.collect();
        outbox::put_all(tx, tenant_id, &messages).await?;
        Ok(())
    }
}

fn message(
    tenant_id: Uuid,
    before: Option<&(Insight, i64)>,
    after: &Insight,
    recorded_at: DateTime<Utc>,
) -> Option<Message> {
    let person = after.person_profile_id;
    let groups = before.map_or_else(all, |(before, _)| changed(before, after));
    if groups.is_empty() {
        return None;
    }
    let kind = Kind::ProfileEnrichmentAvailable;
    let cause = [
        person.as_bytes().as_slice(),
        &recorded_at.timestamp_micros().to_be_bytes(),
    ];
    let id = outbox::id_of(tenant_id, kind, &cause.concat());
    Some(Message {
        tenant_id,
        id,
        kind,
        person: Some(person),
        provenance: Provenance::Live,
        written_at: recorded_at,
        payload: json!({
            "event_id": id,
            "tenant_id": tenant_id,
            "person_profile_id": person,
            "customer_profile_id": person,
            "insight_version": before.map_or(1, |(_, revision)| revision + 1),
            "changed_groups": groups,
            "computed_at": after.computed_at,
        }),
    })
}

/// As the fields of the answer that hold them.
const fn group(section: Section) -> &'static str {
    match section {
        Section::Behavior => "behavior_aggregate",
        Section::Engagement => "engagement_score",
        Section::Standing => "standing",
        // What models say is no part of an insight, and changes without one.
        Section::Forecast | Section::Conclusion => "forecast",
    }
}

fn all() -> BTreeSet<&'static str> {
    let sections = [Section::Behavior, Section::Engagement, Section::Standing];
    sections.into_iter().map(group).collect()
}

/// Which groups hold another value now; both are looked at from the same instant, so that time alone changes none.
fn changed(before: &Insight, after: &Insight) -> BTreeSet<&'static str> {
    let differences = Metric::differences(before, after, after.computed_at);
    let sections = differences
        .into_iter()
        .map(|(metric, _, _)| metric.section());
    sections.map(group).collect()
}
