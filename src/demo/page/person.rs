//! One person: the PersonProfile of Backoffice on the left, the CustomerInsight on the right, the timeline below.

#![expect(
    clippy::indexing_slicing,
    reason = "reading a JSON value by key gives null, it never panics"
)]

use axum::http::StatusCode;
use maud::{Markup, html};
use serde_json::{Value, json};
use uuid::Uuid;

use super::layout::{fact, notice, reasoned};
use super::{format, labels, layout, list, outlook, queries, timeline, why};
use crate::demo::gateway::Gateway;

pub(super) async fn page(gateway: &Gateway, id: &str) -> (StatusCode, Markup) {
    let profile = match id.parse::<Uuid>() {
        Ok(id) => ask(gateway, queries::PROFILE, id).await,
        Err(_not_an_id) => Value::Null,
    };
    if profile.is_null() {
        let main = html! { h1 { "Nicht gefunden" } p { a href="/" { "Zur Liste" } } };
        return (
            StatusCode::NOT_FOUND,
            layout::page("Nicht gefunden", None, &main),
        );
    }
    let insight = match profile["id"].as_str().and_then(|id| id.parse().ok()) {
        Some(id) => ask(gateway, queries::INSIGHT, id).await["customer_insight"].clone(),
        None => Value::Null,
    };
    let name = list::name(&profile);
    let main = html! {
        p.back { a href="/" { "← Alle Personen" } }
        h1 { (name) }
        div.columns {
            section aria-labelledby="profil" { h2 #profil { "Profil" small { "Backoffice" } } (identity(&profile)) }
            section aria-labelledby="einblick" {
                h2 #einblick { "Kundenbild" small { "Customer Intelligence" } }
                (picture(&profile, &insight))
            }
        }
        (timeline::section(&insight["activities"]))
    };
    (StatusCode::OK, layout::page(&name, None, &main))
}

async fn ask(gateway: &Gateway, query: &str, id: Uuid) -> Value {
    let mut answer = gateway
        .answer(&json!({ "query": query, "variables": { "id": id } }))
        .await;
    let found = answer.pointer_mut("/data/backoffice_person_profiles_by_pk");
    found.map(Value::take).unwrap_or_default()
}

fn identity(profile: &Value) -> Markup {
    let consent = match profile["marketing_consent"].as_bool() {
        Some(true) => "erteilt",
        Some(false) => "abgelehnt",
        None => "nicht erfragt",
    };
    let objection = !profile["profiling_objection_at"].is_null();
    html! {
        @if !profile["pii_redacted_at"].is_null() { (notice("Die Daten dieser Person wurden gelöscht.")) }
        @if let Some(survivor) = profile["merged_into_id"].as_str() {
            p.notice { "Dublette von " a href=(format!("/person/{survivor}")) { "diesem Profil" } "." }
        }
        dl {
            (fact("E-Mail", &format::text(&profile["email"]), ""))
            (fact("Telefon", &format::text(&profile["phone"]), ""))
            (fact("Geburtstag", &format::day(&profile["date_of_birth"]), ""))
            (fact("Verpflegung", &format::text(&profile["dietary_needs"]), ""))
            (fact("Werbeeinwilligung", consent, &dated("seit", &profile["marketing_consent_at"])))
            (fact("Profilbildung", if objection { "Widerspruch" } else { "erlaubt" }, ""))
            (fact("Angelegt am", &format::day(&profile["created_at"]), ""))
        }
    }
}

fn dated(word: &str, value: &Value) -> String {
    if value.is_null() {
        String::new()
    } else {
        format!("{word} {}", format::day(value))
    }
}

fn picture(profile: &Value, insight: &Value) -> Markup {
    match insight["status"].as_str() {
        None => return notice("Zu dieser Person liegt kein Kundenbild vor."),
        Some("UNAVAILABLE") => return notice("Das Kundenbild ist zurzeit nicht verfügbar."),
        Some(_) => {}
    }
    let merged = insight["person_profile_id"] != profile["id"];
    html! {
        @if insight["status"] == "PARTIAL" { (notice("Die Historie wird gerade eingelesen: das Kundenbild ist noch unvollständig.")) }
        @if merged { (notice("Gezeigt wird das Kundenbild des zusammengeführten Profils.")) }
        @if insight["is_minor"] == true { (notice("Minderjährig: nur Reisedaten.")) }
        h3 { "Ausblick" } (outlook::forecast(insight))
        h3 { "Empfehlungen" } (outlook::offers(insight))
        h3 { "Ansprache" } (outlook::channel(insight))
        h3 { "Wert" } (value(insight))
        h3 { "Buchungen" } (bookings(insight))
        h3 { "Reisen" } (trips(insight))
        h3 { "Vorlieben" } (habits(insight))
        h3 { "Zufriedenheit" } (feedback(insight))
        p.fresh { "Stand: " (format::time(&insight["fresh_as_of"])) }
    }
}

fn value(insight: &Value) -> Markup {
    let facts = &insight["behavior_aggregate"];
    let why = |metric: &str| why::reason(insight, metric);
    let money = |key: &str| format::money(&facts[key], facts["currency"].as_str());
    html! {
        dl {
            (reasoned("Umsatz (brutto)", &money("lifetime_revenue"), &from(&facts["lifetime_revenue_based_on"], "Buchungen"), &why("lifetime_revenue")))
            (reasoned("davon gereist", &money("revenue_realised"), "", &why("revenue_realised")))
            (reasoned("davon bevorstehend", &money("revenue_upcoming"), "", &why("revenue_upcoming")))
            (reasoned("Bezahlt", &money("paid_to_date"), "", &why("paid_to_date")))
            (reasoned("Offen", &money("outstanding"), "", &why("outstanding")))
            (reasoned("Guthaben", &money("credit_balance"), "", &why("credit_balance")))
            (reasoned("Käufe an Bord", &money("onboard_spend"), "", &why("onboard_spend")))
            (reasoned("Je Buchung", &money("average_booking_value"), &from(&facts["average_booking_value_based_on"], "Buchungen"), &why("average_booking_value")))
        }
    }
}

fn bookings(insight: &Value) -> Markup {
    let facts = &insight["behavior_aggregate"];
    let why = |metric: &str| why::reason(insight, metric);
    let count = |key: &str| format::count(&facts[key]);
    let kind = facts["booker_kind"]
        .as_str()
        .map_or(format::NONE, labels::booker);
    let lead = format::decimal(&facts["average_booking_lead_time"], 0);
    html! {
        dl {
            (reasoned("Buchungen", &count("total_bookings"), "", &why("total_bookings")))
            (reasoned("Storniert", &count("cancelled_bookings"), "", &why("cancelled_bookings")))
            (reasoned("Abgesagt (Veranstalter)", &count("called_off_bookings"), "", &why("called_off_bookings")))
            (reasoned("Umgebucht", &count("rebooked_bookings"), "", &why("rebooked_bookings")))
            (reasoned("Verfallen", &count("lapsed_bookings"), "", &why("lapsed_bookings")))
            (reasoned("Offene Reservierungen", &count("open_reservations"), "", &why("open_reservations")))
            (reasoned("Abgebrochene Buchungen", &count("checkouts_abandoned"), "", &why("checkouts_abandoned")))
            (reasoned("Art", kind, "", &why("booker_kind")))
            (reasoned("Personen je Buchung", &format::decimal(&facts["average_party_size"], 1), &from(&facts["average_party_size_based_on"], "Buchungen"), &why("average_party_size")))
            (reasoned("Buchungen im Jahr", &format::decimal(&facts["bookings_per_year"], 1), "", &why("bookings_per_year")))
            (reasoned("Vorlauf in Tagen", &lead, &from(&facts["average_booking_lead_time_based_on"], "Buchungen"), &why("average_booking_lead_time")))
            (reasoned("Kunde seit", &format::day(&facts["customer_since"]), "", &why("customer_since")))
            (reasoned("Letzte Buchung", &format::day(&facts["last_booking_at"]), "", &why("last_booking_at")))
        }
    }
}

fn trips(insight: &Value) -> Markup {
    let facts = &insight["behavior_aggregate"];
    let why = |metric: &str| why::reason(insight, metric);
    let next = &facts["next_departure"];
    let (date, tour) = (
        format::day(&next["start_date"]),
        format::text(&next["tour_title"]),
    );
    let boarding = match next["door_pickup"].as_bool() {
        Some(true) => "Abholung an der Haustür".to_owned(),
        _ => format::text(&next["boarding_point"]),
    };
    html! {
        dl {
            (reasoned("Gereist", &format::count(&facts["trips_taken"]), "", &why("trips_taken")))
            (reasoned("Bevorstehend", &format::count(&facts["upcoming_trips"]), "", &why("upcoming_trips")))
            (reasoned("Nächste Reise", &date, if next.is_null() { "" } else { &tour }, &why("next_departure")))
            (fact("Zustieg", &boarding, ""))
            (reasoned("Nicht erschienen", &format::count(&facts["no_show_count"]), "", &why("no_show_count")))
            (reasoned("Quote", &format::percent(&facts["no_show_rate"]), &from(&facts["no_show_rate_based_on"], "Abfahrten"), &why("no_show_rate")))
            (reasoned("Nicht gemessen", &format::count(&facts["not_measured_departures"]), "", &why("not_measured_departures")))
        }
    }
}

fn habits(insight: &Value) -> Markup {
    let facts = &insight["behavior_aggregate"];
    let why = |metric: &str| why::reason(insight, metric);
    let seat = facts["preferred_seat_position"]
        .as_str()
        .map_or(format::NONE.into(), labels::seat);
    let point = &facts["preferred_boarding_point"];
    let stop = match point["kind"].as_str() {
        Some("DOOR_PICKUP") => "Abholung an der Haustür".to_owned(),
        _ => format::text(&point["label"]),
    };
    let (tour, region, month) = (
        first(facts, "favourite_tours"),
        first(facts, "favourite_regions"),
        first(facts, "favourite_months"),
    );
    let name = month["month"].as_i64().map_or(format::NONE, labels::month);
    html! {
        dl {
            (reasoned("Sitzplatz", &seat, &share(&facts["preferred_seat_position_share"], &facts["preferred_seat_position_based_on"]), &why("preferred_seat_position")))
            (reasoned("Platznummer", &format::text(&facts["preferred_seat_label"]), &share(&facts["preferred_seat_label_share"], &facts["preferred_seat_label_based_on"]), &why("preferred_seat_label")))
            (reasoned("Zustiegsort", &stop, &share(&point["share"], &point["based_on"]), &why("preferred_boarding_point")))
            (reasoned("Tour", &format::text(&tour["title"]), &share(&tour["share"], &tour["based_on"]), &why("favourite_tours")))
            (reasoned("Region", &format::text(&region["region"]), &share(&region["share"], &region["based_on"]), &why("favourite_regions")))
            (reasoned("Reisemonat", name, &share(&month["share"], &month["based_on"]), &why("favourite_months")))
        }
    }
}

fn feedback(insight: &Value) -> Markup {
    let score = &insight["engagement_score"];
    let why = |metric: &str| why::reason(insight, metric);
    html! {
        dl {
            (reasoned("Weiterempfehlung (0–10)", &format::count(&score["nps_score"]), &from(&score["nps_based_on"], "Antworten"), &why("nps_score")))
            (reasoned("Bewertung (1–5)", &format::decimal(&score["satisfaction"], 1), &from(&score["satisfaction_based_on"], "Bewertungen"), &why("satisfaction")))
        }
    }
}

fn first<'a>(facts: &'a Value, key: &str) -> &'a Value {
    facts[key].get(0).unwrap_or(&Value::Null)
}

/// "aus 7 Buchungen"; nothing when nothing is known.
fn from(count: &Value, of: &str) -> String {
    match count.as_u64() {
        None | Some(0) => String::new(),
        Some(number) => format!("aus {number} {of}"),
    }
}

/// "75 % von 8 Reisen".
fn share(share: &Value, based_on: &Value) -> String {
    match based_on.as_u64() {
        Some(trips) if !share.is_null() => format!("{} von {trips} Reisen", format::percent(share)),
        _ => String::new(),
    }
}
