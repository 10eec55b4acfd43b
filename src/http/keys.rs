//! The shared secret of a door: a current and a previous one, compared so that time tells nothing.
//!
//! Digests of both are kept, never the secrets. Every candidate is compared in full, whichever matched before.
//! Deliberately absent: where secrets come from and when they are read again (that is `app`).

use std::sync::{Arc, PoisonError, RwLock};

use axum::http::{HeaderMap, HeaderName};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

/// The header that carries the secret on all doors.
pub const SECRET_HEADER: HeaderName = HeaderName::from_static("x-ci-secret");

/// The secrets a door accepts. Cheap to clone; all clones see a rotation at once.
#[derive(Clone, Default)]
pub struct Keys(Arc<RwLock<Vec<[u8; 32]>>>);

impl Keys {
    /// Accepts exactly `secrets`; empty ones are no secrets.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let keys = Self::default();
        keys.replace(secrets);
        keys
    }

    /// From now on accepts exactly `secrets`: the current one and, during a rotation, the previous one.
    pub fn replace<'a>(&self, secrets: impl IntoIterator<Item = &'a str>) {
        let digests = secrets
            .into_iter()
            .filter(|secret| !secret.is_empty())
            .map(digest)
            .collect();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = digests;
    }

    /// Whether exactly one secret header is there and holds an accepted secret.
    #[must_use]
    pub fn admit(&self, headers: &HeaderMap) -> bool {
        let mut sent = headers.get_all(SECRET_HEADER).iter();
        match (sent.next(), sent.next()) {
            (Some(secret), None) => self.matches(secret.as_bytes()),
            _ => false,
        }
    }

    fn matches(&self, secret: &[u8]) -> bool {
        let sent: [u8; 32] = Sha256::digest(secret).into();
        let accepted = self.0.read().unwrap_or_else(PoisonError::into_inner);
        accepted
            .iter()
            .fold(Choice::from(0), |any, key| any | key.ct_eq(&sent))
            .into()
    }
}

/// Shows how many secrets there are, never what they are.
impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let count = self.0.read().unwrap_or_else(PoisonError::into_inner).len();
        write!(f, "Keys({count} accepted)")
    }
}

fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(secrets: &[&str]) -> HeaderMap {
        secrets
            .iter()
            .map(|secret| (SECRET_HEADER, secret.parse().unwrap()))
            .collect()
    }

    #[test]
    fn current_and_previous_are_accepted_and_nothing_else() {
        let keys = Keys::new(["current", "previous"]);
        assert!(keys.admit(&sent(&["current"])));
        assert!(keys.admit(&sent(&["previous"])));
        for wrong in [
            &[][..],
            &[""],
            &["curren"],
            &["current "],
            &["current", "current"],
        ] {
            assert!(!keys.admit(&sent(wrong)), "{wrong:?}");
        }
    }

    #[test]
    fn a_rotation_reaches_every_clone() {
        let keys = Keys::new(["old"]);
        let clone = keys.clone();
        keys.replace(["new", "old"]);
        assert!(clone.admit(&sent(&["new"])) && clone.admit(&sent(&["old"])));
        keys.replace(["new"]);
        assert!(!clone.admit(&sent(&["old"])));
    }

    #[test]
    fn without_secrets_nobody_gets_in() {
        assert!(!Keys::new(["", ""]).admit(&sent(&[""])));
        assert!(!Keys::default().admit(&sent(&["anything"])));
    }
}
