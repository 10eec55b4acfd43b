//! What a field is called on the platform: the names under which content is hashed.
//!
//! A name never changes, because the hash of what was already logged would.

use crate::domain::source::{Field, SourceKind};

/// The platform's column of a field in rows of that kind.
#[must_use]
pub fn platform_name(kind: SourceKind, field: Field) -> &'static str {
    match (kind, field) {
        (SourceKind::Booking | SourceKind::CheckoutSession, Field::Person) => "booker_profile_id",
        (SourceKind::Operator, Field::Locale) => "default_locale",
        (_, field) => reference(field)
            .or_else(|| fact(field))
            .unwrap_or_else(|| detail(field)),
    }
}

const fn reference(field: Field) -> Option<&'static str> {
    Some(match field {
        Field::Mine => "mine",
        Field::Linked => "linked",
        Field::Person => "person_profile_id",
        Field::MergedInto => "merged_into_id",
        Field::Booking => "booking_id",
        Field::Offering => "tour_offering_id",
        Field::Departure => "tour_departure_id",
        Field::Template => "tour_template_id",
        Field::Passenger => "passenger_id",
        Field::Ticket => "ticket_id",
        Field::Leg => "service_leg_id",
        Field::Conversation => "conversation_id",
        Field::Contact => "contact_id",
        Field::ChannelAccount => "channel_account_id",
        Field::BoardingPoint => "boarding_point_id",
        Field::Reseller => "reseller_id",
        Field::Replaces => "replaces_booking_id",
        Field::CatalogItem => "catalog_item_id",
        Field::MessageTemplate => "template_id",
        Field::Entity => "entity_id",
        _ => return None,
    })
}

const fn fact(field: Field) -> Option<&'static str> {
    Some(match field {
        Field::Status => "status",
        Field::SalesChannel => "channel",
        Field::PassengerCount => "passenger_count",
        Field::Total => "total_amount",
        Field::Deposit => "deposit_amount",
        Field::Amount => "amount",
        Field::Currency => "currency",
        Field::CancelledBy => "cancelled_by",
        Field::CancellationFee => "cancellation_fee",
        Field::Refund => "refund_amount",
        Field::BookedAt => "booked_at",
        Field::CreatedAt => "created_at",
        Field::PrimaryContact => "is_primary_contact",
        Field::DoorPickup => "is_door_pickup",
        Field::SeatLabel => "seat_label",
        Field::SeatPosition => "seat_position",
        Field::FareCategory => "fare_category",
        Field::SaidBoarded => "boarded",
        Field::PaymentType => "payment_type",
        Field::PaymentMethod => "payment_method",
        Field::ReceivedAt => "received_at",
        Field::AncillaryType => "type",
        Field::Quantity => "quantity",
        Field::UnitPrice => "unit_price",
        Field::PurchasePhase => "purchase_phase",
        Field::PurchasedAt => "purchased_at",
        Field::Step => "step",
        Field::CartAmount => "cart_amount",
        Field::StartedAt => "started_at",
        Field::ExpiresAt => "expires_at",
        Field::NpsScore => "nps_score",
        Field::Rating => "rating",
        Field::SubmittedAt => "submitted_at",
        _ => return None,
    })
}

const fn detail(field: Field) -> &'static str {
    match field {
        Field::LegType => "leg_type",
        Field::FinalLeg => "is_final_leg",
        Field::ScheduledStart => "scheduled_start",
        Field::ScheduledEnd => "scheduled_end",
        Field::ActualStart => "actual_start",
        Field::ActualEnd => "actual_end",
        Field::Method => "method",
        Field::Offline => "is_offline",
        Field::BoardedAt => "boarded_at",
        Field::SoldAt => "sold_at",
        Field::SyncedAt => "synced_at",
        Field::ChannelType => "channel_type",
        Field::Direction => "direction",
        Field::TriggerEvent => "trigger_event",
        Field::SentAt => "sent_at",
        Field::DeliveredAt => "delivered_at",
        Field::ReadAt => "read_at",
        Field::OpenedAt => "opened_at",
        Field::LastMessageAt => "last_message_at",
        Field::ResolvedAt => "resolved_at",
        Field::MarketingConsent => "marketing_consent",
        Field::MarketingConsentAt => "marketing_consent_at",
        Field::ProfilingObjectionAt => "profiling_objection_at",
        Field::Locale => "locale",
        Field::RedactedAt => "pii_redacted_at",
        Field::HasEmail => "has_email",
        Field::HasPhone => "has_phone",
        Field::Title => "title",
        Field::Region => "region",
        Field::Category => "category",
        Field::DurationDays => "duration_days",
        Field::Tags => "tags",
        Field::Label => "label",
        Field::ZoneLabel => "zone_label",
        Field::StartDate => "start_date",
        Field::EndDate => "end_date",
        Field::ListPrice => "list_price",
        Field::SeatsAvailable => "seats_available",
        Field::DefaultCurrency => "default_currency",
        Field::TimeZone => "time_zone",
        Field::EntityType => "entity_type",
        Field::Until => "until",
        Field::ClosedAt => "closed_at",
        Field::Purpose => "purpose",
        Field::Decision => "decision",
        Field::TextVersion => "text_version",
        Field::Origin => "source",
        // The references and facts of the two lists above.
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::platform_name;
    use crate::contracts::{allow_list, events};

    #[test]
    fn a_field_is_hashed_under_the_name_its_row_has_on_the_platform() {
        for table in allow_list() {
            let Some(kind) = table.kind else { continue };
            for column in table.columns {
                if let Some(field) = column.field {
                    assert_eq!(platform_name(kind, field), column.name, "{}", table.trigger);
                }
            }
        }
    }

    #[test]
    fn every_field_an_event_can_carry_has_a_name() {
        for part in events().iter().flat_map(|event| event.parts) {
            for column in part.columns.iter().chain(part.shared) {
                let name = column.field.map(|field| platform_name(part.kind, field));
                assert!(name.is_none_or(|name| !name.is_empty()), "{}", column.name);
            }
        }
    }
}
