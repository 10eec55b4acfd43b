//! Commerce's canonical events, and the versions of rows they stand for.
//!
//! `BookingRefunded` names a payment but says nothing of that payment's own state (a refund may be of a part),
//! so it makes no version of the payment: `payments.status` says when one was refunded.

use super::columns::{
    Column, ColumnType, PERSON, count, flag, frame, money, one_of, uuid, word, words,
};
use super::commerce::{
    ANCILLARY_FACTS, BOOKING, BOOKING_FACTS, CHECKOUT_FACTS, CURRENCY, FEE, FEEDBACK_FACTS,
    OFFERING_TOLD, PASSENGER, PASSENGER_FACTS, PAYMENT_FACTS, SCHEMA, joined,
};
use super::events::{EventContract, Part, Says, When};
use crate::domain::source::{Field, SourceKind};

const fn booking(says: &'static [(Field, Says)]) -> Part {
    Part::subject(SourceKind::Booking, BOOKING, BOOKING_FACTS, says)
}

const SAID_BOARDED: Column = flag("boarded", Field::SaidBoarded);

const TRAVELLERS: Part = Part::each(
    "passengers",
    SourceKind::Passenger,
    PASSENGER,
    PASSENGER_FACTS,
    &[BOOKING],
);

const TEMPLATE_TOLD: Part = Part::told(
    SourceKind::TourTemplate,
    uuid("tour_template_id", Field::Template),
    &[words("tags", Field::Tags)],
);

const CHECKOUT_ANCILLARIES: Part = Part::each(
    "ancillaries",
    SourceKind::Ancillary,
    frame("ancillary_id", ColumnType::Uuid),
    &[
        PASSENGER,
        uuid("catalog_item_id", Field::CatalogItem),
        word("type", Field::AncillaryType),
        count("quantity", Field::Quantity),
        money("unit_price", Field::UnitPrice),
        money("total_amount", Field::Total).aka(&["amount"]),
        one_of(
            "purchase_phase",
            Field::PurchasePhase,
            &["CHECKOUT", "POST_BOOKING"],
        ),
    ],
    &[BOOKING, CURRENCY],
)
.saying(&[(Field::PurchasePhase, Says::Word("CHECKOUT"))]);

/// `BookingConfirmed`: the deposit is paid, with everything that was booked.
pub(super) const BOOKING_CONFIRMED: EventContract = EventContract::new(
    SCHEMA,
    "BookingConfirmed",
    &[
        booking(&[(Field::Status, Says::Word("DEPOSIT_PAID"))]),
        OFFERING_TOLD,
        TEMPLATE_TOLD,
        TRAVELLERS,
        CHECKOUT_ANCILLARIES,
    ],
);

/// `BookingFullyPaid`.
pub(super) const BOOKING_FULLY_PAID: EventContract = EventContract::new(
    SCHEMA,
    "BookingFullyPaid",
    &[
        booking(&[(Field::Status, Says::Word("FULLY_PAID"))]),
        OFFERING_TOLD,
    ],
);

/// `BookingCancelled`: of the whole booking, or of the passengers it lists.
pub(super) const BOOKING_CANCELLED: EventContract = EventContract::new(
    SCHEMA,
    "BookingCancelled",
    &[
        booking(&[(Field::Status, Says::Word("CANCELLED"))]).when(When::ScopeFull),
        Part::each(
            "cancelled_passenger_ids",
            SourceKind::Passenger,
            PASSENGER,
            &[],
            &[BOOKING, FEE],
        )
        .saying(&[(Field::Status, Says::Word("CANCELLED"))])
        .when(When::ScopePartial),
        OFFERING_TOLD,
    ],
)
.controlled_by(&[frame(
    "scope",
    ColumnType::Word {
        known: &["FULL", "PARTIAL"],
    },
)]);

/// `PassengerCancelled`: one traveller of a booking stays at home.
pub(super) const PASSENGER_CANCELLED: EventContract = EventContract::new(
    SCHEMA,
    "PassengerCancelled",
    &[Part::subject(
        SourceKind::Passenger,
        PASSENGER,
        &[BOOKING, PERSON, FEE],
        &[(Field::Status, Says::Word("CANCELLED"))],
    )],
);

/// `BookingRefunded`.
pub(super) const BOOKING_REFUNDED: EventContract = EventContract::new(
    SCHEMA,
    "BookingRefunded",
    &[
        booking(&[(Field::Status, Says::Word("REFUNDED"))]),
        OFFERING_TOLD,
    ],
);

/// `BookingCompleted`.
pub(super) const BOOKING_COMPLETED: EventContract = EventContract::new(
    SCHEMA,
    "BookingCompleted",
    &[
        booking(&[(Field::Status, Says::Word("COMPLETED"))]),
        OFFERING_TOLD,
        TRAVELLERS,
    ],
);

/// `BookingNoShow`: the whole booking, or with `boarded` said of each passenger.
pub(super) const BOOKING_NO_SHOW: EventContract = EventContract::new(
    SCHEMA,
    "BookingNoShow",
    &[
        booking(&[(Field::Status, Says::Word("NO_SHOW"))]),
        OFFERING_TOLD,
        Part::each(
            "passengers",
            SourceKind::Passenger,
            PASSENGER,
            &joined::<{ PASSENGER_FACTS.len() + 1 }>(PASSENGER_FACTS, &[SAID_BOARDED]),
            &[BOOKING],
        ),
    ],
);

/// `CheckoutAbandoned`.
pub(super) const CHECKOUT_ABANDONED: EventContract = EventContract::new(
    SCHEMA,
    "CheckoutAbandoned",
    &[
        Part::subject(
            SourceKind::CheckoutSession,
            frame("checkout_session_id", ColumnType::Uuid),
            CHECKOUT_FACTS,
            &[(Field::Status, Says::Word("EXPIRED"))],
        ),
        OFFERING_TOLD,
    ],
);

/// `AncillaryPurchased`.
pub(super) const ANCILLARY_PURCHASED: EventContract = EventContract::new(
    SCHEMA,
    "AncillaryPurchased",
    &[Part::subject(
        SourceKind::Ancillary,
        frame("ancillary_id", ColumnType::Uuid),
        ANCILLARY_FACTS,
        &[(Field::PurchasedAt, Says::OccurredAt)],
    )],
);

/// `PaymentReceived`.
pub(super) const PAYMENT_RECEIVED: EventContract = EventContract::new(
    SCHEMA,
    "PaymentReceived",
    &[Part::subject(
        SourceKind::Payment,
        frame("payment_id", ColumnType::Uuid),
        PAYMENT_FACTS,
        &[
            (Field::Status, Says::Word("COMPLETED")),
            (Field::ReceivedAt, Says::OccurredAt),
        ],
    )],
)
.aka(&["PaymentCompleted"]);

/// `TripFeedbackSubmitted`.
pub(super) const TRIP_FEEDBACK_SUBMITTED: EventContract = EventContract::new(
    SCHEMA,
    "TripFeedbackSubmitted",
    &[Part::subject(
        SourceKind::TripFeedback,
        frame("feedback_id", ColumnType::Uuid).aka(&["trip_feedback_id"]),
        FEEDBACK_FACTS,
        &[(Field::SubmittedAt, Says::OccurredAt)],
    )],
);
