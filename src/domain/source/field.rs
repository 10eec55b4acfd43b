//! The vocabulary: every column and event field under the one name it has here, and what it may hold.
//!
//! The order of the names is stored with every version: new ones go to the end. Absent on purpose: anything personal.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::money::Cents;

/// A column, or a canonical event's field, under the one name it has here.
///
/// Comments name the column where it differs. The order is the stored code and the canonical order of fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Field {
    /// Log rows only: the version names this person (stands for the person column).
    Mine,
    /// Log rows of contacts only: the version names some person.
    Linked,
    /// `booker_profile_id` of bookings and checkout sessions, else `person_profile_id`.
    Person,
    /// `merged_into_id` of a profile.
    MergedInto,
    /// `booking_id`.
    Booking,
    /// `tour_offering_id`.
    Offering,
    /// `tour_departure_id`.
    Departure,
    /// `tour_template_id`.
    Template,
    /// `passenger_id`.
    Passenger,
    /// `ticket_id`.
    Ticket,
    /// `service_leg_id`.
    Leg,
    /// `conversation_id`.
    Conversation,
    /// `contact_id`.
    Contact,
    /// `channel_account_id`.
    ChannelAccount,
    /// `boarding_point_id`.
    BoardingPoint,
    /// `reseller_id`.
    Reseller,
    /// `replaces_booking_id`.
    Replaces,
    /// `catalog_item_id`.
    CatalogItem,
    /// `template_id` of a message.
    MessageTemplate,
    /// `entity_id` of a legal hold.
    Entity,
    /// `status`.
    Status,
    /// `channel` of a booking: the sales channel.
    SalesChannel,
    /// `passenger_count`.
    PassengerCount,
    /// `total_amount`.
    Total,
    /// `deposit_amount`.
    Deposit,
    /// `amount` of a payment.
    Amount,
    /// `currency`.
    Currency,
    /// `cancelled_by`.
    CancelledBy,
    /// `cancellation_fee`.
    CancellationFee,
    /// `refund_amount`.
    Refund,
    /// `booked_at`.
    BookedAt,
    /// `created_at`.
    CreatedAt,
    /// `is_primary_contact`.
    PrimaryContact,
    /// `is_door_pickup`.
    DoorPickup,
    /// `seat_label`.
    SeatLabel,
    /// `seat_position`.
    SeatPosition,
    /// `fare_category`.
    FareCategory,
    /// Canonical `BookingNoShow` only: `boarded` of a passenger.
    SaidBoarded,
    /// `payment_type`.
    PaymentType,
    /// `payment_method`.
    PaymentMethod,
    /// `received_at`.
    ReceivedAt,
    /// `type` of an ancillary.
    AncillaryType,
    /// `quantity`.
    Quantity,
    /// `unit_price`.
    UnitPrice,
    /// `purchase_phase`.
    PurchasePhase,
    /// `purchased_at`.
    PurchasedAt,
    /// `step` of a checkout.
    Step,
    /// `cart_amount`.
    CartAmount,
    /// `started_at`.
    StartedAt,
    /// `expires_at`.
    ExpiresAt,
    /// `nps_score`.
    NpsScore,
    /// `rating`.
    Rating,
    /// `submitted_at`.
    SubmittedAt,
    /// `leg_type`.
    LegType,
    /// `is_final_leg`.
    FinalLeg,
    /// `scheduled_start`.
    ScheduledStart,
    /// `scheduled_end`.
    ScheduledEnd,
    /// `actual_start`.
    ActualStart,
    /// `actual_end`.
    ActualEnd,
    /// `method` of a boarding.
    Method,
    /// `is_offline`.
    Offline,
    /// `boarded_at`.
    BoardedAt,
    /// `sold_at`.
    SoldAt,
    /// `synced_at`.
    SyncedAt,
    /// `channel_type`: WHATSAPP, EMAIL, WEBCHAT, SMS.
    ChannelType,
    /// `direction`: INBOUND, OUTBOUND.
    Direction,
    /// `trigger_event` of a message.
    TriggerEvent,
    /// `sent_at`.
    SentAt,
    /// `delivered_at`.
    DeliveredAt,
    /// `read_at`.
    ReadAt,
    /// `opened_at`.
    OpenedAt,
    /// `last_message_at`.
    LastMessageAt,
    /// `resolved_at`.
    ResolvedAt,
    /// `marketing_consent`.
    MarketingConsent,
    /// `marketing_consent_at`.
    MarketingConsentAt,
    /// `profiling_objection_at`.
    ProfilingObjectionAt,
    /// `locale`, or `default_locale` of an operator.
    Locale,
    /// `pii_redacted_at`.
    RedactedAt,
    /// `has_email`.
    HasEmail,
    /// `has_phone`.
    HasPhone,
    /// `title`.
    Title,
    /// `region`.
    Region,
    /// `category`.
    Category,
    /// `duration_days`.
    DurationDays,
    /// `tags`.
    Tags,
    /// `label` of a boarding point.
    Label,
    /// `zone_label`.
    ZoneLabel,
    /// `start_date`.
    StartDate,
    /// `end_date`.
    EndDate,
    /// `list_price`.
    ListPrice,
    /// `seats_available`.
    SeatsAvailable,
    /// `default_currency` of an operator.
    DefaultCurrency,
    /// `time_zone` of an operator.
    TimeZone,
    /// `entity_type` of a legal hold.
    EntityType,
    /// `until` of a legal hold.
    Until,
    /// `closed_at` of a legal hold.
    ClosedAt,
    /// `purpose` of a consent.
    Purpose,
    /// `decision` about a consent: GRANT, RENEW, DENY, REVOKE, ASK.
    Decision,
    /// `text_version` of a consent: the wording agreed to.
    TextVersion,
    /// `source` of a consent: the form, call or paper it was given by.
    Origin,
}

/// What a field holds. Text is closed vocabulary or a label, never free text about a person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Value {
    /// Known to be empty (rows), which is different from not carried.
    Null,
    /// A flag.
    Bool(bool),
    /// A count.
    Int(i64),
    /// Hundredths of the currency beside it.
    Cents(Cents),
    /// A reference.
    Id(Uuid),
    /// An instant, microseconds precise.
    At(DateTime<Utc>),
    /// A calendar day in the tenant's zone.
    Day(NaiveDate),
    /// A word or a label.
    Text(String),
    /// Words, as `tags`.
    Words(Vec<String>),
}
