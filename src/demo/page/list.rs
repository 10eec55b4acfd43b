//! The list of persons with search and pages; names and numbers come in one query through the gateway.

#![expect(
    clippy::indexing_slicing,
    reason = "reading a JSON value by key gives null, it never panics"
)]

use maud::{Markup, html};
use serde_json::{Value, json};

use super::{format, layout, queries};
use crate::demo::gateway::Gateway;

/// Rows of one page.
const ROWS: u32 = 25;
/// Words of a search that count.
const WORDS_MAX: usize = 5;

pub(super) async fn page(gateway: &Gateway, search: &str, page: u32) -> Markup {
    let variables =
        json!({ "where": condition(search), "limit": ROWS, "offset": (page - 1) * ROWS });
    let mut answer = gateway
        .answer(&json!({ "query": queries::LIST, "variables": variables }))
        .await;
    let failed = answer["data"].is_null();
    if failed {
        let again = json!({ "query": queries::LIST_WITHOUT_INSIGHT, "variables": variables });
        answer = gateway.answer(&again).await;
    }
    let data = &answer["data"];
    let total = data["backoffice_person_profiles_aggregate"]["aggregate"]["count"]
        .as_u64()
        .unwrap_or(0);
    let rows = data["backoffice_person_profiles"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    let main = html! {
        h1 { "Personen" }
        form.search role="search" action="/" method="get" {
            label for="q" { "Name, E-Mail oder Telefon" }
            input #q type="search" name="q" value=(search) autocomplete="off";
            button type="submit" { "Suchen" }
        }
        @if failed { (layout::notice("Die Kennzahlen sind zurzeit nicht verfügbar; die Stammdaten stehen bereit.")) }
        (table(rows))
        (pages(search, page, total))
    };
    layout::page("Personen", None, &main)
}

/// Every word must occur in one of the identity's columns.
fn condition(search: &str) -> Value {
    let words = search.split_whitespace().take(WORDS_MAX).map(|word| {
        let like = json!({ "_ilike": format!("%{}%", word.replace('\\', "").replace(['%', '_'], "")) });
        json!({ "_or": [{ "first_name": like }, { "last_name": like }, { "email": like }, { "phone": like }] })
    });
    json!({ "_and": words.collect::<Vec<_>>(), "merged_into_id": { "_is_null": true } })
}

fn table(rows: &[Value]) -> Markup {
    html! {
        table {
            caption.hidden { "Personen mit ihren wichtigsten Kennzahlen" }
            thead {
                tr {
                    th scope="col" { "Name" }
                    th scope="col" { "Kontakt" }
                    th.number scope="col" { "Umsatz" }
                    th.number scope="col" { "Buchungen" }
                    th.number scope="col" { "Reisen" }
                    th scope="col" { "Letzte Buchung" }
                    th scope="col" { "Nächste Reise" }
                }
            }
            tbody {
                @for row in rows { (person(row)) }
                @if rows.is_empty() { tr { td colspan="7" { "Keine Person gefunden." } } }
            }
        }
    }
}

fn person(row: &Value) -> Markup {
    let facts = &row["customer_insight"]["behavior_aggregate"];
    let next = &facts["next_departure"];
    let link = format!("/person/{}", row["id"].as_str().unwrap_or_default());
    html! {
        tr {
            th scope="row" { a href=(link) { (name(row)) } }
            td data-label="Kontakt" { (format::text(&row["email"])) br; (format::text(&row["phone"])) }
            td.number data-label="Umsatz" { (format::money(&facts["lifetime_revenue"], facts["currency"].as_str())) }
            td.number data-label="Buchungen" { (format::count(&facts["total_bookings"])) }
            td.number data-label="Reisen" { (format::count(&facts["trips_taken"])) }
            td data-label="Letzte Buchung" { (format::day(&facts["last_booking_at"])) }
            td data-label="Nächste Reise" {
                @if next.is_null() { (format::NONE) } @else {
                    (format::day(&next["start_date"])) br; small { (format::text(&next["tour_title"])) }
                }
            }
        }
    }
}

/// A person's name; an erased person has none.
pub(super) fn name(row: &Value) -> String {
    let parts = [&row["last_name"], &row["first_name"]];
    let parts: Vec<_> = parts.into_iter().filter_map(Value::as_str).collect();
    if parts.is_empty() {
        "(gelöscht)".into()
    } else {
        parts.join(", ")
    }
}

fn pages(search: &str, page: u32, total: u64) -> Markup {
    let last = total.div_ceil(u64::from(ROWS)).max(1);
    let link = |to: u32| format!("/?q={}&seite={to}", encode(search));
    html! {
        nav.pages aria-label="Seiten" {
            @if page > 1 { a rel="prev" href=(link(page - 1)) { "← Zurück" } } @else { span {} }
            span aria-current="page" { "Seite " (page) " von " (last) " · " (format::count(&json!(total))) " Personen" }
            @if u64::from(page) < last { a rel="next" href=(link(page + 1)) { "Weiter →" } } @else { span {} }
        }
    }
}

/// Percent-encodes a query value.
fn encode(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _infallible = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_needs_every_word_and_never_a_wildcard() {
        let condition = condition("Anna 100%");
        assert_eq!(
            condition["_and"][0]["_or"][1]["last_name"]["_ilike"],
            "%Anna%"
        );
        assert_eq!(
            condition["_and"][1]["_or"][0]["first_name"]["_ilike"],
            "%100%"
        );
        assert_eq!(condition["merged_into_id"]["_is_null"], true);
    }

    #[test]
    fn links_between_pages_keep_the_search() {
        let html = pages("Grün & Co", 2, 60).into_string();
        assert!(
            html.contains("/?q=Gr%C3%BCn%20%26%20Co&amp;seite=3"),
            "{html}"
        );
        assert!(html.contains("Seite 2 von 3"));
    }
}
