//! One hash for many: the Merkle tree hash of RFC 9162, section 2.1.1, over leaves in a fixed order.
//!
//! Two services that compare roots know whether everybody's state is the same without sending anybody's.

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

const LEAF: u8 = 0;
const NODE: u8 = 1;

/// The leaf of a person: their id, then the hash of their state.
#[must_use]
pub fn leaf(person: Uuid, state_hash: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update([LEAF]);
    hash.update(person.as_bytes());
    hash.update(state_hash);
    hash.finalize().into()
}

/// Takes leaves one by one and keeps only as many hashes as the tree is high.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    /// Roots of complete subtrees with their heights, highest first.
    complete: Vec<(u32, [u8; 32])>,
}

impl Tree {
    /// Adds the next leaf.
    pub fn push(&mut self, leaf: [u8; 32]) {
        let mut top = (0, leaf);
        while let Some(left) = self.complete.pop_if(|left| left.0 == top.0) {
            top = (top.0 + 1, node(left.1, top.1));
        }
        self.complete.push(top);
    }

    /// The hash of all leaves so far.
    #[must_use]
    pub fn root(&self) -> [u8; 32] {
        let mut subtrees = self.complete.iter().rev().map(|(_, hash)| *hash);
        let Some(right) = subtrees.next() else {
            return Sha256::new().finalize().into();
        };
        subtrees.fold(right, |right, left| node(left, right))
    }
}

fn node(left: [u8; 32], right: [u8; 32]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update([NODE]);
    hash.update(left);
    hash.update(right);
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition as the RFC writes it.
    fn defined(leaves: &[[u8; 32]]) -> [u8; 32] {
        match leaves {
            [] => Sha256::new().finalize().into(),
            [one] => *one,
            many => {
                let split = many.len().next_power_of_two() / 2;
                node(defined(&many[..split]), defined(&many[split..]))
            }
        }
    }

    #[test]
    fn leaf_by_leaf_comes_to_the_definition() {
        let leaves: Vec<[u8; 32]> = (0..70_u128)
            .map(|n| leaf(Uuid::from_u128(n), &[1, 2]))
            .collect();
        for n in 0..leaves.len() {
            let mut tree = Tree::default();
            leaves[..n].iter().for_each(|leaf| tree.push(*leaf));
            assert_eq!(tree.root(), defined(&leaves[..n]), "{n} leaves");
        }
    }
}
