//! Told to stop, the server lets requests under way end and takes no new ones.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use customer_intelligence::http::{Limits, serve};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinSet;

const PATIENCE: Duration = Duration::from_secs(20);

/// A server with one page that answers when `release` says so; a call to it under way; and what stops the server.
struct Stopping {
    address: std::net::SocketAddr,
    release: Arc<Notify>,
    stop: oneshot::Sender<()>,
    server: JoinSet<()>,
    call: JoinSet<reqwest::Result<reqwest::Response>>,
}

async fn under_way(drain: Duration) -> Stopping {
    drop(rustls::crypto::ring::default_provider().install_default());
    let (arrived, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (tell, wait) = (Arc::clone(&arrived), Arc::clone(&release));
    let page = get(async move || {
        tell.notify_one();
        wait.notified().await;
        "done"
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let mut server = JoinSet::new();
    server.spawn(async move {
        let limits = Limits {
            drain,
            ..Limits::default()
        };
        let stopped = async { drop(stopped.await) };
        serve(listener, Router::new().route("/", page), &limits, stopped).await;
    });
    let mut call = JoinSet::new();
    call.spawn(
        reqwest::Client::new()
            .get(format!("http://{address}/"))
            .send(),
    );
    arrived.notified().await;
    Stopping {
        address,
        release,
        stop,
        server,
        call,
    }
}

async fn until_nobody_listens(address: std::net::SocketAddr) {
    let begun = Instant::now();
    while TcpStream::connect(address).await.is_ok() {
        assert!(begun.elapsed() < PATIENCE, "the server still listens");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_request_under_way_is_answered_and_a_new_one_is_not_taken() {
    let mut rig = under_way(PATIENCE).await;
    rig.stop.send(()).unwrap();
    until_nobody_listens(rig.address).await;
    rig.release.notify_one();
    let answer = rig.call.join_next().await.unwrap().unwrap().unwrap();
    assert_eq!(answer.text().await.unwrap(), "done");
    tokio::time::timeout(PATIENCE, rig.server.join_next())
        .await
        .unwrap()
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn who_takes_longer_than_the_drain_is_cut() {
    let mut rig = under_way(Duration::from_millis(100)).await;
    rig.stop.send(()).unwrap();
    tokio::time::timeout(PATIENCE, rig.server.join_next())
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert!(rig.call.join_next().await.unwrap().unwrap().is_err());
}
