//! Accepts connections and serves them until told to stop.
//!
//! Why not the framework's own loop: that one installs no timer, so the time limit on request heads is silently
//! without effect and a few idle sockets could hold the server. Connections live in a set owned by [`serve`]; when it
//! returns, none is left running. Deliberately absent: TLS (a proxy's business).

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::limits::Limits;

/// Wait after a failed accept (out of file handles, mostly).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves `router` on `listener` until `stop` resolves, then lets requests under way end, for `limits.drain` at most.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: &Limits,
    stop: impl Future<Output = ()> + Send,
) {
    let builder = builder(limits);
    let graceful = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(limits.connections));
    let mut connections = JoinSet::new();
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut stop => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            accepted = accept(&listener, &room) => accepted,
        };
        let (stream, permit) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let service = TowerToHyperService::new(router.clone());
        let (builder, watcher) = (builder.clone(), graceful.watcher());
        let head_timeout = limits.head_timeout;
        connections.spawn(async move {
            if spoken(&stream, head_timeout).await {
                let connection = builder.serve_connection(TokioIo::new(stream), service);
                if let Err(error) = watcher.watch(connection).await {
                    tracing::debug!(error = %error, "a connection ended early");
                }
            }
            drop(permit);
        });
    }
    drop(listener);
    if tokio::time::timeout(limits.drain, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!(
            open = connections.len(),
            "some requests did not end in time and were cut"
        );
    }
    connections.shutdown().await;
}

async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> io::Result<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let permit = Arc::clone(room)
        .acquire_owned()
        .await
        .map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, permit))
}

/// Waits until the client has said which protocol it speaks; `false` when it does not in time.
///
/// The protocol detection behind this has no time limit of its own.
async fn spoken(stream: &TcpStream, limit: Duration) -> bool {
    const HTTP2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    const SPLIT_PAUSE: Duration = Duration::from_millis(5);
    let decided = async {
        let mut start = [0; HTTP2.len()];
        loop {
            let read = stream.peek(&mut start).await.unwrap_or(0);
            let start = start.get(..read).unwrap_or_default();
            if start.is_empty() {
                return false;
            }
            if start == HTTP2 || !HTTP2.starts_with(start) {
                return true;
            }
            // Half a preface: there is nothing to wait on but time, since `peek` returns at once.
            tokio::time::sleep(SPLIT_PAUSE).await;
        }
    };
    tokio::time::timeout(limit, decided).await.unwrap_or(false)
}

fn builder(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_timeout)
        .max_headers(limits.headers)
        .max_buf_size(limits.head_bytes as usize)
        .keep_alive(true);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(limits.head_bytes)
        .keep_alive_interval(Some(Duration::from_secs(20)))
        .keep_alive_timeout(limits.head_timeout);
    builder
}
