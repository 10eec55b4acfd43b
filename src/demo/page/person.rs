//! One person: the PersonProfile of Backoffice on the left, the CustomerInsight on the right, the timeline below.

#![expect(
    clippy::indexing_slicing,
    reason = "reading a JSON value by key gives null, it never panics"
)]

use axum::http::StatusCode;
use maud::{Markup, html};
use serde_json::{Value, json};
use uuid::Uuid;

use super::layout::{fact, notice};
use super::{format, labels, layout, list, queries, timeline};
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
    let facts = &insight["behavior_aggregate"];
    let merged = insight["person_profile_id"] != profile["id"];
    html! {
        @if insight["status"] == "PARTIAL" { (notice("Die Historie wird gerade eingelesen: das Kundenbild ist noch unvollständig.")) }
        @if merged { (notice("Gezeigt wird das Kundenbild des zusammengeführten Profils.")) }
        @if insight["is_minor"] == true { (notice("Minderjährig: nur Reisedaten.")) }
        h3 { "Wert" } (value(facts))
        h3 { "Buchungen" } (bookings(facts))
        h3 { "Reisen" } (trips(facts))
        h3 { "Vorlieben" } (habits(facts))
        h3 { "Zufriedenheit" } (feedback(&insight["engagement_score"]))
        p.fresh { "Stand: " (format::time(&insight["fresh_as_of"])) }
    }
}

fn value(facts: &Value) -> Markup {
    let money = |key: &str| format::money(&facts[key], facts["currency"].as_str());
    html! {
        dl {
            (fact("Umsatz (brutto)", &money("lifetime_revenue"), &from(&facts["lifetime_revenue_based_on"], "Buchungen")))
            (fact("davon gereist", &money("revenue_realised"), ""))
            (fact("davon bevorstehend", &money("revenue_upcoming"), ""))
            (fact("Bezahlt", &money("paid_to_date"), ""))
            (fact("Offen", &money("outstanding"), ""))
            (fact("Guthaben", &money("credit_balance"), ""))
            (fact("Käufe an Bord", &money("onboard_spend"), ""))
            (fact("Je Buchung", &money("average_booking_value"), &from(&facts["average_booking_value_based_on"], "Buchungen")))
        }
    }
}

fn bookings(facts: &Value) -> Markup {
    let count = |key: &str| format::count(&facts[key]);
    let kind = facts["booker_kind"]
        .as_str()
        .map_or(format::NONE, labels::booker);
    let lead = format::decimal(&facts["average_booking_lead_time"], 0);
    html! {
        dl {
            (fact("Buchungen", &count("total_bookings"), ""))
            (fact("Storniert", &count("cancelled_bookings"), ""))
            (fact("Abgesagt (Veranstalter)", &count("called_off_bookings"), ""))
            (fact("Umgebucht", &count("rebooked_bookings"), ""))
            (fact("Verfallen", &count("lapsed_bookings"), ""))
            (fact("Offene Reservierungen", &count("open_reservations"), ""))
            (fact("Abgebrochene Buchungen", &count("checkouts_abandoned"), ""))
            (fact("Art", kind, ""))
            (fact("Personen je Buchung", &format::decimal(&facts["average_party_size"], 1), &from(&facts["average_party_size_based_on"], "Buchungen")))
            (fact("Buchungen im Jahr", &format::decimal(&facts["bookings_per_year"], 1), ""))
            (fact("Vorlauf in Tagen", &lead, &from(&facts["average_booking_lead_time_based_on"], "Buchungen")))
            (fact("Kunde seit", &format::day(&facts["customer_since"]), ""))
            (fact("Letzte Buchung", &format::day(&facts["last_booking_at"]), ""))
        }
    }
}

fn trips(facts: &Value) -> Markup {
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
            (fact("Gereist", &format::count(&facts["trips_taken"]), ""))
            (fact("Bevorstehend", &format::count(&facts["upcoming_trips"]), ""))
            (fact("Nächste Reise", &date, if next.is_null() { "" } else { &tour }))
            (fact("Zustieg", &boarding, ""))
            (fact("Nicht erschienen", &format::count(&facts["no_show_count"]), ""))
            (fact("Quote", &format::percent(&facts["no_show_rate"]), &from(&facts["no_show_rate_based_on"], "Abfahrten")))
            (fact("Nicht gemessen", &format::count(&facts["not_measured_departures"]), ""))
        }
    }
}

fn habits(facts: &Value) -> Markup {
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
            (fact("Sitzplatz", &seat, &share(&facts["preferred_seat_position_share"], &facts["preferred_seat_position_based_on"])))
            (fact("Platznummer", &format::text(&facts["preferred_seat_label"]), &share(&facts["preferred_seat_label_share"], &facts["preferred_seat_label_based_on"])))
            (fact("Zustiegsort", &stop, &share(&point["share"], &point["based_on"])))
            (fact("Tour", &format::text(&tour["title"]), &share(&tour["share"], &tour["based_on"])))
            (fact("Region", &format::text(&region["region"]), &share(&region["share"], &region["based_on"])))
            (fact("Reisemonat", name, &share(&month["share"], &month["based_on"])))
        }
    }
}

fn feedback(score: &Value) -> Markup {
    html! {
        dl {
            (fact("Weiterempfehlung (0–10)", &format::count(&score["nps_score"]), &from(&score["nps_based_on"], "Antworten")))
            (fact("Bewertung (1–5)", &format::decimal(&score["satisfaction"], 1), &from(&score["satisfaction_based_on"], "Bewertungen")))
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
