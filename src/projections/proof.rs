//! What proves an insight: the hash of the state it was derived from.
//!
//! The hash is independent of the instant and of the machine: two services that heard the same have the same.

use serde::Serialize as _;
use sha2::{Digest as _, Sha256};

use crate::db::Error;
use crate::domain::fold::CustomerState;

/// SHA-256 of the state in postcard form.
pub fn state_hash(state: &CustomerState) -> Result<[u8; 32], Error> {
    let mut hasher = postcard::Serializer {
        output: Hashing(Sha256::new()),
    };
    state.serialize(&mut hasher).map_err(|source| {
        tracing::error!(error = %source, "a state could not be hashed");
        Error::Inconsistent {
            table: "customer_insight",
            column: "state_hash",
            id: state.person,
        }
    })?;
    Ok(hasher.output.0.finalize().into())
}

/// Takes bytes in without keeping them.
struct Hashing(Sha256);

impl postcard::ser_flavors::Flavor for Hashing {
    type Output = Sha256;

    fn try_extend(&mut self, data: &[u8]) -> postcard::Result<()> {
        self.0.update(data);
        Ok(())
    }

    fn try_push(&mut self, data: u8) -> postcard::Result<()> {
        self.0.update([data]);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<Sha256> {
        Ok(self.0)
    }
}
