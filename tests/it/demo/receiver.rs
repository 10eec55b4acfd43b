//! A receiver that stands where the server would: notes every request and answers as the test says.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::Value;
use tokio::task::JoinSet;

/// One request as it arrived.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Seen {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("JSON")
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .expect("header")
            .to_str()
            .expect("text")
    }
}

type Answer = Arc<dyn Fn(&Seen, usize) -> Response + Send + Sync>;

#[derive(Clone)]
struct Shared {
    seen: Arc<Mutex<Vec<Seen>>>,
    answer: Answer,
}

/// The receiver; ends with the test.
pub(super) struct Receiver {
    pub(super) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    _server: JoinSet<()>,
}

impl Receiver {
    /// Answers each request by a function of it and of how many came before.
    pub(super) async fn start(
        answer: impl Fn(&Seen, usize) -> Response + Send + Sync + 'static,
    ) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let shared = Shared {
            seen: seen.clone(),
            answer: Arc::new(answer),
        };
        let app = Router::new().fallback(receive).with_state(shared);
        Self::serve(app, seen).await
    }

    /// Serves a router of the test's own.
    pub(super) async fn serve(app: Router, seen: Arc<Mutex<Vec<Seen>>>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let address = listener.local_addr().expect("an address");
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, app).await.expect("a server") });
        Self {
            address,
            seen,
            _server: server,
        }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("the lock").clone()
    }
}

async fn receive(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let text = String::from_utf8(body.to_vec()).expect("UTF-8");
    let request = Seen { headers, text };
    let before = {
        let mut seen = shared.seen.lock().expect("the lock");
        seen.push(request.clone());
        seen.len() - 1
    };
    (shared.answer)(&request, before)
}
