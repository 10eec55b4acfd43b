//! The checks of graphql-cop, asked of this door: by somebody without the secret, by somebody who has it and no role, and
//! where it makes a difference by a manager.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use customer_intelligence::db::{PoolConfig, pool};
use customer_intelligence::domain::clock::Clock;
use serde_json::{Value, json};

use crate::graphql::rig::{Reply, SECRET, now, router, send};

const MANAGER: [(&str, &str); 2] = [
    ("x-hasura-role", "manager"),
    ("x-hasura-tenant-id", "00000000-0000-0000-0000-0000007e0000"),
];

/// The door with nothing behind it: whatever gets through to a statement is answered as unavailable.
fn door() -> Router {
    let nowhere = "postgres://nobody@localhost/nothing?host=/nowhere/at/all";
    let options = pool::options_from_url(nowhere).unwrap();
    let nowhere = pool::connect_lazy(options, &PoolConfig::default());
    router(&nowhere, Clock::manual(now()))
}

async fn post(headers: &[(&str, &str)], body: &Value) -> Reply {
    let mut request = Request::post("/graphql").header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    send(&door(), request.body(Body::from(body.to_string())).unwrap()).await
}

/// With the secret and these headers.
async fn ask(headers: &[(&str, &str)], query: &str) -> Reply {
    let headers = [&[("x-ci-secret", SECRET)], headers].concat();
    post(&headers, &json!({ "query": query })).await
}

fn assert_refused(reply: &Reply, code: &str) {
    let body = reply.json();
    assert!(body.get("data").is_none(), "{}", reply.text);
    assert_eq!(
        body["errors"][0]["extensions"]["code"], code,
        "{}",
        reply.text
    );
}

/// For known roles and for strangers alike.
async fn assert_too_much(query: &str) {
    for headers in [&[][..], &MANAGER] {
        assert_refused(&ask(headers, query).await, "TOO_MUCH");
    }
    let outside = post(&[], &json!({ "query": query })).await;
    assert_eq!(outside.status, StatusCode::UNAUTHORIZED, "{}", outside.text);
}

#[tokio::test]
async fn aliases_are_not_overloaded() {
    let aliases = each(0..=100, |n| format!("alias{n}: __typename"));
    assert_too_much(&format!("query cop {{ {aliases} }}")).await;
}

#[tokio::test]
async fn batches_are_not_taken() {
    let batch = json!(vec![json!({ "query": "query cop { __typename }" }); 10]);
    for headers in [&[][..], &MANAGER] {
        let headers = [&[("x-ci-secret", SECRET)], headers].concat();
        let reply = post(&headers, &batch).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST);
        assert_refused(&reply, "BAD_REQUEST");
    }
}

#[tokio::test]
async fn directives_are_not_overloaded() {
    let directives = "@include(if: true)".repeat(60);
    assert_too_much(&format!("query cop {{ __typename {directives} }}")).await;
}

#[tokio::test]
async fn introspection_does_not_go_round_in_circles() {
    let circle = "query cop { __schema { types { fields { type { fields { type { fields { type { fields { \
        type { name } } } } } } } } } } }";
    assert_too_much(circle).await;
}

#[tokio::test]
async fn fields_are_not_repeated_without_end() {
    assert_too_much(&format!("query cop {{ {} }}", "__typename ".repeat(500))).await;
}

#[tokio::test]
async fn names_are_not_suggested() {
    for query in [
        "query cop { __schema { directive } }",
        "{ customer_insigt(person_profile_id: \"x\") { status } }",
        "{ customer_insight(person_profile_di: \"x\") { status } }",
        "{ customer_insight(person_profile_id: \"x\") { statu } }",
        "query ($a: InsightIntComparisn) { __typename }",
        "{ customer_insights(where: { total_booking: {} }) { nodes { status } } }",
        "{ customer_insights(order_by: [{ column: TOTAL_BOOKING, direction: ASC }]) { nodes { status } } }",
    ] {
        let reply = ask(&MANAGER, query).await;
        let text = reply.text.to_lowercase();
        assert!(text.contains("errors"), "{query}: {text}");
        assert!(!text.contains("did you mean"), "{query}: {text}");
        assert!(!text.contains("total_bookings"), "{query}: {text}");
    }
}

#[tokio::test]
async fn a_get_changes_nothing_and_no_foreign_page_can_send_one() {
    let get = |query: &str, secret: bool| {
        let request = Request::get(format!("/graphql?query={query}"));
        let request = if secret {
            request.header("x-ci-secret", SECRET)
        } else {
            request
        };
        request.body(Body::empty()).unwrap()
    };
    let mutation = "mutation%20cop%20%7B__typename%7D";
    let reply = send(&door(), get(mutation, true)).await;
    assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED);
    // A page in a browser cannot set the header, so what it makes a browser send ends here.
    for query in [mutation, "query%20cop%20%7B__typename%7D"] {
        let reply = send(&door(), get(query, false)).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{query}");
    }
}

#[tokio::test]
async fn there_is_no_console_at_the_door() {
    for path in [
        "/graphql",
        "/graphiql",
        "/playground",
        "/console",
        "/altair",
    ] {
        for secret in [None, Some(SECRET)] {
            let mut request = Request::get(path).header("accept", "text/html");
            if let Some(secret) = secret {
                request = request.header("x-ci-secret", secret);
            }
            let reply = send(&door(), request.body(Body::empty()).unwrap()).await;
            assert!(!reply.status.is_success(), "{path}: {}", reply.text);
            assert!(!reply.text.contains("<html"), "{path}: {}", reply.text);
        }
    }
}

#[tokio::test]
async fn the_schema_is_shown_to_holders_of_the_secret_alone() {
    let query = "query cop { __schema { types { name fields { name } } } }";
    for headers in [&[][..], &MANAGER, &[("x-ci-secret", "guessed")]] {
        let reply = post(headers, &json!({ "query": query })).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
        assert_refused(&reply, "UNAUTHENTICATED");
        assert!(!reply.text.contains("CustomerInsight"), "{}", reply.text);
    }
    let shown = ask(&[], query).await;
    assert!(shown.text.contains("CustomerInsight"), "Hasura needs it");
}

#[tokio::test]
async fn forms_and_other_content_types_are_not_taken() {
    for media in [
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain",
        "application/graphql",
        "",
    ] {
        let request = Request::post("/graphql")
            .header("x-ci-secret", SECRET)
            .header("content-type", media)
            .body(Body::from("query=query+cop+{__typename}"));
        let reply = send(&door(), request.unwrap()).await;
        assert_eq!(reply.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{media}");
        assert_refused(&reply, "UNSUPPORTED_MEDIA_TYPE");
    }
}

#[tokio::test]
async fn answers_carry_no_trace_of_their_making() {
    let reply = ask(&MANAGER, "query cop { __typename }").await;
    let body = reply.json();
    assert_eq!(body, json!({ "data": { "__typename": "Query" } }));
    for name in reply.headers.keys() {
        assert!(
            !["x-powered-by", "server", "x-trace", "server-timing"].contains(&name.as_str()),
            "{name}"
        );
    }
}

#[tokio::test]
async fn errors_say_nothing_of_what_lies_beneath() {
    for body in [
        "qwerty cop { abc }",
        "query cop { abc }",
        "{",
        "{\"a\":1}",
        "\u{0}",
    ] {
        let reply = ask(&MANAGER, body).await;
        assert_refused(
            &reply,
            reply.json()["errors"][0]["extensions"]["code"]
                .as_str()
                .unwrap(),
        );
        for leak in [
            "panick",
            "src/",
            ".rs",
            "sqlx",
            "postgres",
            "stack",
            "backtrace",
            "nowhere",
        ] {
            assert!(
                !reply.text.to_lowercase().contains(leak),
                "{leak} in {}",
                reply.text
            );
        }
    }
    // The database is away here: that is told, and not where it would have been.
    let reply = ask(&MANAGER, "{ customer_insights { nodes { status } } }").await;
    assert!(
        reply.text.contains("UNAVAILABLE") && !reply.text.contains("nowhere"),
        "{}",
        reply.text
    );
}

#[tokio::test]
async fn fragments_neither_go_round_nor_double_without_end() {
    let doubling = each(0..30, |n| {
        let next = n + 1;
        format!("fragment f{n} on Query {{ ...f{next} ...f{next} }}")
    });
    assert_too_much(&format!(
        "{{ ...f0 }} {doubling} fragment f30 on Query {{ __typename }}"
    ))
    .await;
    let round = "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }";
    assert_too_much(round).await;
}

/// A piece of a document for each number.
fn each(numbers: impl IntoIterator<Item = usize>, piece: impl Fn(usize) -> String) -> String {
    let pieces: Vec<String> = numbers.into_iter().map(piece).collect();
    pieces.join(" ")
}
