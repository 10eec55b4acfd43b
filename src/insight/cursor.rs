//! Opaque cursors: where a page ended, so that the next one starts behind it without counting rows.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Error;

/// Writes a place as text that is safe in URLs.
pub(super) fn encode<T: Serialize>(place: &T) -> Result<String, Error> {
    let bytes = postcard::to_stdvec(place).map_err(|_place_is_too_large| Error::Cursor)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Reads a place back; whatever is not one is [`Error::Cursor`].
pub(super) fn decode<T: DeserializeOwned>(cursor: &str) -> Result<T, Error> {
    let bytes = URL_SAFE_NO_PAD
        .decode(cursor)
        .map_err(|_not_base64| Error::Cursor)?;
    match postcard::take_from_bytes(&bytes) {
        Ok((place, [])) => Ok(place),
        _ => Err(Error::Cursor),
    }
}
