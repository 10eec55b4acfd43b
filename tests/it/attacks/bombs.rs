//! Small requests that would cost much, and large ones: refused early, by the real program, without its memory growing.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use uuid::Uuid;

use crate::faults::program::{GATEWAY_SECRET, Program, WEBHOOK_SECRET};

const TENANT: Uuid = Uuid::from_u128(0x7e);
const PATIENCE: Duration = Duration::from_mins(1);
/// A refusal costs little more than reading what was sent.
const SOON: Duration = Duration::from_secs(5);
const MOST_MEMORY_MIB: u64 = 20;

fn repeated(count: usize, each: impl Fn(usize) -> String) -> String {
    (0..count).map(each).collect()
}

/// Name, document, code of the refusal.
fn documents() -> Vec<(String, String, &'static str)> {
    let mut all = Vec::new();
    for count in [101, 10_000] {
        let aliases = repeated(count, |n| format!("a{n}: __typename "));
        all.push((
            format!("{count} aliases"),
            format!("{{ {aliases} }}"),
            "TOO_MUCH",
        ));
        let lists = repeated(count, |n| {
            format!("a{n}: customer_insights {{ nodes {{ status }} }} ")
        });
        all.push((
            format!("{count} lists"),
            format!("{{ {lists} }}"),
            "TOO_MUCH",
        ));
        let directives = "@skip(if: false) ".repeat(count);
        let text = format!("{{ customer_insights {directives} {{ nodes {{ status }} }} }}");
        all.push((format!("{count} directives"), text, "TOO_MUCH"));
        let depth = format!("{}status{}", "nodes { ".repeat(count), " }".repeat(count));
        all.push((
            format!("{count} levels"),
            format!("{{ {depth} }}"),
            "TOO_MUCH",
        ));
        let lists = format!("{}1{}", "[".repeat(count), "]".repeat(count));
        let text = format!("{{ customer_insight(person_profile_id: {lists}) {{ status }} }}");
        all.push((format!("{count} brackets"), text, "TOO_MUCH"));
        let fields = "status ".repeat(count * 25);
        let text = format!("{{ customer_insights {{ nodes {{ {fields} }} }} }}");
        all.push((format!("{} equal fields", count * 25), text, "TOO_MUCH"));
        let operations = repeated(count, |n| format!("query q{n} {{ __typename }} "));
        all.push((format!("{count} operations"), operations, "TOO_MUCH"));
    }
    let doubling = repeated(60, |n| {
        format!("fragment f{n} on Query {{ ...f{} ...f{} }} ", n + 1, n + 1)
    });
    let text = format!("{{ ...f0 }} {doubling} fragment f60 on Query {{ __typename }}");
    all.push(("fragments that double".to_owned(), text, "TOO_MUCH"));
    let round = "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }";
    all.push((
        "fragments in a circle".to_owned(),
        round.to_owned(),
        "TOO_MUCH",
    ));
    let pages = repeated(15, |n| {
        format!(
            "a{n}: customer_insights(first: 200) {{ nodes {{ activities(first: 100) {{ nodes {{ kind id detail }} }} }} }} "
        )
    });
    all.push((
        "pages of pages".to_owned(),
        format!("{{ {pages} }}"),
        "TOO_MUCH",
    ));
    let circle = format!("{}name{}", "fields { type { ".repeat(6), " } }".repeat(6));
    let text = format!("{{ __schema {{ types {{ {circle} }} }} }}");
    all.push(("introspection in a circle".to_owned(), text, "TOO_MUCH"));
    all
}

#[tokio::test]
async fn documents_that_would_cost_much_are_refused_before_anything_is_read() {
    let program = Program::new().await;
    let good = json!({ "query": "{ customer_insights { nodes { status } } }" }).to_string();
    for _ in 0..20 {
        program
            .ask(TENANT, good.clone().into_bytes())
            .await
            .unwrap();
    }
    let before = program.memory_mib().unwrap();
    for (name, query, code) in documents() {
        let begun = Instant::now();
        let body = json!({ "query": query }).to_string();
        let (status, text) = program
            .ask(TENANT, body.into_bytes())
            .await
            .expect("an answer");
        let answer: Value = serde_json::from_str(&text).unwrap();
        assert!(status.as_u16() < 500, "{name}: {status} {text}");
        assert!(answer.get("data").is_none(), "{name} was executed: {text}");
        assert_eq!(
            answer["errors"][0]["extensions"]["code"], code,
            "{name}: {text}"
        );
        assert!(begun.elapsed() < SOON, "{name} took {:?}", begun.elapsed());
    }
    let batch = json!(vec![json!({ "query": "{ __typename }" }); 1_000]).to_string();
    let (status, text) = program.ask(TENANT, batch.into_bytes()).await.unwrap();
    assert_eq!(
        (status.as_u16(), text.contains("BAD_REQUEST")),
        (400, true),
        "{text}"
    );
    let after = program.memory_mib().unwrap();
    println!("memory: {before} MiB before the bombs, {after} MiB after them");
    assert!(
        after < before + MOST_MEMORY_MIB,
        "{before} MiB grew to {after} MiB"
    );
    let (status, text) = program.ask(TENANT, good.into_bytes()).await.unwrap();
    assert!(status.is_success() && text.contains("nodes"), "{text}");
}

/// Sends a head and then as much as is taken, up to that many times; what was answered, and how much was taken.
async fn pour(program: &Program, head: &str, each: &[u8], times: usize) -> (String, usize) {
    let stream = TcpStream::connect(("127.0.0.1", program.port()))
        .await
        .unwrap();
    let (mut reading, mut writing) = stream.into_split();
    let answer = async {
        let mut answer = Vec::new();
        // A reset is as good as an end.
        drop(reading.read_to_end(&mut answer).await);
        String::from_utf8_lossy(&answer).into_owned()
    };
    let pouring = async {
        if writing.write_all(head.as_bytes()).await.is_err() {
            return 0;
        }
        for poured in 0..times {
            if writing.write_all(each).await.is_err() {
                return poured;
            }
        }
        times
    };
    let both = async { tokio::join!(answer, pouring) };
    tokio::time::timeout(PATIENCE, both)
        .await
        .expect("it is cut")
}

#[tokio::test]
async fn bodies_and_heads_without_end_are_cut_and_take_no_memory() {
    const MIB: usize = 1 << 20;
    let program = Program::new().await;
    let door = program.door();
    door.deliver("{}").await.expect("an answer");
    let before = program.memory_mib().unwrap();
    let chunk = [b"100000\r\n".as_slice(), &vec![b' '; MIB], b"\r\n"].concat();
    for (path, secret, most) in [
        ("/webhooks/hasura", WEBHOOK_SECRET, 8),
        ("/hooks/cron", WEBHOOK_SECRET, 8),
        ("/graphql", GATEWAY_SECRET, 32),
        ("/graphql", "guessed", 8),
    ] {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: a\r\nx-ci-secret: {secret}\r\ncontent-type: application/json\r\n\
             transfer-encoding: chunked\r\n\r\n"
        );
        let (answer, poured) = pour(&program, &head, &chunk, 1_024).await;
        let refused = ["413", "401"]
            .iter()
            .any(|status| answer.starts_with(&format!("HTTP/1.1 {status}")));
        assert!(refused || answer.is_empty(), "{path}: {answer}");
        assert!(
            poured < most,
            "{path}: {poured} MiB of a gigabyte were taken"
        );
    }
    let line = b"x-line: something\r\n".repeat(1_000);
    let (answer, _) = pour(&program, "GET /healthz HTTP/1.1\r\nhost: a\r\n", &line, 100).await;
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 431"),
        "{answer}"
    );
    let long = format!(
        "GET /healthz HTTP/1.1\r\nhost: a\r\nx-long: {}",
        "a".repeat(MIB)
    );
    let (answer, _) = pour(&program, &long, b"\r\n\r\n", 1).await;
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 431"),
        "{answer}"
    );
    let after = program.memory_mib().unwrap();
    println!("memory: {before} MiB before what has no end, {after} MiB after it");
    assert!(
        after < before + MOST_MEMORY_MIB,
        "{before} MiB grew to {after} MiB"
    );
    let deep = format!("{}1{}", "[".repeat(400_000), "]".repeat(400_000));
    assert!(door.deliver(&deep).await.unwrap().status().is_success());
}
