//! Backoffice: the operator, the identity (never its names), tours and stops as they are called.

use super::columns::{
    Column, ColumnType, Happens, ID, PERSON, TENANT, TableContract, UPDATED, at, count, currency,
    day, fixed, flag, frame, label, one_of, uuid, word, words,
};
use super::commerce::OFFERING_TOLD;
use super::events::{EventContract, Part};
use crate::domain::source::{Field, SourceKind};

const SCHEMA: &str = "backoffice";

/// `backoffice.operators`: the tenant itself, so its id is the tenant.
pub(super) const OPERATORS: TableContract = TableContract::rows(
    (SCHEMA, "operators"),
    "ci_backoffice_operators",
    SourceKind::Operator,
    &[
        ID,
        word("default_locale", Field::Locale),
        currency("default_currency", Field::DefaultCurrency),
        word("time_zone", Field::TimeZone),
        one_of("status", Field::Status, &["ACTIVE"]),
        UPDATED,
    ],
)
.tenant_in("id");

const CONSENT: Column = flag("marketing_consent", Field::MarketingConsent);
const CONSENT_AT: Column = at("marketing_consent_at", Field::MarketingConsentAt);
const OBJECTION_AT: Column = at("profiling_objection_at", Field::ProfilingObjectionAt);
const LOCALE: Column = word("locale", Field::Locale);
const MERGED_INTO: Column = uuid("merged_into_id", Field::MergedInto);
const REDACTED_AT: Column = at("pii_redacted_at", Field::RedactedAt);
const HAS_EMAIL: Column = flag("has_email", Field::HasEmail);
const HAS_PHONE: Column = flag("has_phone", Field::HasPhone);
const CREATED_AT: Column = at("created_at", Field::CreatedAt);

/// `backoffice.person_profiles`.
pub(super) const PERSON_PROFILES: TableContract = TableContract::rows(
    (SCHEMA, "person_profiles"),
    "ci_backoffice_person_profiles",
    SourceKind::PersonProfile,
    &[
        ID,
        TENANT,
        HAS_EMAIL,
        HAS_PHONE,
        CONSENT,
        CONSENT_AT,
        OBJECTION_AT,
        LOCALE,
        MERGED_INTO,
        REDACTED_AT,
        CREATED_AT,
        UPDATED,
    ],
)
.announcing(&[(Happens::Always, "PersonProfileUpdated")]);

const TITLE: Column = label("title", Field::Title);
const REGION: Column = label("region", Field::Region);
const TAGS: Column = words("tags", Field::Tags);

/// `backoffice.tour_templates`.
pub(super) const TOUR_TEMPLATES: TableContract = TableContract::rows(
    (SCHEMA, "tour_templates"),
    "ci_backoffice_tour_templates",
    SourceKind::TourTemplate,
    &[
        ID,
        TENANT,
        TITLE,
        REGION,
        label("category", Field::Category),
        count("duration_days", Field::DurationDays),
        TAGS,
        UPDATED,
    ],
);

/// `backoffice.boarding_points`.
pub(super) const BOARDING_POINTS: TableContract = TableContract::rows(
    (SCHEMA, "boarding_points"),
    "ci_backoffice_boarding_points",
    SourceKind::BoardingPoint,
    &[
        ID,
        TENANT,
        label("label", Field::Label),
        label("zone_label", Field::ZoneLabel),
        UPDATED,
    ],
);

/// `backoffice.legal_holds`: only the fact and its span, not the reason.
pub(super) const LEGAL_HOLDS: TableContract = TableContract::rows(
    (SCHEMA, "legal_holds"),
    "ci_backoffice_legal_holds",
    SourceKind::LegalHold,
    &[
        ID,
        TENANT,
        one_of("entity_type", Field::EntityType, &["person"]),
        uuid("entity_id", Field::Entity),
        day("until", Field::Until),
        at("closed_at", Field::ClosedAt),
        CREATED_AT,
        UPDATED,
    ],
);

/// `backoffice.domain_events`.
pub(super) const DOMAIN_EVENTS: TableContract =
    TableContract::domain_events(SCHEMA, "ci_backoffice_domain_events");

/// `PersonProfileUpdated`, the only event in which null is a value.
pub(super) const PERSON_PROFILE_UPDATED: EventContract = EventContract::new(
    SCHEMA,
    "PersonProfileUpdated",
    &[Part::subject(
        SourceKind::PersonProfile,
        PERSON,
        &[
            HAS_EMAIL,
            HAS_PHONE,
            CONSENT,
            CONSENT_AT,
            OBJECTION_AT,
            LOCALE,
            MERGED_INTO.aka(&["merged_into_profile_id"]),
            REDACTED_AT,
            CREATED_AT,
        ],
        &[],
    )],
)
.aka(&["PassengerProfileUpdated"])
.controlled_by(&[frame(
    "change_type",
    ColumnType::Word {
        known: &["CREATED", "UPDATED", "MERGED", "REDACTED"],
    },
)])
.with_nulls();

/// `TourDeparturePublished`: names for tours. Its stops are left to `boarding_points`, which own their labels.
pub(super) const TOUR_DEPARTURE_PUBLISHED: EventContract = EventContract::new(
    SCHEMA,
    "TourDeparturePublished",
    &[
        OFFERING_TOLD,
        Part::told(
            SourceKind::TourTemplate,
            uuid("tour_template_id", Field::Template),
            &[TITLE.aka(&["tour_title"]), REGION, TAGS],
        ),
    ],
)
.aka(&["TripPublished"]);

/// `ConsentChanged`: what somebody said about a purpose, recorded apart from their profile.
pub(super) const CONSENT_CHANGED: EventContract = EventContract::new(
    SCHEMA,
    "ConsentChanged",
    &[Part::subject(
        SourceKind::Consent,
        frame("consent_id", ColumnType::Uuid),
        CONSENT_COLUMNS,
        &[],
    )],
);

const CONSENT_COLUMNS: &[Column] = &[
    PERSON,
    word("purpose", Field::Purpose),
    one_of(
        "channel",
        Field::ChannelType,
        &["WHATSAPP", "EMAIL", "WEBCHAT", "SMS"],
    ),
    fixed(
        "decision",
        Field::Decision,
        &["GRANT", "RENEW", "DENY", "REVOKE", "ASK"],
    ),
    at("expires_at", Field::ExpiresAt),
    word("text_version", Field::TextVersion),
    word("source", Field::Origin),
];
