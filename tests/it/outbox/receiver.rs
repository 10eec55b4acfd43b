//! Somebody who hears: a real HTTP server on loopback that checks every signature by itself and answers as it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use customer_intelligence::workers::dispatch::{Keyring, Target};
use futures::future::BoxFuture;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use uuid::Uuid;

pub(super) const KEY: [u8; 32] = [9; 32];

/// The secret as the service is given it.
pub(super) fn secret(key: &[u8]) -> String {
    format!("whsec_{}", STANDARD.encode(key))
}

pub(crate) fn keyring() -> Keyring {
    Keyring::new([secret(&KEY).as_str()]).unwrap()
}

/// What was heard.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Heard {
    pub(crate) id: Uuid,
    pub(crate) body: Value,
    /// How many signatures it came with.
    pub(crate) signatures: usize,
}

impl Heard {
    pub(crate) fn person(&self) -> Option<Uuid> {
        self.body["data"]["person_profile_id"]
            .as_str()?
            .parse()
            .ok()
    }
}

/// What is answered: a status and, where it is not to be asked again soon, for how many seconds.
pub(crate) type Answer = (u16, Option<u32>);
/// What happens on the arrival of a message, before it is answered.
pub(crate) type OnArrival = Arc<dyn Fn(Heard) -> BoxFuture<'static, Answer> + Send + Sync>;

pub(crate) struct Receiver {
    pub(crate) target: Target,
    heard: Arc<Mutex<Vec<Heard>>>,
    script: Arc<Mutex<VecDeque<Answer>>>,
    _server: JoinSet<()>,
}

#[derive(Clone)]
struct Shared {
    heard: Arc<Mutex<Vec<Heard>>>,
    on_arrival: OnArrival,
}

impl Receiver {
    /// One that answers with the next of the script, and 204 behind its end.
    pub(crate) async fn start(name: &str) -> Self {
        let script: Arc<Mutex<VecDeque<Answer>>> = Arc::default();
        let answers = Arc::clone(&script);
        let on_arrival: OnArrival = Arc::new(move |_| {
            let next = answers.lock().unwrap().pop_front();
            Box::pin(async move { next.unwrap_or((204, None)) })
        });
        Self {
            script,
            ..Self::with(name, on_arrival).await
        }
    }

    pub(crate) async fn with(name: &str, on_arrival: OnArrival) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heard: Arc<Mutex<Vec<Heard>>> = Arc::default();
        let shared = Shared {
            heard: Arc::clone(&heard),
            on_arrival,
        };
        let router = Router::new().route("/hook", post(hear)).with_state(shared);
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            target: Target {
                name: name.to_owned(),
                url: format!("http://{address}/hook").parse().unwrap(),
            },
            heard,
            script: Arc::default(),
            _server: server,
        }
    }

    pub(super) fn answer(&self, answers: impl IntoIterator<Item = Answer>) {
        self.script.lock().unwrap().extend(answers);
    }

    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }
}

async fn hear(
    State(shared): State<Shared>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, [(&'static str, String); 1]) {
    let heard = verified(&headers, &body);
    shared.heard.lock().unwrap().push(heard.clone());
    let (status, asked) = (shared.on_arrival)(heard).await;
    let status = StatusCode::from_u16(status).unwrap();
    (status, [("retry-after", asked.unwrap_or(0).to_string())])
}

/// As the scheme tells a receiver to: any one signature of the list has to be right.
fn verified(headers: &HeaderMap, body: &[u8]) -> Heard {
    let header = |name| headers.get(name).unwrap().to_str().unwrap();
    let (id, timestamp) = (header("webhook-id"), header("webhook-timestamp"));
    timestamp.parse::<i64>().expect("seconds");
    let mut mac = Hmac::<Sha256>::new_from_slice(&KEY).unwrap();
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    let signatures: Vec<&str> = header("webhook-signature").split(' ').collect();
    assert!(signatures.contains(&expected.as_str()), "{signatures:?}");
    assert_eq!(header("content-type"), "application/json");
    Heard {
        id: id.parse().unwrap(),
        body: serde_json::from_slice(body).unwrap(),
        signatures: signatures.len(),
    }
}
