//! Operations: legs that ran, who was seen on board, what was sold there. Synced in bursts, hours late.

use super::columns::{
    Column, ColumnType, Happens, ID, LEG, PERSON, TENANT, TableContract, UPDATED, at, flag, frame,
    label, money, one_of, uuid,
};
use super::commerce::{BOOKING, CURRENCY, DEPARTURE, OFFERING, OFFERING_TOLD, PASSENGER, joined};
use super::events::{EventContract, Part, Says};
use crate::domain::source::{Field, SourceKind};

const SCHEMA: &str = "operations";

const LEG_FACTS: &[Column] = &[
    OFFERING,
    DEPARTURE,
    one_of(
        "leg_type",
        Field::LegType,
        &["PICKUP", "MAIN", "TRANSFER", "RETURN"],
    ),
    flag("is_final_leg", Field::FinalLeg),
    at("scheduled_start", Field::ScheduledStart),
    at("scheduled_end", Field::ScheduledEnd),
    at("actual_start", Field::ActualStart),
    at("actual_end", Field::ActualEnd),
];

/// `operations.service_legs`.
pub(super) const SERVICE_LEGS: TableContract = TableContract::rows(
    (SCHEMA, "service_legs"),
    "ci_operations_service_legs",
    SourceKind::ServiceLeg,
    &joined::<{ LEG_FACTS.len() + 4 }>(
        LEG_FACTS,
        &[
            ID,
            TENANT,
            one_of(
                "status",
                Field::Status,
                &["SCHEDULED", "STARTED", "COMPLETED", "CANCELLED"],
            ),
            UPDATED,
        ],
    ),
)
.announcing(&[(Happens::Becomes("COMPLETED"), "ServiceLegCompleted")]);

const TICKET: Column = uuid("ticket_id", Field::Ticket);
const SEAT: Column = label("seat_label", Field::SeatLabel);
const SYNCED: Column = at("synced_at", Field::SyncedAt);

const BOARDING_FACTS: &[Column] = &[
    LEG,
    DEPARTURE,
    TICKET,
    PASSENGER,
    uuid("boarding_point_id", Field::BoardingPoint),
    SEAT,
    one_of("status", Field::Status, &["BOARDED", "DENIED"]),
    one_of("method", Field::Method, &["QR", "MANUAL"]),
    flag("is_offline", Field::Offline),
    at("boarded_at", Field::BoardedAt),
    SYNCED,
];

/// `operations.boarding_events`.
pub(super) const BOARDING_EVENTS: TableContract = TableContract::rows(
    (SCHEMA, "boarding_events"),
    "ci_operations_boarding_events",
    SourceKind::BoardingEvent,
    &joined::<{ BOARDING_FACTS.len() + 2 }>(BOARDING_FACTS, &[ID, TENANT]),
)
.versioned_by(&["synced_at", "boarded_at"])
.announcing(&[(Happens::Appears, "BoardingEventCreated")]);

const SALE_FACTS: &[Column] = &[
    LEG,
    DEPARTURE,
    TICKET,
    SEAT,
    money("total_amount", Field::Total),
    CURRENCY,
    one_of(
        "payment_method",
        Field::PaymentMethod,
        &["CASH", "CARD", "LINK"],
    ),
    at("sold_at", Field::SoldAt),
    SYNCED,
];

/// `operations.onboard_sales`: what was paid, not what was bought.
pub(super) const ONBOARD_SALES: TableContract = TableContract::rows(
    (SCHEMA, "onboard_sales"),
    "ci_operations_onboard_sales",
    SourceKind::OnboardSale,
    &joined::<{ SALE_FACTS.len() + 2 }>(SALE_FACTS, &[ID, TENANT]),
)
.versioned_by(&["synced_at", "sold_at"])
.announcing(&[(Happens::Appears, "OnboardSaleRecorded")]);

/// `operations.domain_events`.
pub(super) const DOMAIN_EVENTS: TableContract =
    TableContract::domain_events(SCHEMA, "ci_operations_domain_events");

/// `ServiceLegCompleted`: names no person.
pub(super) const SERVICE_LEG_COMPLETED: EventContract = EventContract::new(
    SCHEMA,
    "ServiceLegCompleted",
    &[
        Part::subject(
            SourceKind::ServiceLeg,
            LEG,
            LEG_FACTS,
            &[(Field::Status, Says::Word("COMPLETED"))],
        ),
        OFFERING_TOLD,
    ],
);

/// `BoardingEventCreated`; unlike the row it may name the person and the booking outright.
pub(super) const BOARDING_EVENT_CREATED: EventContract = EventContract::new(
    SCHEMA,
    "BoardingEventCreated",
    &[Part::subject(
        SourceKind::BoardingEvent,
        frame("boarding_event_id", ColumnType::Uuid),
        &joined::<{ BOARDING_FACTS.len() + 2 }>(BOARDING_FACTS, &[PERSON, BOOKING]),
        &[
            (Field::Status, Says::Word("BOARDED")),
            (Field::BoardedAt, Says::OccurredAt),
        ],
    )],
);

/// `OnboardSaleRecorded`; unlike the row it may name the passenger and the person outright.
pub(super) const ONBOARD_SALE_RECORDED: EventContract = EventContract::new(
    SCHEMA,
    "OnboardSaleRecorded",
    &[Part::subject(
        SourceKind::OnboardSale,
        frame("onboard_sale_id", ColumnType::Uuid),
        &joined::<{ SALE_FACTS.len() + 2 }>(SALE_FACTS, &[PERSON, PASSENGER]),
        &[(Field::SoldAt, Says::OccurredAt)],
    )],
);
