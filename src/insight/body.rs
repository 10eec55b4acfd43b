//! The stored form of an insight: one byte that names the format, then the value in postcard form.

use crate::domain::insight::{FORM, Insight};

/// Reads a stored body; `None` when another version of this program wrote it, so that it has to be derived anew.
#[must_use]
pub fn decode(body: &[u8]) -> Option<Insight> {
    match body.split_first()? {
        (&FORM, rest) => postcard::from_bytes(rest).ok(),
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
        assert!(decode(&[FORM, 1]).is_none());
    }
}
