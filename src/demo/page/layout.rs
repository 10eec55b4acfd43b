//! The frame around every page.

use maud::{DOCTYPE, Markup, html};

/// A whole page.
pub(super) fn page(title: &str, script: Option<&str>, main: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="de" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · Kundenblick" }
                link rel="icon" href="data:,";
                link rel="stylesheet" href="/assets/demo.css";
                @if let Some(script) = script {
                    script src=(script) defer {}
                }
            }
            body {
                a.skip href="#inhalt" { "Zum Inhalt" }
                header {
                    a.brand href="/" { "Kundenblick" span { "Demo" } }
                    nav aria-label="Bereiche" {
                        a href="/" { "Personen" }
                        a href="/console" { "Abfragen" }
                        a href="/graphiql" { "GraphiQL" }
                    }
                }
                main #inhalt { (main) }
                footer { "Vorführung mit erfundenen Personen. Namen stehen nur im Backoffice; Customer Intelligence kennt sie nicht." }
            }
        }
    }
}

/// A notice that something could not be shown.
pub(super) fn notice(text: &str) -> Markup {
    html! { p.notice role="status" { (text) } }
}

/// A term with its value and, below, what it rests on.
pub(super) fn fact(term: &str, value: &str, basis: &str) -> Markup {
    reasoned(term, value, basis, &html! {})
}

/// The same, with the reason folded away beneath.
pub(super) fn reasoned(term: &str, value: &str, basis: &str, reason: &Markup) -> Markup {
    html! {
        div.fact {
            dt { (term) }
            dd {
                (value)
                @if !basis.is_empty() { small { (basis) } }
                (reason)
            }
        }
    }
}
