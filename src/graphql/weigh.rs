//! What a document costs before it runs: depth, and fields with identical selections counted once.
//!
//! A remote join repeats one selection under thousands of aliases; that must weigh as much as one. So every root field
//! is reduced to a digest of its name and selection (not its alias or arguments), and only new digests are weighed.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};

use super::access;
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
    /// Too many fields in all, equal ones counted each time.
    #[error("the query selects too many fields (at most {0} over all aliases)")]
    Large(usize),
    /// Too many lists, each of which is a statement of its own.
    #[error("the query asks for too many lists (at most {0})")]
    Lists(usize),
    /// Too many operations and fragments.
    #[error("the document has too many operations and fragments (at most {0})")]
    Long(usize),
}

/// Refuses a text whose brackets nest deeper than a recursive parser can follow on its stack.
///
/// Brackets within strings and comments do not count. What is no GraphQL is left to the parser to say.
pub(super) fn check_nesting(text: &str, limits: &Limits) -> Result<(), TooMuch> {
    let mut rest = text.as_bytes();
    let mut open = 0_usize;
    while let [first, tail @ ..] = rest {
        rest = match first {
            b'"' => behind_string(rest),
            b'#' => tail
                .splitn(2, |byte| matches!(byte, b'\n' | b'\r'))
                .nth(1)
                .unwrap_or_default(),
            _ => tail,
        };
        match first {
            b'{' | b'[' | b'(' => open += 1,
            b'}' | b']' | b')' => open = open.saturating_sub(1),
            _ => {}
        }
        if open > limits.nesting {
            return Err(TooMuch::Deep(limits.nesting));
        }
    }
    Ok(())
}

/// What follows the string that `text` starts with.
fn behind_string(text: &[u8]) -> &[u8] {
    let (quote, escape): (&[u8], &[u8]) = match text {
        [b'"', b'"', b'"', ..] => (b"\"\"\"", b"\\\"\"\""),
        _ => (b"\"", b"\\\""),
    };
    let mut rest = text.get(quote.len()..).unwrap_or_default();
    loop {
        rest = match rest {
            [] => return rest,
            _ if rest.starts_with(quote) => return rest.get(quote.len()..).unwrap_or_default(),
            _ if rest.starts_with(escape) => rest.get(escape.len()..).unwrap_or_default(),
            [b'\\', b'\\', tail @ ..] if quote.len() == 1 => tail,
            // A short string ends with its line, whether it was closed or not.
            [b'\n' | b'\r', tail @ ..] if quote.len() == 1 => return tail,
            [_, tail @ ..] => tail,
        }
    }
}

#[derive(Clone, Copy, Default)]
struct Weight {
    digest: u64,
    fields: usize,
    depth: usize,
    lists: usize,
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
        let (mut all_fields, mut lists) = (0_usize, 0_usize);
        for item in &operation.node.selection_set.node.items {
            let weight = scale.selection(&item.node, 1)?;
            if seen.insert(weight.digest) {
                fields = fields.saturating_add(weight.fields);
            }
            if fields > limits.distinct_fields {
                return Err(TooMuch::Wide(limits.distinct_fields));
            }
            all_fields = all_fields.saturating_add(weight.fields);
            if all_fields > limits.all_fields {
                return Err(TooMuch::Large(limits.all_fields));
            }
            lists = lists.saturating_add(weight.lists);
            if lists > limits.lists {
                return Err(TooMuch::Lists(limits.lists));
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
            total.lists = total.lists.saturating_add(weight.lists);
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
                weight.lists += usize::from(access::is_list(field.node.name.node.as_str()));
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
    fn lists_count_each_time_and_so_do_fields_beyond_all_reason() {
        let limits = Limits {
            lists: 2,
            all_fields: 10,
            ..Limits::default()
        };
        let weighed = |text: &str| weigh(&parse_query(text).unwrap(), &limits);
        let list = |n| format!("l{n}: customer_insights(first: {n}) {{ nodes }} ");
        let two = format!("{{ {}{} }}", list(1), list(2));
        assert_eq!(weighed(&two), Ok(()));
        let three = format!(
            "{{ {}...f }} fragment f on Query {{ {}{} }}",
            list(1),
            list(2),
            list(3)
        );
        assert_eq!(weighed(&three), Err(TooMuch::Lists(2)));
        let joins = |n| "customer_insight(id: 1) { a } ".repeat(n);
        assert_eq!(weighed(&format!("{{ {} }}", joins(5))), Ok(()));
        assert_eq!(
            weighed(&format!("{{ {} }}", joins(6))),
            Err(TooMuch::Large(10))
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
    fn brackets_count_wherever_they_nest_and_never_within_strings_and_comments() {
        let limits = Limits {
            nesting: 3,
            ..Limits::default()
        };
        let check = |text: &str| check_nesting(text, &limits);
        let deep = Err(TooMuch::Deep(3));
        assert_eq!(check("{ a(b: [1]) } { a(b: [1]) }"), Ok(()));
        assert_eq!(check("{ a(b: [[1]]) }"), deep);
        assert_eq!(check("{ a { b { c { d } } } }"), deep);
        assert_eq!(check(r#"{ a(b: "[[[[ \" [[[[ \\") }"#), Ok(()));
        assert_eq!(check(r#"{ a(b: "\\", c: [[1]]) }"#), deep);
        assert_eq!(check(r#"{ a(b: """[[[[ \""" " [[[[ \""") }"#), Ok(()));
        assert_eq!(check("{ a # [[[[\n (b: [[1]]) }"), deep);
        assert_eq!(check("{ a # [[[["), Ok(()));
        assert_eq!(check("\"unfinished [[[["), Ok(()));
        assert_eq!(check("\"unfinished\n[[[["), deep);
    }

    #[test]
    fn the_number_of_definitions_is_limited() {
        let many = (0..41).map(|n| format!("query q{n} {{ a }} "));
        let many = many.collect::<Vec<_>>().concat();
        assert_eq!(weighed(&many), Err(TooMuch::Long(40)));
    }
}
