//! Commerce: bookings, who travels on them, what was paid and bought, what was left in the basket, feedback.
//!
//! Its canonical events are in `commerce_events`.

use super::columns::{
    BOOKER, Column, Happens, ID, PERSON, TENANT, TableContract, UPDATED, at, count, currency, day,
    fixed, flag, int, label, money, one_of, uuid, word,
};
use super::events::Part;
use crate::domain::source::{Field, SourceKind};

pub(super) const SCHEMA: &str = "commerce";

pub(super) const OFFERING: Column = uuid("tour_offering_id", Field::Offering);
pub(super) const DEPARTURE: Column = uuid("tour_departure_id", Field::Departure);
pub(super) const TEMPLATE: Column = uuid("tour_template_id", Field::Template);
pub(super) const BOOKING: Column = uuid("booking_id", Field::Booking);
pub(super) const PASSENGER: Column = uuid("passenger_id", Field::Passenger);
pub(super) const TOTAL: Column = money("total_amount", Field::Total);
pub(super) const CURRENCY: Column = currency("currency", Field::Currency);
pub(super) const PASSENGER_COUNT: Column = count("passenger_count", Field::PassengerCount);
pub(super) const FEE: Column = money("cancellation_fee", Field::CancellationFee);

const START: Column = day("start_date", Field::StartDate);
const END: Column = day("end_date", Field::EndDate);
const TITLE: Column = label("title", Field::Title);
const REGION: Column = label("region", Field::Region);

/// `commerce.tour_offerings`.
pub(super) const TOUR_OFFERINGS: TableContract = TableContract::rows(
    (SCHEMA, "tour_offerings"),
    "ci_commerce_tour_offerings",
    SourceKind::TourOffering,
    &[
        ID,
        TENANT,
        DEPARTURE,
        TEMPLATE,
        TITLE,
        REGION,
        START,
        END,
        money("list_price", Field::ListPrice),
        CURRENCY,
        count("seats_available", Field::SeatsAvailable),
        one_of(
            "status",
            Field::Status,
            &["SCHEDULED", "SOLD_OUT", "COMPLETED", "CANCELLED"],
        ),
        UPDATED,
    ],
)
.announcing(&[(Happens::Always, "TourDeparturePublished")]);

/// What events say about the offering by the way: dates and names, when they say any.
pub(super) const OFFERING_TOLD: Part = Part::told(
    SourceKind::TourOffering,
    OFFERING,
    &[
        DEPARTURE,
        TEMPLATE,
        TITLE.aka(&["tour_title"]),
        REGION,
        START,
        END,
    ],
);

/// `commerce.bookings`, but for what frames it; events tell any of these but the status.
pub(super) const BOOKING_FACTS: &[Column] = &[
    OFFERING,
    BOOKER,
    uuid("reseller_id", Field::Reseller),
    word("channel", Field::SalesChannel),
    PASSENGER_COUNT,
    uuid("replaces_booking_id", Field::Replaces),
    TOTAL,
    money("deposit_amount", Field::Deposit),
    CURRENCY,
    fixed(
        "cancelled_by",
        Field::CancelledBy,
        &["PASSENGER", "DISPATCHER", "OPERATOR", "SYSTEM"],
    ),
    FEE,
    money("refund_amount", Field::Refund),
    at("booked_at", Field::BookedAt),
];

/// `commerce.bookings`.
pub(super) const BOOKINGS: TableContract = TableContract::rows(
    (SCHEMA, "bookings"),
    "ci_commerce_bookings",
    SourceKind::Booking,
    &joined::<{ BOOKING_FACTS.len() + 5 }>(
        BOOKING_FACTS,
        &[
            ID,
            TENANT,
            fixed("status", Field::Status, BOOKING_STATES),
            at("created_at", Field::CreatedAt),
            UPDATED,
        ],
    ),
)
.announcing(&[
    (Happens::Becomes("DEPOSIT_PAID"), "BookingConfirmed"),
    (Happens::Becomes("FULLY_PAID"), "BookingFullyPaid"),
    (Happens::Becomes("CANCELLED"), "BookingCancelled"),
    (Happens::Becomes("REFUNDED"), "BookingRefunded"),
    (Happens::Becomes("COMPLETED"), "BookingCompleted"),
    (Happens::Becomes("NO_SHOW"), "BookingNoShow"),
]);

const BOOKING_STATES: &[&str] = &[
    "DRAFT",
    "PENDING_PAYMENT",
    "DEPOSIT_PAID",
    "FULLY_PAID",
    "COMPLETED",
    "CANCELLED",
    "REFUNDED",
    "NO_SHOW",
];

/// What a passenger is like; `passengers[]` of events say the same.
pub(super) const PASSENGER_FACTS: &[Column] = &[
    PERSON,
    flag("is_primary_contact", Field::PrimaryContact),
    uuid("boarding_point_id", Field::BoardingPoint),
    flag("is_door_pickup", Field::DoorPickup),
    label("seat_label", Field::SeatLabel),
    word("seat_position", Field::SeatPosition),
    fixed(
        "fare_category",
        Field::FareCategory,
        &["ADULT", "CHILD", "INFANT"],
    ),
];

/// `commerce.passengers`.
pub(super) const PASSENGERS: TableContract = TableContract::rows(
    (SCHEMA, "passengers"),
    "ci_commerce_passengers",
    SourceKind::Passenger,
    &joined::<{ PASSENGER_FACTS.len() + 6 }>(
        PASSENGER_FACTS,
        &[
            ID,
            TENANT,
            BOOKING,
            FEE,
            one_of("status", Field::Status, &["ACTIVE", "CANCELLED"]),
            UPDATED,
        ],
    ),
)
.announcing(&[(Happens::Becomes("CANCELLED"), "PassengerCancelled")]);

/// What a payment is like.
pub(super) const PAYMENT_FACTS: &[Column] = &[
    BOOKING,
    fixed(
        "payment_type",
        Field::PaymentType,
        &["DEPOSIT", "FINAL_PAYMENT", "ANCILLARY"],
    ),
    money("amount", Field::Amount),
    CURRENCY,
    word("payment_method", Field::PaymentMethod),
    at("received_at", Field::ReceivedAt),
];

/// `commerce.payments`.
pub(super) const PAYMENTS: TableContract = TableContract::rows(
    (SCHEMA, "payments"),
    "ci_commerce_payments",
    SourceKind::Payment,
    &joined::<{ PAYMENT_FACTS.len() + 4 }>(
        PAYMENT_FACTS,
        &[
            ID,
            TENANT,
            one_of(
                "status",
                Field::Status,
                &["PENDING", "COMPLETED", "FAILED", "REFUNDED"],
            ),
            UPDATED,
        ],
    ),
)
.announcing(&[(Happens::Becomes("COMPLETED"), "PaymentReceived")]);

/// What an ancillary is like.
pub(super) const ANCILLARY_FACTS: &[Column] = &[
    BOOKING,
    PASSENGER,
    uuid("catalog_item_id", Field::CatalogItem),
    word("type", Field::AncillaryType),
    count("quantity", Field::Quantity),
    money("unit_price", Field::UnitPrice),
    TOTAL,
    CURRENCY,
    fixed(
        "purchase_phase",
        Field::PurchasePhase,
        &["CHECKOUT", "POST_BOOKING"],
    ),
    one_of("status", Field::Status, &["ACTIVE", "CANCELLED"]),
    at("purchased_at", Field::PurchasedAt),
];

/// `commerce.ancillaries`.
pub(super) const ANCILLARIES: TableContract = TableContract::rows(
    (SCHEMA, "ancillaries"),
    "ci_commerce_ancillaries",
    SourceKind::Ancillary,
    &joined::<{ ANCILLARY_FACTS.len() + 3 }>(ANCILLARY_FACTS, &[ID, TENANT, UPDATED]),
)
.announcing(&[(Happens::Appears, "AncillaryPurchased")]);

/// `commerce.tickets`: never the code on them.
pub(super) const TICKETS: TableContract = TableContract::rows(
    (SCHEMA, "tickets"),
    "ci_commerce_tickets",
    SourceKind::Ticket,
    &[
        ID,
        TENANT,
        BOOKING,
        PASSENGER,
        one_of("status", Field::Status, &["ACTIVE", "CANCELLED"]),
        UPDATED,
    ],
);

/// What a checkout session is like.
pub(super) const CHECKOUT_FACTS: &[Column] = &[
    OFFERING,
    BOOKER,
    word("step", Field::Step),
    PASSENGER_COUNT,
    money("cart_amount", Field::CartAmount),
    CURRENCY,
    at("started_at", Field::StartedAt),
    at("expires_at", Field::ExpiresAt),
];

/// `commerce.checkout_sessions`.
pub(super) const CHECKOUT_SESSIONS: TableContract = TableContract::rows(
    (SCHEMA, "checkout_sessions"),
    "ci_commerce_checkout_sessions",
    SourceKind::CheckoutSession,
    &joined::<{ CHECKOUT_FACTS.len() + 4 }>(
        CHECKOUT_FACTS,
        &[
            ID,
            TENANT,
            one_of("status", Field::Status, &["OPEN", "COMPLETED", "EXPIRED"]),
            UPDATED,
        ],
    ),
)
.announcing(&[(Happens::Becomes("EXPIRED"), "CheckoutAbandoned")]);

/// What feedback says; its comment is never read.
pub(super) const FEEDBACK_FACTS: &[Column] = &[
    BOOKING,
    PERSON,
    DEPARTURE,
    int("nps_score", Field::NpsScore, 0, 10),
    int("rating", Field::Rating, 1, 5),
    at("submitted_at", Field::SubmittedAt),
];

/// `commerce.trip_feedback`.
pub(super) const TRIP_FEEDBACK: TableContract = TableContract::rows(
    (SCHEMA, "trip_feedback"),
    "ci_commerce_trip_feedback",
    SourceKind::TripFeedback,
    &joined::<{ FEEDBACK_FACTS.len() + 2 }>(FEEDBACK_FACTS, &[ID, TENANT]),
)
.versioned_by(&["submitted_at"])
.announcing(&[(Happens::Appears, "TripFeedbackSubmitted")]);

/// `commerce.domain_events`.
pub(super) const DOMAIN_EVENTS: TableContract =
    TableContract::domain_events(SCHEMA, "ci_commerce_domain_events");

/// The columns of a row: what frames it, then what it is like.
pub(super) const fn joined<const N: usize>(facts: &[Column], frame: &[Column]) -> [Column; N] {
    assert!(
        facts.len() + frame.len() == N,
        "as many columns as were counted"
    );
    let mut all = [ID; N];
    let mut at = 0;
    while at < N {
        let (list, index) = if at < frame.len() {
            (frame, at)
        } else {
            (facts, at - frame.len())
        };
        #[expect(
            clippy::indexing_slicing,
            reason = "evaluated by the compiler, bounds asserted above"
        )]
        {
            all[at] = list[index];
        }
        at += 1;
    }
    all
}
