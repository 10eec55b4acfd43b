//! Opaque cursors: where a page ended, so that the next one starts behind it without counting rows.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Writes a place as text that is safe in URLs.
#[must_use]
pub fn encode<T: Serialize>(place: &T) -> String {
    // A place is made of plain values, which can always be written; of nothing no place can be read.
    let bytes = postcard::to_stdvec(place).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads a place back; nothing from whatever is not one.
#[must_use]
pub fn decode<T: DeserializeOwned>(cursor: &str) -> Option<T> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    match postcard::take_from_bytes(&bytes) {
        Ok((place, [])) => Some(place),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_place_comes_back_from_its_text_and_nothing_else_does() {
        type Place = (DateTime<Utc>, Uuid, i64);
        let at = DateTime::from_timestamp_micros(1_780_000_000_123_456).unwrap();
        let place = (at, Uuid::from_u128(5), 7);
        let text = encode(&place);
        assert_eq!(decode::<Place>(&text), Some(place));
        let (shorter, longer) = (text.replacen('A', "", 1), format!("{text}AAAA"));
        for other in ["", "?", "AAAA", &shorter, &longer] {
            assert_eq!(decode::<Place>(other), None, "{other}");
        }
    }
}
