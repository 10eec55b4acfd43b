//! How logs and spans name a person: by a keyed tag that links lines to each other and to nobody.

use hmac::digest::common::Key;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::Uuid;

/// Makes tags. Its key derives from the master key, so that a tag cannot be found by trying ids.
#[derive(Clone)]
pub struct Tagger(Hmac<Sha256>);

impl Tagger {
    /// A tagger with a key of its own.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        // HMAC fills a key up to its hash's block with zeros (RFC 2104).
        let mut block = Key::<Hmac<Sha256>>::default();
        block
            .iter_mut()
            .zip(key)
            .for_each(|(slot, byte)| *slot = *byte);
        Self(Hmac::new(&block))
    }

    /// The tag of a person of a tenant: twelve hexadecimal digits.
    #[must_use]
    pub fn tag(&self, tenant: Uuid, person: Uuid) -> String {
        let mut mac = self.0.clone();
        mac.update(tenant.as_bytes());
        mac.update(person.as_bytes());
        let digest = mac.finalize().into_bytes();
        let number = digest
            .iter()
            .take(6)
            .fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
        format!("{number:012x}")
    }
}

impl std::fmt::Debug for Tagger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tagger")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_stable_under_one_key_and_differs_by_person_tenant_and_key() {
        let (tagger, other) = (Tagger::new(&[1; 32]), Tagger::new(&[2; 32]));
        let (a, b) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert_eq!(tagger.tag(a, b), tagger.tag(a, b));
        for different in [tagger.tag(b, a), tagger.tag(a, a), other.tag(a, b)] {
            assert_ne!(different, tagger.tag(a, b));
        }
    }
}
