//! Signing what is sent, by the Standard Webhooks scheme (standardwebhooks.com, specification 1.0).
//!
//! `webhook-signature` is a list of `v1,` and the base64 of HMAC-SHA-256 over `id.timestamp.body`, one for each key: while
//! a secret is being rotated a receiver finds its own among them. Deliberately absent: asymmetric signatures.

use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What a secret begins with.
const PREFIX: &str = "whsec_";
/// Fewer bytes make no key.
const BYTES_MIN: usize = 24;
/// The scheme's own limit.
const BYTES_MAX: usize = 64;

/// The keys that everything is signed with. Cheap to clone; all clones see a rotation at once.
#[derive(Clone, Default)]
pub struct Keyring(Arc<RwLock<Vec<Vec<u8>>>>);

/// A secret that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a secret for outgoing messages is `whsec_` and the base64 of 24 to 64 random bytes")]
pub struct NotASecret;

impl Keyring {
    /// Signs with exactly these secrets.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Result<Self, NotASecret> {
        let keyring = Self::default();
        keyring.replace(secrets)?;
        Ok(keyring)
    }

    /// From now on signs with exactly these secrets; on an error all stays as it was.
    pub fn replace<'a>(
        &self,
        secrets: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), NotASecret> {
        let keys: Result<Vec<_>, _> = secrets.into_iter().map(key).collect();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = keys?;
        Ok(())
    }

    /// The value of `webhook-signature`; `timestamp` is in seconds since 1970.
    #[must_use]
    pub fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let keys = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let signed = keys.iter().filter_map(|key| {
            // HMAC takes keys of any length.
            let mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
            let mac = mac
                .chain_update(format!("{id}.{timestamp}."))
                .chain_update(body);
            Some(format!(
                "v1,{}",
                STANDARD.encode(mac.finalize().into_bytes())
            ))
        });
        signed.collect::<Vec<_>>().join(" ")
    }
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let count = self.0.read().unwrap_or_else(PoisonError::into_inner).len();
        write!(f, "Keyring({count} keys)")
    }
}

fn key(secret: &str) -> Result<Vec<u8>, NotASecret> {
    let encoded = secret.trim().strip_prefix(PREFIX).ok_or(NotASecret)?;
    let bytes = STANDARD.decode(encoded).map_err(|_encoding| NotASecret)?;
    if (BYTES_MIN..=BYTES_MAX).contains(&bytes.len()) {
        Ok(bytes)
    } else {
        Err(NotASecret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the scheme's own libraries.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    #[test]
    fn the_example_of_the_specification_s_libraries_is_signed_as_they_do() {
        let keyring = Keyring::new([SECRET]).unwrap();
        let signed = keyring.sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn while_a_secret_is_rotated_everything_is_signed_with_both() {
        let other = format!("whsec_{}", STANDARD.encode([7; 32]));
        let keyring = Keyring::new([SECRET]).unwrap();
        let clone = keyring.clone();
        let alone = clone.sign("a", 1, b"{}");
        keyring.replace([other.as_str(), SECRET]).unwrap();
        let both = clone.sign("a", 1, b"{}");
        assert_eq!(both.split(' ').count(), 2);
        assert!(both.ends_with(&alone));
    }

    #[test]
    fn what_is_no_secret_is_refused_and_changes_nothing() {
        let keyring = Keyring::new([SECRET]).unwrap();
        let before = keyring.sign("a", 1, b"{}");
        for wrong in [
            "",
            "whsec_",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_not base64",
            "whsec_AAAA",
        ] {
            assert_eq!(keyring.replace([wrong]), Err(NotASecret), "{wrong}");
        }
        assert_eq!(keyring.sign("a", 1, b"{}"), before);
    }
}
