//! What a link's hash is over: each field behind its length, so that no two links are written alike.

use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A link's hash.
pub type Hash = [u8; 32];

/// What stands for the link before the first.
pub(super) const NONE: Hash = [0; 32];

/// Takes the fields of a link in their order.
pub(super) struct Hasher(Sha256);

impl Hasher {
    /// Of a kind of link, behind this one.
    pub(super) fn after(kind: &'static str, previous: &[u8]) -> Self {
        Self(Sha256::new()).bytes(kind.as_bytes()).bytes(previous)
    }

    pub(super) fn bytes(mut self, bytes: &[u8]) -> Self {
        // A length beyond 64 bits does not exist.
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX - 1);
        self.0.update(length.to_be_bytes());
        self.0.update(bytes);
        self
    }

    pub(super) fn id(self, id: Uuid) -> Self {
        self.bytes(id.as_bytes())
    }

    pub(super) fn number(self, number: i64) -> Self {
        self.bytes(&number.to_be_bytes())
    }

    /// What is not there is not the same as what is empty.
    pub(super) fn optional(mut self, bytes: Option<&[u8]>) -> Self {
        if let Some(bytes) = bytes {
            return self.bytes(bytes);
        }
        self.0.update(u64::MAX.to_be_bytes());
        self
    }

    pub(super) fn finish(self) -> Hash {
        self.0.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_do_not_run_into_each_other() {
        let of = |fields: &[Option<&[u8]>]| {
            let hasher = Hasher::after("x", &NONE);
            let all = fields.iter();
            all.fold(hasher, |hasher, field| hasher.optional(*field))
                .finish()
        };
        let all = [
            of(&[Some(b"ab"), Some(b"c")]),
            of(&[Some(b"a"), Some(b"bc")]),
            of(&[Some(b"abc"), Some(b"")]),
            of(&[Some(b"abc"), None]),
            of(&[None, Some(b"abc")]),
            of(&[Some(b"abc")]),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(!all[at + 1..].contains(one), "{at}");
        }
    }
}
