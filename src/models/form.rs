//! The stored form of a model: one byte that names the format, then the value in postcard form.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The only format so far.
const POSTCARD: u8 = 1;

/// The bytes of a model. Numbers and words always have a postcard form.
#[must_use]
pub fn encode<T: Serialize>(model: &T) -> Vec<u8> {
    postcard::to_extend(model, vec![POSTCARD]).unwrap_or_default()
}

/// Reads a model; none when another version of this program wrote it, which is as if there were none.
#[must_use]
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    match bytes.split_first()? {
        (&POSTCARD, rest) => postcard::from_bytes(rest).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_of_other_formats_are_not_guessed_at() {
        let bytes = encode(&vec![0.5_f64, 2.0]);
        assert_eq!(decode::<Vec<f64>>(&bytes), Some(vec![0.5, 2.0]));
        assert_eq!(decode::<Vec<f64>>(&[]), None);
        assert_eq!(decode::<Vec<f64>>(&[2, 0]), None);
    }
}
