//! The server is killed with -9 again and again under load: what it acknowledged is there, and counts once.
//!
//! `KILLS=20` is the full form; a build server runs the short one.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use customer_intelligence::db::embedded::{Embedded, EmbeddedConfig};
use customer_intelligence::db::{Pool, PoolConfig, pool};
use customer_intelligence::domain::source::SourceKind;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::outage::folder;
use super::rig::{booking, with};

const SECRET: &str = "a secret that outlives its server";
const KILLS: usize = 3;
const BOOKINGS_PER_KILL: usize = 300;
const PERSONS: usize = 20;
const SENDERS: usize = 32;
const TENANT: Uuid = Uuid::from_u128(1);
const PATIENCE: Duration = Duration::from_mins(2);

/// The real program on a data folder and a port of its own.
struct Server {
    address: SocketAddr,
    data: std::path::PathBuf,
    child: Child,
}

impl Server {
    fn start(address: SocketAddr, data: &std::path::Path) -> Self {
        let child = Self::spawn(address, data);
        Self {
            address,
            data: data.to_owned(),
            child,
        }
    }

    fn spawn(address: SocketAddr, data: &std::path::Path) -> Child {
        Command::new(env!("CARGO_BIN_EXE_customer-intelligence"))
            .arg("serve")
            .env_remove("DATABASE_URL")
            .env("CI_DATA_DIR", data)
            .env("CI_PORT", address.port().to_string())
            .env("CI_WEBHOOK_SECRET", SECRET)
            .env("CI_LOG", "error")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    }

    fn kill_and_start_again(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.child = Self::spawn(self.address, &self.data);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn person(n: usize) -> Uuid {
    Uuid::from_u128(1_000 + n as u128)
}

fn profile(n: usize) -> Value {
    let row = json!({
        "id": person(n), "tenant_id": TENANT, "marketing_consent": null, "locale": "de",
        "merged_into_id": null, "pii_redacted_at": null,
        "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"
    });
    let mut envelope = booking(TENANT, person(n));
    envelope["event"]["data"]["new"] = row;
    envelope["table"] = json!({ "schema": "backoffice", "name": "person_profiles" });
    envelope["trigger"] = json!({ "name": "ci_backoffice_person_profiles" });
    envelope
}

/// All deliveries: every person, and bookings of them in turns.
fn deliveries(bookings: usize) -> Vec<String> {
    let profiles = (0..PERSONS).map(profile);
    let bookings = (0..bookings).map(|n| {
        let envelope = booking(TENANT, Uuid::from_u128(1_000_000 + n as u128));
        with(
            envelope,
            "booker_profile_id",
            Some(json!(person(n % PERSONS))),
        )
    });
    profiles
        .chain(bookings)
        .map(|envelope| envelope.to_string())
        .collect()
}

/// Sends as Hasura does: again until it is acknowledged.
async fn insist(client: &Client, address: SocketAddr, body: &str) {
    let begun = Instant::now();
    loop {
        let sent = client
            .post(format!("http://{address}/webhooks/hasura"))
            .header("x-ci-secret", SECRET)
            .body(body.to_owned())
            .send()
            .await;
        match sent.map(|answer| answer.status()) {
            Ok(StatusCode::NO_CONTENT) => return,
            Ok(StatusCode::SERVICE_UNAVAILABLE) | Err(_) => {}
            Ok(other) => panic!("{other}"),
        }
        assert!(begun.elapsed() < PATIENCE, "a delivery is not acknowledged");
        tokio::task::yield_now().await;
    }
}

/// Delivers everything while the server is killed whenever another share of it has been acknowledged.
async fn deliver_and_kill(server: &mut Server, all: Vec<String>, kills: usize) {
    let (all, next, acked) = (
        Arc::new(all),
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicUsize::new(0)),
    );
    let mut senders = JoinSet::new();
    for _ in 0..SENDERS {
        let (all, next, acked) = (Arc::clone(&all), Arc::clone(&next), Arc::clone(&acked));
        let address = server.address;
        senders.spawn(async move {
            let client = Client::new();
            while let Some(body) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                insist(&client, address, body).await;
                acked.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    for kill in 0..kills {
        // Uneven shares, so that the kills meet the server at different moments.
        let share = kill * BOOKINGS_PER_KILL + kill * kill * 37 % BOOKINGS_PER_KILL;
        let begun = Instant::now();
        while acked.load(Ordering::Relaxed) < share {
            assert!(begun.elapsed() < PATIENCE, "the server does not get on");
            tokio::task::yield_now().await;
        }
        server.kill_and_start_again();
    }
    while let Some(sender) = senders.join_next().await {
        sender.unwrap();
    }
}

async fn until_all_is_folded(pool: &Pool) {
    let begun = Instant::now();
    loop {
        let waiting = sqlx::query_scalar!(r#"select count(*) as "count!" from inbox"#)
            .fetch_one(pool)
            .await
            .unwrap();
        if waiting == 0 {
            return;
        }
        assert!(
            begun.elapsed() < PATIENCE,
            "{waiting} deliveries are never folded"
        );
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_and_nothing_counts_twice() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let kills = std::env::var_os("KILLS").map_or(KILLS, |kills| {
        kills
            .to_str()
            .and_then(|kills| kills.parse().ok())
            .expect("KILLS is a number")
    });
    let bookings = (kills + 1) * BOOKINGS_PER_KILL;
    let folder = folder();
    let database = Embedded::start(EmbeddedConfig::new(folder.path().to_owned(), None))
        .await
        .unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let mut server = Server::start(free, folder.path());
    deliver_and_kill(&mut server, deliveries(bookings), kills).await;

    let pool = pool::connect_lazy(database.connect_options(), &PoolConfig::default());
    until_all_is_folded(&pool).await;
    let bookings = i64::try_from(bookings).unwrap();
    let counted = sqlx::query_scalar!(
        r#"select sum(total_bookings)::bigint as "sum!" from customer_insight where tenant_id = $1"#,
        TENANT
    );
    assert_eq!(counted.fetch_one(&pool).await.unwrap(), bookings);
    let logged = sqlx::query_scalar!(
        r#"select count(*) as "count!" from activity_log where tenant_id = $1 and kind = $2"#,
        TENANT,
        SourceKind::Booking.code()
    );
    assert_eq!(logged.fetch_one(&pool).await.unwrap(), bookings);
    drop(server);
    pool.close().await;
    database.stop().await.unwrap();
}
