//! The one-time address of an archive: which request it is, and a secret that only its hash is kept of.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom, SystemRandom};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// What an address holds: tenant, request, and 256 bits from the system's source of randomness.
#[derive(Clone)]
pub(super) struct Token {
    /// Whose customer.
    pub(super) tenant_id: Uuid,
    /// Which request.
    pub(super) request_id: Uuid,
    secret: [u8; 32],
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Token({})", self.request_id)
    }
}

impl Token {
    /// A new one; none when the system gives no randomness.
    #[must_use]
    pub(super) fn new(tenant_id: Uuid, request_id: Uuid) -> Option<Self> {
        let mut secret = [0; 32];
        SystemRandom::new().fill(&mut secret).ok()?;
        Some(Self {
            tenant_id,
            request_id,
            secret,
        })
    }

    /// As it stands in the address.
    #[must_use]
    pub(super) fn to_text(&self) -> SecretString {
        let (tenant, request) = (self.tenant_id.as_bytes(), self.request_id.as_bytes());
        let bytes = [tenant.as_slice(), request, &self.secret].concat();
        URL_SAFE_NO_PAD.encode(bytes).into()
    }

    /// Reads what [`to_text`](Self::to_text) wrote; `None` for anything else.
    #[must_use]
    pub(super) fn from_text(text: &SecretString) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.expose_secret()).ok()?;
        let (tenant, rest) = bytes.split_first_chunk()?;
        let (request, secret) = rest.split_first_chunk()?;
        Some(Self {
            tenant_id: Uuid::from_bytes(*tenant),
            request_id: Uuid::from_bytes(*request),
            secret: secret.try_into().ok()?,
        })
    }

    /// What is kept of it. A hash without salt is enough for what nobody can guess.
    pub(super) fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.secret).into()
    }

    /// Whether what is kept is of this one. Compares hashes, and in constant time, so that nothing is learnt from how
    /// long it takes.
    pub(super) fn is_of(&self, kept: &[u8]) -> bool {
        self.hash().ct_eq(kept).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_its_address_and_no_change_of_it() {
        let token = Token::new(Uuid::from_u128(1), Uuid::from_u128(2)).unwrap();
        let text = token.to_text();
        let read = Token::from_text(&text).unwrap();
        assert!(read.is_of(&token.hash()));
        assert_eq!(
            (read.tenant_id, read.request_id),
            (Uuid::from_u128(1), Uuid::from_u128(2))
        );
        let other = Token::new(Uuid::from_u128(1), Uuid::from_u128(2)).unwrap();
        assert!(!other.is_of(&token.hash()));
        let text = text.expose_secret();
        let (_, secret) = text.split_at(48);
        assert!(!format!("{token:?}").contains(secret));
        let (_, shorter) = text.split_at(1);
        for bad in ["", "x", shorter, &format!("{text}AAAA")] {
            assert!(Token::from_text(&bad.to_owned().into()).is_none(), "{bad}");
        }
    }
}
