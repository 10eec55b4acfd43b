//! A request's body, within a size and a time.

use std::time::Duration;

use axum::body::{Body, Bytes};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::errors::Error;

/// The whole body, if it is neither too large nor too slow.
pub(super) async fn collect(body: Body, bytes: usize, limit: Duration) -> Result<Bytes, Error> {
    match tokio::time::timeout(limit, Limited::new(body, bytes).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Error::TooLarge),
        Ok(Err(_)) | Err(_) => Err(Error::Incomplete),
    }
}
