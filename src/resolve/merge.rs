//! Merged profiles: an alias, never a rewrite. Where does following the merges end?

use std::collections::BTreeSet;

use uuid::Uuid;

/// What is known of a profile's merge: none when the profile itself is unknown.
pub type Merge = Option<Option<Uuid>>;

/// The survivor of a person: the end of the chain, the least id of a cycle, or the person itself while
/// the end of the chain is not known.
pub fn root(person: Uuid, merged_into: impl Fn(Uuid) -> Merge) -> Uuid {
    let mut seen = vec![person];
    let mut at = person;
    loop {
        match merged_into(at) {
            None => return person,
            Some(None) => return at,
            Some(Some(next)) => {
                if let Some(start) = seen.iter().position(|one| *one == next) {
                    let cycle: BTreeSet<_> = seen.iter().skip(start).copied().collect();
                    return cycle.first().copied().unwrap_or(person);
                }
                seen.push(next);
                at = next;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn id(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    #[test]
    fn chains_end_cycles_have_a_least_member_and_unknown_survivors_wait() {
        let known: BTreeMap<_, _> = [
            (id(1), Some(id(2))),
            (id(2), None),
            (id(5), Some(id(4))),
            (id(4), Some(id(5))),
            (id(6), Some(id(5))),
            (id(7), Some(id(8))),
        ]
        .into();
        let root = |person| root(person, |one| known.get(&one).copied());
        assert_eq!(root(id(1)), id(2));
        assert_eq!(root(id(2)), id(2));
        assert_eq!([root(id(4)), root(id(5)), root(id(6))], [id(4); 3]);
        assert_eq!(root(id(7)), id(7), "8 is not known yet");
    }
}
