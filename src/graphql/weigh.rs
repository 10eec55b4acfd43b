//! What a document costs before it runs: depth, and fields with identical selections counted once.
//!
//! A remote join repeats one selection under thousands of aliases; that must weigh as much as one. So every root field
//! is reduced to a digest of its name and selection (not its alias or arguments), and only new digests are weighed.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};

use super::limits::Limits;

/// Which limit a document breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TooMuch {
    /// Nested too deep, or in itself.
    #[error("the query is nested too deep (at most {0} levels)")]
    Deep(usize),
    /// Too many different fields.
    #[error("the query selects too many different fields (at most {0})")]
    Wide(usize),
    /// Too many operations and fragments.
    #[error("the document has too many operations and fragments (at most {0})")]
    Long(usize),
}

#[derive(Clone, Copy, Default)]
struct Weight {
    digest: u64,
    fields: usize,
    depth: usize,
}

struct Scale<'d> {
    document: &'d ExecutableDocument,
    fragments: HashMap<&'d str, Weight>,
    depth: usize,
}

/// Weighs every operation of the document.
pub(super) fn weigh(document: &ExecutableDocument, limits: &Limits) -> Result<(), TooMuch> {
    if document.fragments.len() + document.operations.iter().count() > limits.definitions {
        return Err(TooMuch::Long(limits.definitions));
    }
    let mut scale = Scale {
        document,
        fragments: HashMap::new(),
        depth: limits.depth,
    };
    for (_, operation) in document.operations.iter() {
        let (mut seen, mut fields) = (HashSet::new(), 0_usize);
        for item in &operation.node.selection_set.node.items {
            let weight = scale.selection(&item.node, 1)?;
            if seen.insert(weight.digest) {
                fields = fields.saturating_add(weight.fields);
            }
            if fields > limits.distinct_fields {
                return Err(TooMuch::Wide(limits.distinct_fields));
            }
        }
    }
    Ok(())
}

impl<'d> Scale<'d> {
    fn set(&mut self, set: &'d SelectionSet, level: usize) -> Result<Weight, TooMuch> {
        if level > self.depth {
            return Err(TooMuch::Deep(self.depth));
        }
        let mut digest = DefaultHasher::new();
        let mut total = Weight::default();
        for item in &set.items {
            let weight = self.selection(&item.node, level)?;
            weight.digest.hash(&mut digest);
            total.fields = total.fields.saturating_add(weight.fields);
            total.depth = total.depth.max(weight.depth);
        }
        total.digest = digest.finish();
        Ok(total)
    }

    fn selection(&mut self, selection: &'d Selection, level: usize) -> Result<Weight, TooMuch> {
        match selection {
            Selection::Field(field) => {
                let mut weight = self.set(&field.node.selection_set.node, level + 1)?;
                let mut digest = DefaultHasher::new();
                (field.node.name.node.as_str(), weight.digest).hash(&mut digest);
                weight.digest = digest.finish();
                weight.fields = weight.fields.saturating_add(1);
                weight.depth += 1;
                Ok(weight)
            }
            Selection::InlineFragment(fragment) => {
                self.set(&fragment.node.selection_set.node, level)
            }
            Selection::FragmentSpread(spread) => {
                self.fragment(spread.node.fragment_name.node.as_str(), level)
            }
        }
    }

    /// A fragment is weighed once, wherever it is spread; one that reaches itself runs into the depth limit.
    fn fragment(&mut self, name: &str, level: usize) -> Result<Weight, TooMuch> {
        let Some((name, fragment)) = self.document.fragments.get_key_value(name) else {
            return Ok(Weight::default());
        };
        let weight = match self.fragments.get(name.as_str()) {
            Some(weight) => *weight,
            None => self.set(&fragment.node.selection_set.node, level + 1)?,
        };
        if level + weight.depth > self.depth {
            return Err(TooMuch::Deep(self.depth));
        }
        self.fragments.insert(name.as_str(), weight);
        Ok(weight)
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn weighed(text: &str) -> Result<(), TooMuch> {
        let limits = Limits {
            depth: 5,
            distinct_fields: 6,
            definitions: 40,
            ..Limits::default()
        };
        weigh(&parse_query(text).unwrap(), &limits)
    }

    #[test]
    fn a_thousand_equal_aliases_weigh_as_much_as_one() {
        let alias = |n| format!("f{n}: insight(id: {n}) {{ a b c {{ d e }} }} ");
        let same: String = (0..1_000).map(alias).collect();
        assert_eq!(weighed(&format!("{{ {same} }}")), Ok(()));
        let other = format!("{{ {} g: insight(id: 1) {{ a }} }}", alias(1));
        assert_eq!(weighed(&other), Err(TooMuch::Wide(6)));
    }

    #[test]
    fn aliases_below_the_root_all_count() {
        assert_eq!(weighed("{ x { a: y b: y c: y d: y e: y } }"), Ok(()));
        assert_eq!(
            weighed("{ x { a: y b: y c: y d: y e: y f: y } }"),
            Err(TooMuch::Wide(6))
        );
    }

    #[test]
    fn depth_counts_through_fragments() {
        assert_eq!(weighed("{ a { b { c { d } } } }"), Ok(()));
        assert_eq!(
            weighed("{ a { b { c { d { e } } } } }"),
            Err(TooMuch::Deep(5))
        );
        let nested =
            "{ a { ...f } } fragment f on T { b { c { ...g } } } fragment g on T { d { e } }";
        assert_eq!(weighed(nested), Err(TooMuch::Deep(5)));
        let itself = "{ a { ...f } } fragment f on T { ...f }";
        assert_eq!(weighed(itself), Err(TooMuch::Deep(5)));
    }

    #[test]
    fn fragments_that_double_each_other_are_weighed_once_each() {
        let doubling = (0..30)
            .map(|n| format!("fragment f{n} on T {{ ...f{} ...f{} }} ", n + 1, n + 1))
            .collect::<Vec<_>>()
            .concat();
        let text = format!("{{ ...f0 }} {doubling} fragment f30 on T {{ x }}");
        let limits = Limits {
            depth: 64,
            ..Limits::default()
        };
        let document = parse_query(text).unwrap();
        assert_eq!(weigh(&document, &limits), Err(TooMuch::Wide(2_000)));
    }

    #[test]
    fn the_number_of_definitions_is_limited() {
        let many = (0..41).map(|n| format!("query q{n} {{ a }} "));
        let many = many.collect::<Vec<_>>().concat();
        assert_eq!(weighed(&many), Err(TooMuch::Long(40)));
    }
}
