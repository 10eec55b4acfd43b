//! What the operating system tells us: to stop, or to read the secrets again.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Resolves at SIGTERM or ctrl-c.
pub(super) async fn stop() {
    let (mut terminate, mut interrupt) = (
        listen(SignalKind::terminate()),
        listen(SignalKind::interrupt()),
    );
    tokio::select! {
        () = next(&mut terminate) => {}
        () = next(&mut interrupt) => {}
    }
}

/// SIGHUP, if it can be listened to.
pub(super) fn hang_up() -> Option<Signal> {
    listen(SignalKind::hangup())
}

/// The next such signal; never, if it cannot be listened to.
pub(super) async fn next(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

fn listen(kind: SignalKind) -> Option<Signal> {
    signal(kind)
        .inspect_err(|error| tracing::warn!(%error, ?kind, "a signal cannot be listened to"))
        .ok()
}
