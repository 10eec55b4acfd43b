//! Which tables hold something of the person, and how much: so that nothing can be left out silently.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::document::{Category, Table};
use crate::audit;
use crate::db::Error;
use crate::domain::source::SourceKind;

/// Every table that can hold something of a person: its name, where in the export that is, and what it is.
///
/// Tests hold it against the schema.
pub const HOLDINGS: [(&str, &str, &str); 18] = [
    (
        "activity_log",
        "log",
        "one row for each version of each row of the platform that concerns the person",
    ),
    (
        "audit_act",
        "access",
        "what was done with the person's data; names the person by a keyed hash",
    ),
    (
        "audit_read",
        "access",
        "who read about the person; names the person by a keyed hash",
    ),
    (
        "consent",
        "consent_history",
        "everything that was said about the person's consent",
    ),
    (
        "customer",
        "customer",
        "that the person is a customer, and which profiles are merged",
    ),
    (
        "customer_insight",
        "metrics",
        "the numbers that were derived",
    ),
    (
        "customer_score",
        "metrics",
        "what the models say of the person, as it is looked at by lists",
    ),
    (
        "dead_letter",
        "dead_letters",
        "deliveries that named the person and could not be understood",
    ),
    (
        "dossier",
        "log",
        "the profile's own versions; each is a row of the log, too",
    ),
    (
        "erasure_request",
        "storage",
        "that an erasure was asked for and is not carried out yet",
    ),
    (
        "export_chunk",
        "exports",
        "archives such as this one, encrypted, until they are fetched",
    ),
    ("export_request", "exports", "that the data were asked for"),
    (
        "fold_part",
        "metrics",
        "bookings of a person with very many, folded: what the numbers are made of",
    ),
    (
        "inbox",
        "log",
        "deliveries that name the person and are not folded yet; a later export has them in its log",
    ),
    (
        "link",
        "log",
        "which rows of the platform named the person; each is a row of the log, too",
    ),
    (
        "outbox",
        "messages",
        "what other systems were told about the person, or are to be",
    ),
    (
        "outbox_delivery",
        "messages",
        "the way of each message to each receiver",
    ),
    (
        "score_due",
        "metrics",
        "that the models are to be asked again; gone within seconds",
    ),
];

/// How many rows of the person a table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Holding {
    table: &'static str,
    exported_as: &'static str,
    holds: &'static str,
    rows: i64,
}

/// A delivery that named the person and could not be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DeadLetter {
    pub(super) id: Uuid,
    pub(super) received_at: DateTime<Utc>,
    pub(super) source_table: Option<String>,
    pub(super) reason: String,
}

/// Counts what each table holds of these persons.
pub(super) async fn count(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    persons: &[Uuid],
    tags: &[Uuid],
) -> Result<Vec<Holding>, Error> {
    let (acts, reads) = audit::count(connection, tenant_id, tags).await?;
    let counted = sqlx::query!(
        r#"select
             (select count(*) from activity_log
              where tenant_id = $1 and person_profile_id = any ($2)) as "activity_log!",
             (select count(*) from consent
              where tenant_id = $1 and person_profile_id = any ($2)) as "consent!",
             (select count(*) from customer
              where tenant_id = $1 and person_profile_id = any ($2)) as "customer!",
             (select count(*) from customer_insight
              where tenant_id = $1 and person_profile_id = any ($2)) as "customer_insight!",
             (select count(*) from customer_score
              where tenant_id = $1 and person_profile_id = any ($2)) as "customer_score!",
             (select count(*) from dead_letter
              where tenant_id = $1 and envelope::text like any ($3)) as "dead_letter!",
             (select count(*) from dossier
              where tenant_id = $1 and kind = $4 and id = any ($2)) as "dossier!",
             (select count(*) from erasure_request
              where tenant_id = $1 and person_profile_id = any ($2)) as "erasure_request!",
             (select count(*) from export_chunk
              where tenant_id = $1 and person_profile_id = any ($2)) as "export_chunk!",
             (select count(*) from export_request
              where tenant_id = $1 and person_profile_id = any ($2)) as "export_request!",
             (select count(*) from fold_part
              where tenant_id = $1 and person_profile_id = any ($2)) as "fold_part!",
             (select count(*) from inbox
              where tenant_id = $1 and convert_from(payload, 'UTF8') like any ($3)) as "inbox!",
             (select count(*) from link
              where tenant_id = $1 and (parent_id = any ($2) or child_id = any ($2))) as "link!",
             (select count(*) from outbox
              where tenant_id = $1 and person_profile_id = any ($2)) as "outbox!",
             (select count(*) from outbox_delivery
              where tenant_id = $1 and person_profile_id = any ($2)) as "outbox_delivery!",
             (select count(*) from score_due
              where tenant_id = $1 and person_profile_id = any ($2)) as "score_due!""#,
        tenant_id,
        persons,
        &patterns(persons),
        SourceKind::PersonProfile.code(),
    )
    .fetch_one(connection)
    .await?;
    let rows = [
        counted.activity_log,
        acts,
        reads,
        counted.consent,
        counted.customer,
        counted.customer_insight,
        counted.customer_score,
        counted.dead_letter,
        counted.dossier,
        counted.erasure_request,
        counted.export_chunk,
        counted.export_request,
        counted.fold_part,
        counted.inbox,
        counted.link,
        counted.outbox,
        counted.outbox_delivery,
        counted.score_due,
    ];
    Ok(HOLDINGS.into_iter().zip(rows).map(holding).collect())
}

fn holding(
    ((table, exported_as, holds), rows): ((&'static str, &'static str, &'static str), i64),
) -> Holding {
    Holding {
        table,
        exported_as,
        holds,
        rows,
    }
}

/// Dead letters that name these persons.
pub(super) async fn dead_letters(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    persons: &[Uuid],
) -> Result<Vec<DeadLetter>, Error> {
    let found = sqlx::query_as!(
        DeadLetter,
        "select id, received_at, source_table, reason from dead_letter
         where tenant_id = $1 and envelope::text like any ($2)
         order by received_at, id",
        tenant_id,
        &patterns(persons),
    );
    Ok(found.fetch_all(connection).await?)
}

fn patterns(persons: &[Uuid]) -> Vec<String> {
    persons.iter().map(|person| format!("%{person}%")).collect()
}

pub(super) fn table(holdings: &[Holding]) -> Table {
    let rows = holdings.iter().map(|one| {
        vec![
            one.table.into(),
            one.rows.into(),
            one.exported_as.into(),
            one.holds.into(),
        ]
    });
    Table {
        name: "storage",
        category: Category::Storage,
        columns: &["table", "rows", "exported_as", "holds"],
        rows: rows.collect(),
    }
}
