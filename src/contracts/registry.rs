//! Every contract, in one place: what the door lets through, what event triggers are cut to, what is listened to.

use super::columns::TableContract;
use super::events::EventContract;
use super::{backoffice, commerce, commerce_events, communications, operations};

static TABLES: [TableContract; 24] = [
    backoffice::OPERATORS,
    backoffice::PERSON_PROFILES,
    backoffice::TOUR_TEMPLATES,
    backoffice::BOARDING_POINTS,
    backoffice::LEGAL_HOLDS,
    backoffice::DOMAIN_EVENTS,
    commerce::TOUR_OFFERINGS,
    commerce::BOOKINGS,
    commerce::PASSENGERS,
    commerce::PAYMENTS,
    commerce::ANCILLARIES,
    commerce::TICKETS,
    commerce::CHECKOUT_SESSIONS,
    commerce::TRIP_FEEDBACK,
    commerce::DOMAIN_EVENTS,
    operations::SERVICE_LEGS,
    operations::BOARDING_EVENTS,
    operations::ONBOARD_SALES,
    operations::DOMAIN_EVENTS,
    communications::CHANNEL_ACCOUNTS,
    communications::CONTACTS,
    communications::CONVERSATIONS,
    communications::MESSAGES,
    communications::DOMAIN_EVENTS,
];

static EVENTS: [EventContract; 21] = [
    commerce_events::BOOKING_CONFIRMED,
    commerce_events::BOOKING_FULLY_PAID,
    commerce_events::BOOKING_CANCELLED,
    commerce_events::PASSENGER_CANCELLED,
    commerce_events::BOOKING_REFUNDED,
    commerce_events::BOOKING_COMPLETED,
    commerce_events::BOOKING_NO_SHOW,
    commerce_events::CHECKOUT_ABANDONED,
    commerce_events::ANCILLARY_PURCHASED,
    commerce_events::PAYMENT_RECEIVED,
    operations::BOARDING_EVENT_CREATED,
    operations::ONBOARD_SALE_RECORDED,
    operations::SERVICE_LEG_COMPLETED,
    communications::MESSAGE_DELIVERED,
    communications::MESSAGE_READ,
    communications::MESSAGE_RECEIVED,
    communications::CONVERSATION_RESOLVED,
    backoffice::PERSON_PROFILE_UPDATED,
    backoffice::CONSENT_CHANGED,
    backoffice::TOUR_DEPARTURE_PUBLISHED,
    commerce_events::TRIP_FEEDBACK_SUBMITTED,
];

/// The tables that are listened to, with the columns that pass the door; by context, identity first.
#[must_use]
pub fn allow_list() -> &'static [TableContract] {
    &TABLES
}

/// The canonical events that are understood, under their present names.
#[must_use]
pub fn events() -> &'static [EventContract] {
    &EVENTS
}

/// The contract of a table.
#[must_use]
pub fn table(schema: &str, table: &str) -> Option<&'static TableContract> {
    TABLES
        .iter()
        .find(|contract| contract.table == table && contract.schema == schema)
}

/// The contract of an event type, also by an older name.
#[must_use]
pub fn event(name: &str) -> Option<&'static EventContract> {
    EVENTS
        .iter()
        .find(|contract| contract.name == name || contract.aliases.contains(&name))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{allow_list, events};
    use crate::contracts::columns::{Column, ColumnType};
    use crate::contracts::events::Part;
    use crate::domain::source::SourceKind;

    fn distinct<T: Ord>(of: impl Iterator<Item = T>) -> bool {
        let mut seen = BTreeSet::new();
        of.into_iter().all(|one| seen.insert(one))
    }

    #[test]
    fn a_trigger_is_named_after_its_table_and_short_enough_for_hasura() {
        for table in allow_list() {
            assert_eq!(
                table.trigger,
                format!("ci_{}_{}", table.schema, table.table)
            );
            assert!(table.trigger.len() <= 42, "{}", table.trigger);
        }
    }

    #[test]
    fn every_kind_of_row_has_one_table_but_departures_consents_and_wishes() {
        let kinds: Vec<_> = allow_list().iter().filter_map(|table| table.kind).collect();
        assert!(distinct(kinds.iter()));
        for kind in SourceKind::ALL {
            assert_eq!(
                kinds.contains(&kind),
                !matches!(
                    kind,
                    SourceKind::Departure | SourceKind::Consent | SourceKind::ChannelWish
                ),
                "{kind:?}"
            );
        }
    }

    #[test]
    fn no_column_or_field_is_listed_twice_and_what_frames_a_row_is_listed() {
        for table in allow_list() {
            let names = || table.columns.iter().flat_map(names_of);
            assert!(distinct(names()), "{}", table.trigger);
            assert!(
                distinct(table.columns.iter().filter_map(|c| c.field)),
                "{}",
                table.trigger
            );
            for frame in [table.key, table.tenant]
                .into_iter()
                .chain(table.version.iter().copied())
            {
                assert!(
                    names().any(|name| name == frame),
                    "{}.{frame}",
                    table.trigger
                );
            }
        }
        for event in events() {
            assert!(
                distinct(event.parts.iter().map(|part| (part.kind, part.list))),
                "{}",
                event.name
            );
            for part in event.parts {
                let fields = columns_of(part).filter_map(|column| column.field);
                assert!(distinct(fields), "{} {:?}", event.name, part.kind);
                assert_eq!(
                    part.id.ty,
                    ColumnType::Uuid,
                    "{} {:?}",
                    event.name,
                    part.kind
                );
            }
        }
        assert!(distinct(events().iter().flat_map(|event| {
            std::iter::once(event.name).chain(event.aliases.iter().copied())
        })));
    }

    #[test]
    fn one_name_in_a_payload_means_one_type() {
        for event in events() {
            let mut flat: Vec<&Column> = event.control.iter().collect();
            for part in event.parts {
                flat.extend(part.shared);
                if part.list.is_none() {
                    flat.push(&part.id);
                    flat.extend(part.columns);
                }
            }
            for one in &flat {
                for other in &flat {
                    let shared = names_of(one).any(|name| names_of(other).any(|also| also == name));
                    assert!(
                        !shared || one.ty == other.ty,
                        "{}: {}",
                        event.name,
                        one.name
                    );
                }
            }
        }
    }

    #[test]
    fn what_a_row_change_amounts_to_is_an_event_that_is_known() {
        for (_, name) in allow_list().iter().flat_map(|table| table.events) {
            assert!(events().iter().any(|event| event.name == *name), "{name}");
        }
    }

    fn names_of(column: &Column) -> impl Iterator<Item = &'static str> {
        std::iter::once(column.name).chain(column.aliases.iter().copied())
    }

    fn columns_of(part: &Part) -> impl Iterator<Item = &'static Column> {
        part.columns.iter().chain(part.shared)
    }
}
