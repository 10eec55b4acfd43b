//! The stored form of an insight: one byte that names the format, then the value in postcard form.

use crate::domain::insight::Insight;

/// The second format: with the history that models score.
const POSTCARD: u8 = 2;

/// Reads a stored body; `None` when another version of this program wrote it, so that it has to be derived anew.
#[must_use]
pub fn decode(body: &[u8]) -> Option<Insight> {
    match body.split_first()? {
        (&POSTCARD, rest) => postcard::from_bytes(rest).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_of_other_formats_are_not_guessed_at() {
        assert!(decode(&[]).is_none());
        assert!(decode(&[1, 0, 0]).is_none());
        assert!(decode(&[POSTCARD, 1]).is_none());
    }
}
