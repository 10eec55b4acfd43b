//! German words for the codes of the API. An unknown code is shown as it is.

/// Kind of an activity.
pub(super) fn activity(kind: &str) -> &str {
    match kind {
        "BOOKING_CONFIRMED" => "Buchung bestätigt",
        "BOOKING_FULLY_PAID" => "Vollständig bezahlt",
        "BOOKING_CANCELLED" => "Buchung storniert",
        "BOOKING_REFUNDED" => "Buchung erstattet",
        "BOOKING_COMPLETED" => "Reise durchgeführt",
        "BOOKING_NO_SHOW" => "Nicht erschienen",
        "PASSENGER_CANCELLED" => "Mitreise storniert",
        "CHECKOUT_ABANDONED" => "Buchung abgebrochen",
        "ANCILLARY_PURCHASED" => "Zusatzleistung gekauft",
        "PAYMENT_RECEIVED" => "Zahlung eingegangen",
        "PAYMENT_REFUNDED" => "Zahlung erstattet",
        "BOARDED" => "Eingestiegen",
        "BOARDING_DENIED" => "Einstieg verweigert",
        "ONBOARD_SALE" => "Kauf an Bord",
        "MESSAGE_DELIVERED" => "Nachricht zugestellt",
        "MESSAGE_READ" => "Nachricht gelesen",
        "MESSAGE_RECEIVED" => "Nachricht erhalten",
        "CONVERSATION_RESOLVED" => "Anliegen geklärt",
        "FEEDBACK_SUBMITTED" => "Bewertung abgegeben",
        "PROFILE_CREATED" => "Profil angelegt",
        "PROFILE_UPDATED" => "Profil geändert",
        "PROFILE_MERGED" => "Dublette zusammengeführt",
        "BOOKING_RESERVED" => "Reservierung offen",
        other => other,
    }
}

/// A number whose change is worth a word on the timeline; none for those that only follow from others.
pub(super) fn metric(name: &str) -> Option<&'static str> {
    Some(match name {
        "lifetime_revenue" => "Umsatz",
        "paid_to_date" => "Bezahlt",
        "outstanding" => "Offen",
        "credit_balance" => "Guthaben",
        "onboard_spend" => "Käufe an Bord",
        "total_bookings" => "Buchungen",
        "cancelled_bookings" => "Storniert",
        "called_off_bookings" => "Abgesagt",
        "open_reservations" => "Offene Reservierungen",
        "no_show_bookings" => "Buchungen ohne Erscheinen",
        "messages" => "Nachrichten",
        "trips_taken" => "Gereist",
        "upcoming_trips" => "Bevorstehend",
        "no_show_count" => "Nicht erschienen",
        "not_measured_departures" => "Nicht gemessen",
        "preferred_seat_label" => "Platznummer",
        "nps_score" => "Weiterempfehlung",
        "satisfaction" => "Bewertung",
        _ => return None,
    })
}

/// Channels, payment types, extras, occasions of messages, and who cancelled.
pub(super) fn detail(code: &str) -> &str {
    match code {
        "PASSENGER" => "durch den Kunden",
        "DISPATCHER" => "durch die Disposition",
        "OPERATOR" => "durch den Veranstalter",
        "SYSTEM" => "automatisch",
        "DEPOSIT" => "Anzahlung",
        "FINAL_PAYMENT" => "Restzahlung",
        "ANCILLARY" => "Zusatzleistung",
        "INSURANCE" => "Versicherung",
        "LUGGAGE" => "Gepäck",
        "SEAT_UPGRADE" => "Sitzplatz-Upgrade",
        "EXCURSION" => "Ausflug",
        "MEAL" => "Mahlzeit",
        "EMAIL" => "E-Mail",
        "WHATSAPP" => "WhatsApp",
        "WEBCHAT" => "Webchat",
        "POST" => "Post",
        "PUSH" => "Push-Nachricht",
        "WEB" => "Internet",
        "PHONE" => "Telefon",
        "COUNTER" => "Schalter",
        "B2B_AGENCY" => "Reisebüro",
        "BOOKING_CONFIRMED" => "Buchungsbestätigung",
        "PRE_TRIP_REMINDER" => "Reiseerinnerung",
        "POST_TRIP_REVIEW" => "Bitte um Bewertung",
        "SERVICE_NOTE" => "Servicehinweis",
        other => other,
    }
}

/// How great the risk of not coming back is.
pub(super) fn risk(band: &str) -> &str {
    match band {
        "LOW" => "gering",
        "MEDIUM" => "mittel",
        "HIGH" => "hoch",
        other => other,
    }
}

/// How much a forecast rests on.
pub(super) fn sufficiency(word: &str) -> &str {
    match word {
        "NONE" => "nie da gewesen",
        "THIN" => "erst einmal da gewesen",
        "FAIR" => "zweimal da gewesen",
        "GOOD" => "dreimal oder öfter da gewesen",
        other => other,
    }
}

/// Which list a tour is offered on.
pub(super) fn list(name: &str) -> &str {
    match name {
        "YOU_MAY_LIKE" => "neu",
        "BOOK_AGAIN" => "wieder",
        other => other,
    }
}

/// Who books.
pub(super) fn booker(kind: &str) -> &str {
    match kind {
        "PRIVATE" => "Privatkunde",
        "AGENCY" => "Reisebüro",
        "GROUP_ORGANISER" => "Gruppenorganisator",
        other => other,
    }
}

/// `WINDOW_FRONT` → `Fenster vorn`.
pub(super) fn seat(position: &str) -> String {
    let words = position.split('_').map(|word| match word {
        "WINDOW" => "Fenster",
        "AISLE" => "Gang",
        "FRONT" => "vorn",
        "MIDDLE" => "Mitte",
        "REAR" => "hinten",
        other => other,
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Month by number.
pub(super) fn month(number: i64) -> &'static str {
    const MONTHS: [&str; 12] = [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ];
    let index = usize::try_from(number - 1).unwrap_or(usize::MAX);
    MONTHS.get(index).copied().unwrap_or(super::format::NONE)
}
