//! HTTP clients of the stand-in. Plain HTTP on loopback; a TLS provider is named only because reqwest insists on one.

use std::time::Duration;

use super::error::Result;

/// A client with a time limit for each request and that many idle connections kept.
pub(super) fn new(timeout: Duration, idle: usize) -> Result<reqwest::Client> {
    // Fails when the process has a provider already, which serves as well.
    drop(rustls::crypto::ring::default_provider().install_default());
    Ok(reqwest::Client::builder()
        .timeout(timeout)
        .pool_max_idle_per_host(idle)
        .build()?)
}
