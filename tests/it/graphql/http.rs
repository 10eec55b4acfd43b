//! The door itself: who gets in, which bodies are read, which statuses are answered.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use customer_intelligence::telemetry::metrics::Recorder;
use serde_json::{Value, json};

use super::rig::{Reply, Rig, SECRET, TENANT, empty, join, key, person, send};

async fn post(rig: &Rig, headers: &[(&str, &str)], body: impl Into<Body>) -> Reply {
    let mut request = Request::post("/graphql");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    send(&rig.router, request.body(body.into()).unwrap()).await
}

const JSON: (&str, &str) = ("content-type", "application/json");
const KEY: (&str, &str) = ("x-ci-secret", SECRET);
const MODERN: (&str, &str) = ("accept", "application/graphql-response+json");

#[tokio::test]
async fn nothing_is_read_before_the_secret_matched() {
    let rig = Rig::new().await;
    let body = r#"{"query":"{ __typename }"}"#;
    for keys in [
        vec![],
        vec![("x-ci-secret", "wrong")],
        vec![("x-ci-secret", "")],
        vec![KEY, KEY],
    ] {
        let headers: Vec<_> = keys.into_iter().chain([JSON]).collect();
        assert_eq!(
            post(&rig, &headers, body).await.status,
            StatusCode::UNAUTHORIZED
        );
        assert_eq!(
            post(&rig, &headers, "no JSON").await.status,
            StatusCode::UNAUTHORIZED
        );
    }
    let get = Request::get("/graphql?query=%7B__typename%7D")
        .body(Body::empty())
        .unwrap();
    assert_eq!(
        send(&rig.router, get).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(post(&rig, &[KEY, JSON], body).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_session_header_that_comes_twice_is_refused() {
    let rig = Rig::new().await;
    let body = r#"{"query":"{ __typename }"}"#;
    for name in [
        "x-hasura-role",
        "x-hasura-tenant-id",
        "X-Hasura-Person-Profile-Id",
        "x-hasura-any",
    ] {
        let twice = [KEY, JSON, (name, "manager"), (name, "manager")];
        assert_eq!(
            post(&rig, &twice, body).await.status,
            StatusCode::BAD_REQUEST,
            "{name}"
        );
    }
}

#[tokio::test]
async fn bodies_that_are_no_request_are_refused_without_a_server_error() {
    let rig = Rig::new().await;
    let deep = format!(
        r#"{{"query":"{{a}}","variables":{{"a":{}}}}}"#,
        "[".repeat(100_000)
    );
    for body in [
        "",
        "null",
        "42",
        "[]",
        r#"[{"query":"{ __typename }"}]"#,
        "{}",
        r#"{"query":7}"#,
        r#"{"query":null}"#,
        r#"{"query":"{ __typename }","variables":[]}"#,
        r#"{"query":"{ __typename }","variables":"{}"}"#,
        r#"{"query":"{ __typename }","operationName":1}"#,
        r#"{"query":"{ __typename }","extensions":1}"#,
        "{\"query\":\"\u{0}\"}",
        deep.as_str(),
    ] {
        let reply = post(&rig, &[KEY, JSON], body.to_owned()).await;
        assert_eq!(
            reply.status,
            StatusCode::BAD_REQUEST,
            "{}",
            body.chars().take(60).collect::<String>()
        );
        assert!(reply.json()["errors"][0]["message"].is_string());
        assert!(reply.json().get("data").is_none());
    }
    let reply = post(
        &rig,
        &[KEY, ("content-type", "text/plain")],
        r#"{"query":"{ __typename }"}"#,
    )
    .await;
    assert_eq!(reply.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn documents_that_cannot_run_are_400_for_modern_clients_and_200_for_plain_json() {
    let rig = Rig::new().await;
    let opened: Vec<String> = (0..60).map(|n| format!("x{n} {{ ")).collect();
    let doubled = opened.concat() + &"} ".repeat(60);
    for query in [
        "{",
        "{ no_such_field }",
        "query a { __typename } query b { __typename }",
        "{ a: __typename ...f } fragment f on Query { ...f }",
        &format!("{{ {doubled} }}"),
        "\u{feff}{ \\ud800 }",
    ] {
        let body = json!({ "query": query }).to_string();
        let modern = post(&rig, &[KEY, JSON, MODERN], body.clone()).await;
        assert_eq!(
            modern.status,
            StatusCode::BAD_REQUEST,
            "{query}: {}",
            modern.text
        );
        assert!(modern.json().get("data").is_none(), "{}", modern.text);
        assert_eq!(
            modern.headers["content-type"],
            "application/graphql-response+json; charset=utf-8"
        );
        let plain = post(&rig, &[KEY, JSON], body).await;
        assert_eq!(plain.status, StatusCode::OK, "{query}");
        assert_eq!(
            plain.headers["content-type"],
            "application/json; charset=utf-8"
        );
        assert!(plain.json()["errors"][0]["message"].is_string());
    }
}

#[tokio::test]
async fn texts_that_nest_without_end_are_refused_before_they_are_parsed() {
    let rig = Rig::new().await;
    for bracket in ["{a", "[", "(a:[", "{a(b:["] {
        let query = format!("{{ a(b: {}", bracket.repeat(500_000));
        let body = json!({ "query": query }).to_string();
        let reply = post(&rig, &[KEY, JSON, MODERN], body).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{bracket}");
        assert_eq!(reply.json()["errors"][0]["extensions"]["code"], "TOO_MUCH");
    }
}

#[tokio::test]
async fn a_get_may_query_and_nothing_else() {
    let rig = Rig::new().await;
    let get = async |parameters: &str| {
        let uri = format!("/graphql?{parameters}");
        send(
            &rig.router,
            Request::get(uri)
                .header(KEY.0, KEY.1)
                .body(Body::empty())
                .unwrap(),
        )
        .await
    };
    let reply = get(
        "query=query%20a%20%7B__typename%7D%20query%20b%20%7Bx%3A__typename%7D&operationName=b",
    )
    .await;
    assert_eq!(reply.json(), json!({ "data": { "x": "Query" } }));
    let reply = get("query=query(%24f%3A%20Int)%7Bcustomer_insight(person_profile_id%3A%22x%22)%7Bactivities(first%3A%24f)%7Bnodes%7Bid%7D%7D%7D%7D&variables=%7B%22f%22%3A3%7D").await;
    assert_eq!(
        reply.json(),
        json!({ "data": { "customer_insight": null } })
    );
    let reply = get("query=mutation%20%7B__typename%7D").await;
    assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(reply.headers["allow"], "POST");
    for bad in [
        "",
        "query=%7B__typename%7D&variables=%7B",
        "query=%7B__typename%7D&query=%7B__typename%7D",
    ] {
        assert_eq!(get(bad).await.status, StatusCode::BAD_REQUEST, "{bad}");
    }
}

#[tokio::test]
async fn a_join_of_several_megabytes_is_taken_and_one_above_the_limit_is_not() {
    let rig = Rig::new().await;
    rig.put(TENANT, &[empty(1)]).await;
    let tenant = TENANT.to_string();
    let headers = [
        KEY,
        JSON,
        ("x-hasura-role", "manager"),
        ("x-hasura-tenant-id", tenant.as_str()),
    ];
    let padded = format!(
        "{} #{}",
        join(0, &[key(person(1))], "{ status  }"),
        " ".repeat(5 << 20)
    );
    let reply = post(&rig, &headers, json!({ "query": padded }).to_string()).await;
    assert_eq!(reply.joined(), json!({ "f0": { "status": "READY" } }));
    let reply = post(&rig, &headers, vec![b' '; (16 << 20) + 1]).await;
    assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn selections_that_only_differ_in_their_keys_are_charged_once() {
    let rig = Rig::new().await;
    let fields = (0..90)
        .map(|n| format!("a{n}: status"))
        .collect::<Vec<_>>()
        .join(" ");
    let keys: Vec<String> = (0..300).map(|n| key(person(n))).collect();
    let same = join(0, &keys, &format!("{{ {fields} }}"));
    assert!(rig.ask(&same).await.json().get("errors").is_none());
    let each: Vec<String> = (0..2_001)
        .map(|n| {
            format!(
                "f{n}: customer_insight(person_profile_id: 1) {{ {} }}",
                "status ".repeat(n % 50 + 1)
            )
        })
        .collect();
    let body = rig.ask(&format!("{{ {} }}", each.join(" "))).await.json();
    assert!(
        body.get("errors").is_none(),
        "50 different selections are within the limit"
    );
    let wide: Vec<String> = (0..2_001).map(|n| format!("a{n}: status ")).collect();
    let wide = wide.concat();
    let body = rig
        .ask(&format!(
            "{{ customer_insight(person_profile_id: 1) {{ {wide} }} }}"
        ))
        .await
        .json();
    assert_eq!(body["errors"][0]["extensions"]["code"], "TOO_MUCH");
}

#[tokio::test]
async fn latencies_and_errors_are_counted_by_words_that_name_nobody() {
    let recorder = Recorder::install().unwrap();
    let rig = Rig::new().await;
    rig.put(TENANT, &[empty(1)]).await;
    let keys: Vec<String> = (1..=50).map(|n| key(person(n))).collect();
    rig.ask(&join(0, &keys, "{ status }")).await;
    rig.ask("{").await;
    rig.ask("{ dead_letters { nodes { id } } }").await;
    let text = recorder.render();
    let counted = |start: &str| {
        let line = text.lines().find(|line| line.starts_with(start));
        let line = line.unwrap_or_else(|| panic!("{start} is missing in\n{text}"));
        line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()
    };
    assert!(counted(r#"ci_graphql_seconds_count{kind="query",roots="100"}"#) > 0);
    assert!(counted(r#"ci_graphql_errors_total{code="GRAPHQL_PARSE_FAILED"}"#) > 0);
    assert!(counted(r#"ci_graphql_errors_total{code="FORBIDDEN"}"#) > 0);
    for line in text.lines().filter(|line| line.starts_with("ci_graphql")) {
        assert!(!line.contains(&TENANT.to_string()), "{line}");
        assert!(!line.contains(&person(1).to_string()), "{line}");
    }
}

/// PostgreSQL's texts hold everything but this character, so it is refused before a statement is sent.
#[tokio::test]
async fn a_text_that_cannot_be_stored_is_refused_wherever_it_stands() {
    let rig = Rig::new().await;
    let staff = [KEY, JSON, ("x-hasura-role", "admin")];
    let by_variable = |value: Value| {
        let query = "query($reason: String) { dead_letters(reason: $reason) { nodes { id } } }";
        json!({ "query": query, "variables": { "reason": value, "unused": [{ "deep": "" }] } })
    };
    let literal = |text: &str| json!({ "query": format!("{{ dead_letters(reason: \"{text}\") {{ nodes {{ id }} }} }}") });
    let mut deep = by_variable(json!("fine"));
    deep["variables"]["unused"][0]["deep"] = json!("\0");
    for body in [
        literal("a\\u0000"),
        literal("\\\\\\u0000"),
        by_variable(json!("\0a")),
        deep,
    ] {
        let reply = post(&rig, &staff, body.to_string()).await;
        let error = &reply.json()["errors"][0];
        assert_eq!(error["extensions"]["code"], "BAD_REQUEST", "{}", reply.text);
        assert!(
            error["message"].as_str().unwrap().contains("U+0000"),
            "{}",
            reply.text
        );
    }
    // A join is answered all the same: such a key is nobody's.
    let join =
        json!({ "query": "{ it: customer_insight(person_profile_id: \"\\u0000\") { status } }" });
    let reply = post(&rig, &staff, join.to_string()).await;
    assert_eq!(
        reply.json(),
        json!({ "data": { "it": null } }),
        "{}",
        reply.text
    );
    // A backslash and five letters.
    for body in [
        literal("\\\\u0000"),
        literal("u0000"),
        by_variable(json!("\\u0000")),
    ] {
        let reply = post(&rig, &staff, body.to_string()).await;
        assert_eq!(
            reply.json()["data"]["dead_letters"]["nodes"],
            json!([]),
            "{}",
            reply.text
        );
    }
}
