//! A small query console: a text area, variables, a button, the answer, and a few examples. It posts to the gateway, which holds
//! the secret. Absent: schema exploration, completion.

use maud::{Markup, html};

use super::{ROLES, layout, queries};

pub(super) fn page() -> Markup {
    let main = html! {
        h1 { "Abfragen" }
        p { "Die Abfrage geht an das Gateway dieser Demo; es verknüpft " code { "backoffice_person_profiles" } " mit "
            code { "customer_insight" } " durch genau die Anfrage, die Hasura stellt." }
        form #console.console action="/v1/graphql" method="post" {
            div {
                label for="example" { "Beispiel" }
                select #example {
                    @for (title, query) in queries::EXAMPLES { option value=(query) { (title) } }
                }
                label for="role" { "Rolle" }
                select #role { @for role in ROLES { option { (role) } } }
            }
            div {
                label for="query" { "GraphQL" }
                textarea #query rows="18" spellcheck="false" { (queries::EXAMPLES.first().map_or("", |(_, q)| q)) }
            }
            div {
                label for="variables" { "Variablen (JSON)" }
                textarea #variables rows="3" spellcheck="false" { "{}" }
            }
            button type="submit" { "Ausführen" }
            output #took for="query" {}
            label for="result" { "Antwort" }
            pre #result tabindex="0" aria-live="polite" {}
        }
    };
    layout::page("Abfragen", Some("/assets/console.js"), &main)
}
