//! Reads what an export is made of, in the snapshot that is handed in.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::document::{Category, Document, Table};
use super::holdings::{self, Holding};
use super::{Request, access, facts, scores, words};
use crate::activity_log;
use crate::audit;
use crate::db::Error;
use crate::domain::activity::LogRow;
use crate::domain::explain::{Explanation, Told, explain};
use crate::domain::metric::{Language, Metric};
use crate::domain::moment::Moment;
use crate::domain::source::{Field, SourceKind, Value, get};
use crate::domain::timeline::{Activity, timeline};
use crate::insight::{Consent, ConsentRow, consent_rows, standings};
use crate::resolve::fence::Pepper;
use crate::resolve::reference;

/// A profile of the person, and whom it is merged into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Customer {
    pub(super) person: Uuid,
    pub(super) merged_into: Option<Uuid>,
    pub(super) root: Uuid,
}

/// The profiles that are the same person as this one, itself among them; none when it is no customer's.
pub(super) async fn customers(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    person: Uuid,
) -> Result<Vec<Customer>, Error> {
    let found = sqlx::query_as!(
        Customer,
        r#"select person_profile_id as person, merged_into, root from customer
           where tenant_id = $1 and root = (
             select root from customer where tenant_id = $1 and person_profile_id = $2)
           order by person_profile_id"#,
        tenant_id,
        person,
    );
    Ok(found.fetch_all(connection).await?)
}

/// All that was read, and what follows from it.
pub(super) struct Gathered {
    root: Uuid,
    customers: Vec<Customer>,
    told: Vec<Told>,
    activities: Vec<Activity>,
    explanations: Vec<Explanation>,
    consents: Vec<Consent>,
    consent_rows: Vec<ConsentRow>,
    /// By name, in German and English.
    purposes: BTreeMap<String, [String; 2]>,
    letters: Vec<holdings::DeadLetter>,
    accesses: Vec<audit::Access>,
    exports: Vec<access::Asked>,
    sent: Vec<access::Sent>,
    holdings: Vec<Holding>,
    locale: Option<String>,
    now: DateTime<Utc>,
}

impl Gathered {
    pub(super) async fn load(
        connection: &mut PgConnection,
        request: &Request,
        customers: Vec<Customer>,
        pepper: &Pepper,
        now: DateTime<Utc>,
    ) -> Result<Self, Error> {
        let tenant = request.tenant_id;
        let root = customers.first().map_or(request.person, |one| one.root);
        let persons: Vec<Uuid> = customers.iter().map(|one| one.person).collect();
        let tags: Vec<Uuid> = persons.iter().map(|one| pepper.tag(tenant, *one)).collect();
        let mut recorded = activity_log::slices(connection, tenant, &persons).await?;
        recorded.sort_by_key(|one| (one.recorded_at, one.row.activity_id, one.row.order()));
        let rows: Vec<LogRow> = recorded.iter().map(|one| one.row.clone()).collect();
        let channels = reference::channels_of(&rows);
        let days = request.quarantine_days;
        let reference = reference::load(connection, tenant, &rows, days, channels).await?;
        let told: Vec<Told> = recorded
            .into_iter()
            .map(|one| (one.row, one.recorded_at, one.provenance))
            .collect();
        let consent_rows = consent_rows(connection, tenant, &[root]).await?;
        let at = (Moment::NOW, now);
        let mut explanations = explain(root, &told, &reference, at, &Metric::ALL, None);
        let currency = &reference.operator.currency;
        let written = scores::written(connection, tenant, root, currency).await?;
        let judged: Vec<Metric> = written.iter().map(|(metric, _)| *metric).collect();
        let judged = explain(root, &told, &reference, at, &judged, None);
        explanations.extend(scores::filled(judged, written));
        Ok(Self {
            root,
            activities: timeline(root, &told, &reference),
            explanations,
            consents: standings(consent_rows.clone(), now),
            consent_rows,
            purposes: purposes(connection, tenant).await?,
            letters: holdings::dead_letters(connection, tenant, &persons).await?,
            accesses: audit::about(connection, tenant, &tags).await?,
            sent: access::sent(connection, tenant, &persons).await?,
            exports: access::asked(connection, tenant, &persons).await?,
            holdings: holdings::count(connection, tenant, &persons, &tags).await?,
            locale: locale(&rows, root),
            customers,
            told,
            now,
        })
    }

    pub(super) fn document(&self, request: &Request) -> Document {
        let language = request
            .language
            .unwrap_or_else(|| Language::of(self.locale.as_deref()));
        let wanted = |category: &Category| request.categories.contains(category);
        let tables = Category::ALL.into_iter().filter(wanted);
        let merged = self.customers.iter().map(|one| one.person);
        Document {
            tenant_id: request.tenant_id,
            person: self.root,
            merged: merged.filter(|person| *person != self.root).collect(),
            generated_at: self.now,
            language: language.code(),
            tables: tables
                .flat_map(|category| self.tables(category, language))
                .collect(),
        }
    }

    fn tables(&self, category: Category, language: Language) -> Vec<Table> {
        let own: BTreeSet<Uuid> = self.customers.iter().map(|one| one.person).collect();
        match category {
            Category::Profile => vec![
                facts::customer(&self.customers, &own),
                facts::profile(&self.told, &own),
            ],
            Category::Activities => vec![facts::activities(&self.activities)],
            Category::Log => vec![facts::log(&self.told, &own)],
            Category::Metrics => vec![facts::metrics(&self.explanations, language)],
            Category::Consents => vec![
                facts::consents(&self.consents, &self.purposes, language),
                facts::consent_history(&self.consent_rows),
            ],
            Category::Access => vec![
                access::accesses(&self.accesses),
                access::messages(&self.sent),
                access::exports(&self.exports),
            ],
            Category::Processing => vec![words::processing(language)],
            Category::Storage => vec![
                holdings::table(&self.holdings),
                facts::dead_letters(&self.letters),
            ],
        }
    }
}

struct PurposeRow {
    name: String,
    description_de: String,
    description_en: String,
}

/// What is done for each purpose: everybody's and the tenant's own.
async fn purposes(
    connection: &mut PgConnection,
    tenant_id: Uuid,
) -> Result<BTreeMap<String, [String; 2]>, Error> {
    let mut found = BTreeMap::new();
    for whose in [Uuid::nil(), tenant_id] {
        let rows = sqlx::query_as!(
            PurposeRow,
            "select name, description_de, description_en from consent_purpose where tenant_id = $1",
            whose
        )
        .fetch_all(&mut *connection)
        .await?;
        let told = |row: PurposeRow| (row.name, [row.description_de, row.description_en]);
        found.extend(rows.into_iter().map(told));
    }
    Ok(found)
}

/// The survivor's language, as its latest version has it.
fn locale(rows: &[LogRow], root: Uuid) -> Option<String> {
    let profile = rows
        .iter()
        .filter(|row| row.kind == SourceKind::PersonProfile && row.person == root);
    let told = profile.filter_map(|row| match get(&row.body.fields, Field::Locale) {
        Some(Value::Text(locale)) if !row.flags().superseded => Some((row.order(), locale)),
        _ => None,
    });
    told.max().map(|(_, locale)| locale.clone())
}
