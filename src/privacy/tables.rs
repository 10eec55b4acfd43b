//! The rows of the ledger: every table of the schema, in the order that data passes them.
//!
//! Deliberately absent: what the words mean; `ledger` says that.

use super::ledger::{Erased, Export, Occurs, Table};

const NOBODY: Table = Table {
    name: "",
    room: "",
    holds: "nothing of a person",
    person: None,
    occurs: &[],
    nobody: &[],
    erased: Erased::Nothing,
    kept: "for as long as the tenant is served",
    export: Export::Not("it is about nobody"),
};

/// Every table of the schema, in the order that data passes them.
pub const TABLES: &[Table] = &[
    Table {
        name: "tenant",
        room: "resolve",
        ..NOBODY
    },
    Table {
        name: "inbox",
        room: "inbox",
        holds: "deliveries that wait to be folded, cut to the allow-listed columns",
        occurs: &[("payload", Occurs::Written)],
        nobody: &["id"],
        erased: Erased::Folded,
        kept: "until it is folded, usually for less than a second",
        export: Export::Not("it is folded before an export is made"),
        ..NOBODY
    },
    Table {
        name: "dead_letter",
        room: "inbox",
        holds: "deliveries that could not be understood: ids and other harmless values of allow-listed columns",
        occurs: &[("envelope", Occurs::Text), ("detail", Occurs::Text)],
        nobody: &["id", "event_id", "source_table", "trigger_name", "reason"],
        erased: Erased::Emptied,
        kept: "until it is tried again or dropped, at most as long as retention says",
        export: Export::As("dead_letters"),
        ..NOBODY
    },
    Table {
        name: "dossier",
        room: "resolve",
        holds: "versions of the platform's rows and everyone ever linked to them",
        occurs: &[("id", Occurs::Id), ("body", Occurs::Body)],
        erased: Erased::Veiled,
        kept: "for as long as a person linked to it is kept; what waits for a person, 400 days",
        export: Export::As("log"),
        ..NOBODY
    },
    Table {
        name: "link",
        room: "resolve",
        holds: "which rows named the person's profile, and which profiles it named",
        occurs: &[("parent_id", Occurs::Id), ("child_id", Occurs::Id)],
        erased: Erased::Deleted,
        kept: "as the dossiers it joins",
        export: Export::Not("the dossiers say the same"),
        ..NOBODY
    },
    Table {
        name: "activity_log",
        room: "activity_log",
        holds: "what happened, one row a person, version and role",
        person: Some("person_profile_id"),
        occurs: &[("person_profile_id", Occurs::Id), ("body", Occurs::Body)],
        nobody: &["activity_id", "content_hash"],
        erased: Erased::Deleted,
        kept: "until the person is erased",
        export: Export::As("log"),
    },
    Table {
        name: "customer",
        room: "projections",
        holds: "that the person is a customer, and whom the profile is merged into",
        person: Some("person_profile_id"),
        occurs: &[
            ("person_profile_id", Occurs::Id),
            ("merged_into", Occurs::Id),
            ("root", Occurs::Id),
        ],
        erased: Erased::Deleted,
        kept: "until the person is erased",
        export: Export::As("customer"),
        ..NOBODY
    },
    Table {
        name: "customer_insight",
        room: "projections",
        holds: "what was derived about the person",
        person: Some("person_profile_id"),
        occurs: &[("person_profile_id", Occurs::Id), ("body", Occurs::Body)],
        nobody: &["log_digest", "state_hash"],
        erased: Erased::Deleted,
        kept: "until the person is erased",
        export: Export::As("metrics"),
    },
    Table {
        name: "customer_score",
        room: "projections",
        holds: "what the models say of the person, for lists",
        person: Some("person_profile_id"),
        occurs: &[("person_profile_id", Occurs::Id)],
        nobody: &["cluster_id"],
        erased: Erased::Deleted,
        kept: "until the person is erased or may no longer be profiled",
        export: Export::As("metrics"),
    },
    Table {
        name: "score_due",
        room: "projections",
        holds: "that the person is to be scored again",
        person: Some("person_profile_id"),
        occurs: &[("person_profile_id", Occurs::Id)],
        erased: Erased::Deleted,
        kept: "for some seconds after the insight was written",
        export: Export::Not("it is about work, and says nothing of the person"),
        ..NOBODY
    },
    Table {
        name: "fold_part",
        room: "projections",
        holds: "folded bookings of a person with very many",
        person: Some("person_profile_id"),
        occurs: &[("person_profile_id", Occurs::Id), ("body", Occurs::Body)],
        erased: Erased::Deleted,
        kept: "until the person is erased",
        export: Export::Not("the insight is made of it"),
        ..NOBODY
    },
    Table {
        name: "consent_purpose",
        room: "projections",
        nobody: &["name", "description_de", "description_en"],
        ..NOBODY
    },
    Table {
        name: "consent",
        room: "projections",
        holds: "everything that was said about the person's consent",
        person: Some("person_profile_id"),
        occurs: &[("person_profile_id", Occurs::Id)],
        nobody: &["purpose", "channel", "evidence", "text_version"],
        erased: Erased::Deleted,
        kept: "until the person is erased",
        export: Export::As("consent_history"),
    },
    Table {
        name: "outbox",
        room: "outbox",
        holds: "what was told to other systems about the person, and what is to be",
        person: Some("person_profile_id"),
        occurs: &[("person_profile_id", Occurs::Id), ("payload", Occurs::Text)],
        nobody: &["id", "kind", "granted", "unopposed"],
        erased: Erased::Deleted,
        kept: "what it says until every receiver has it; that it was sent, as long as retention says",
        export: Export::As("messages"),
    },
    Table {
        name: "outbox_delivery",
        room: "outbox",
        holds: "to whom each message is on its way",
        person: Some("person_profile_id"),
        occurs: &[("person_profile_id", Occurs::Id)],
        nobody: &["id", "target", "outcome"],
        erased: Erased::Deleted,
        kept: "as the message",
        export: Export::As("messages"),
    },
    Table {
        name: "consent_proof",
        room: "projections",
        holds: "what an erased person had allowed, by tag: purposes, times and wordings",
        occurs: &[("tag", Occurs::Tag)],
        nobody: &["purpose", "channel", "text_version"],
        kept: "to the end of the limitation period, by default three years beyond the end of the year",
        export: Export::Not("it is there for erased persons only"),
        ..NOBODY
    },
    Table {
        name: "fence",
        room: "resolve",
        holds: "a keyed hash of an erased person's id, which names nobody without the service's key",
        occurs: &[("tag", Occurs::Tag)],
        nobody: &["reason"],
        kept: "for good: it keeps the person from coming back",
        export: Export::Not("it is there for erased persons only"),
        ..NOBODY
    },
    Table {
        name: "erasure_request",
        room: "privacy",
        holds: "that somebody is to be erased; once that is done, by tag only",
        occurs: &[
            ("person_profile_id", Occurs::Id),
            ("subject_tag", Occurs::Tag),
            ("tags", Occurs::Tag),
        ],
        nobody: &[
            "request_id",
            "basis",
            "removed",
            "categories",
            "reason",
            "told",
        ],
        erased: Erased::Emptied,
        kept: "for as long as the erasure may have to be proven",
        export: Export::As("storage"),
        ..NOBODY
    },
    Table {
        name: "erasure_receipt",
        room: "privacy",
        holds: "the proof of an erasure, by tag",
        occurs: &[("body", Occurs::Tag)],
        nobody: &["request_id"],
        kept: "for good: each is a link of a chain",
        export: Export::Not("it is there for erased persons only"),
        ..NOBODY
    },
    Table {
        name: "export_request",
        room: "privacy",
        holds: "that the person's data were asked for, and how far that is",
        person: Some("person_profile_id"),
        occurs: &[
            ("person_profile_id", Occurs::Id),
            ("subject_tag", Occurs::Tag),
        ],
        nobody: &[
            "request_id",
            "categories",
            "language",
            "recipient",
            "token_hash",
        ],
        erased: Erased::Emptied,
        kept: "for as long as it may have to be shown that the request was answered",
        export: Export::As("exports"),
    },
    Table {
        name: "export_chunk",
        room: "privacy",
        holds: "the person's data, encrypted to whoever asked for them, until they are fetched",
        person: Some("person_profile_id"),
        occurs: &[("person_profile_id", Occurs::Id)],
        nobody: &["request_id", "body"],
        erased: Erased::Deleted,
        kept: "until it is fetched, for a day at most",
        export: Export::As("exports"),
    },
    Table {
        name: "audit_act",
        room: "audit",
        holds: "who did what with the person's data, by tag",
        occurs: &[("subject_tag", Occurs::Tag)],
        nobody: &[
            "previous",
            "hash",
            "role",
            "user_id",
            "act",
            "object_id",
            "detail",
        ],
        kept: "for good: each is a link of a chain",
        export: Export::As("access"),
        ..NOBODY
    },
    Table {
        name: "audit_read",
        room: "audit",
        holds: "who read about the person, by tag",
        occurs: &[("subject_tags", Occurs::Tag)],
        nobody: &[
            "chain",
            "previous",
            "hash",
            "anchor",
            "role",
            "user_id",
            "operation",
            "query_hash",
            "persons",
        ],
        kept: "for as long as retention says, 24 months unless told",
        export: Export::As("access"),
        ..NOBODY
    },
    Table {
        name: "retention_setting",
        room: "privacy",
        nobody: &["clock"],
        ..NOBODY
    },
    Table {
        name: "retention_horizon",
        room: "resolve",
        ..NOBODY
    },
    Table {
        name: "retention_statistic",
        room: "privacy",
        holds: "sums over at least ten persons who went, in whom nobody can be traced",
        nobody: &["currency", "persons"],
        ..NOBODY
    },
    Table {
        name: "job",
        room: "jobs",
        holds: "how far long work is; while a rebuild runs, the person it has come to",
        occurs: &[("progress", Occurs::Text)],
        nobody: &["name", "run"],
        erased: Erased::Passing,
        kept: "for as long as retention says",
        export: Export::Not("it is about work, not about a person"),
        ..NOBODY
    },
    Table {
        name: "model_version",
        room: "models",
        holds: "what was learned from all customers together; no row of any of them",
        nobody: &[
            "algorithm",
            "program",
            "settings",
            "persons",
            "matrix_hash",
            "report",
            "artefact",
            "artefact_hash",
            "reason",
        ],
        ..NOBODY
    },
    Table {
        name: "model_champion",
        room: "models",
        nobody: &["reason", "actor"],
        ..NOBODY
    },
    Table {
        name: "model_setting",
        room: "models",
        nobody: &["name", "value", "actor"],
        ..NOBODY
    },
    Table {
        name: "tally",
        room: "inbox",
        nobody: &["name"],
        ..NOBODY
    },
];
