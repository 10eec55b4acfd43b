//! GraphiQL on the service's own schema, through the gateway, which holds the secret. All files come from this program.
//!
//! Absent: the platform's fields, which the service's schema does not have; the query console knows those.

use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Router, http::HeaderName};
use maud::{DOCTYPE, html};

/// As everywhere, but for the styles that the editor sets by itself and the font inside its style sheet.
const POLICY: &str = "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; connect-src 'self'; \
                      img-src 'self' data:; font-src 'self' data:; base-uri 'none'; frame-ancestors 'none'";

const FILES: [(&str, &str, &str); 5] = [
    (
        "/assets/graphiql.min.js",
        "text/javascript",
        include_str!("vendor/graphiql.min.js"),
    ),
    (
        "/assets/graphiql.min.css",
        "text/css",
        include_str!("vendor/graphiql.min.css"),
    ),
    (
        "/assets/react.js",
        "text/javascript",
        include_str!("vendor/react.production.min.js"),
    ),
    (
        "/assets/react-dom.js",
        "text/javascript",
        include_str!("vendor/react-dom.production.min.js"),
    ),
    (
        "/assets/graphiql.js",
        "text/javascript",
        include_str!("graphiql.js"),
    ),
];

/// The page and its files.
pub(super) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let page = Router::new().route("/graphiql", get(page));
    FILES.into_iter().fold(page, |router, (path, kind, body)| {
        router.route(path, get(move || async move { file(kind, body) }))
    })
}

fn file(kind: &'static str, body: &'static str) -> Response {
    let kind = format!("{kind}; charset=utf-8");
    let headers: [(HeaderName, String); 2] =
        [(CONTENT_TYPE, kind), (CACHE_CONTROL, "no-cache".to_owned())];
    (headers, body).into_response()
}

async fn page() -> impl IntoResponse {
    let page = html! {
        (DOCTYPE)
        html lang="de" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "GraphiQL – Customer Intelligence" }
                link rel="stylesheet" href="/assets/graphiql.min.css";
                link rel="stylesheet" href="/assets/demo.css";
            }
            body.graphiql-page {
                div #graphiql { "GraphiQL wird geladen …" }
                script src="/assets/react.js" {}
                script src="/assets/react-dom.js" {}
                script src="/assets/graphiql.min.js" {}
                script src="/assets/graphiql.js" {}
            }
        }
    };
    (
        [(CONTENT_SECURITY_POLICY, POLICY)],
        Html(page.into_string()),
    )
}
