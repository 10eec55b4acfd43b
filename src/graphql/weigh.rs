//! What a document costs before it runs: tokens, depth, and fields with identical selections counted once.
//!
//! A remote join repeats one selection under thousands of aliases; that must weigh as much as one. So every root field
//! is reduced to a digest of its name and selection (not its alias or arguments), and only new digests are weighed.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use async_graphql::Value;
use async_graphql::parser::types::{ExecutableDocument, Field, Selection, SelectionSet};

use super::access;
use super::caller::Role;
use super::limits::{Limits, MOST_LISTED, Stranger};

/// Which limit a document breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TooMuch {
    /// Too many words and signs.
    #[error("the document is too long (at most {0} tokens)")]
    Tokens(usize),
    /// Nested too deep, or in itself.
    #[error("the query is nested too deep (at most {0} levels)")]
    Deep(usize),
    /// Too many different fields.
    #[error("the query selects too many different fields (at most {0})")]
    Wide(usize),
    /// Too many values in all, equal selections and places of pages counted each time.
    #[error("the query selects too many fields (at most {0} over all aliases and pages)")]
    Large(usize),
    /// Too many lists, each of which is a statement of its own.
    #[error("the query asks for too many lists (at most {0})")]
    Lists(usize),
    /// Too many aliases.
    #[error("the query has too many aliases (at most {0})")]
    Aliases(usize),
    /// Too many directives.
    #[error("the query has too many directives (at most {0})")]
    Directives(usize),
    /// Lists of the schema in lists of the schema.
    #[error("introspection is nested too deep (at most {0} lists)")]
    Introspection(usize),
    /// Too many operations and fragments.
    #[error("the document has too many operations and fragments (at most {0})")]
    Long(usize),
}

/// Who asks, as far as limits go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// In a role that Hasura names and this service knows.
    Known,
    /// Without one: may read the schema and nothing else.
    Stranger,
}

impl Class {
    /// The class of a role.
    pub(super) const fn of(role: Role) -> Self {
        match role {
            Role::Unknown | Role::Absent => Self::Stranger,
            _ => Self::Known,
        }
    }
}

/// What a document weighs, where it is light enough.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Weighed {
    /// Uses of root fields that no join reaches.
    pub(super) lists: usize,
    /// Uses of root fields that a join reaches.
    pub(super) joins: usize,
}

/// Refuses a text of too many tokens, and one whose brackets nest deeper than a recursive parser can follow on its stack.
///
/// What stands within strings and comments does not count. What is no GraphQL is left to the parser to say.
pub(super) fn check_text(text: &str, class: Class, limits: &Limits) -> Result<(), TooMuch> {
    let (mut most, per_key) = match class {
        Class::Known => (limits.tokens, limits.tokens_per_key),
        Class::Stranger => (limits.stranger.tokens, 0),
    };
    let mut rest = text.as_bytes();
    let (mut open, mut tokens) = (0_usize, 0_usize);
    while let [first, tail @ ..] = rest {
        let word = rest.iter().take_while(|byte| in_word(**byte)).count();
        tokens += usize::from(word > 0 || is_sign(*first));
        if word > 0 {
            let (word, behind) = rest.split_at(word);
            // Each key of a join brings what is selected for it.
            if open == 1 && str::from_utf8(word).is_ok_and(access::is_joined) {
                most = most.saturating_add(per_key);
            }
            rest = behind;
        } else {
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
        }
        if open > limits.nesting {
            return Err(TooMuch::Deep(limits.nesting));
        }
        if tokens > most {
            return Err(TooMuch::Tokens(most));
        }
    }
    Ok(())
}

/// Of a name, a number, or the dots before a fragment.
const fn in_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'+')
}

const fn is_sign(byte: u8) -> bool {
    !matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',' | b'#')
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
    /// Fields, each counted once.
    fields: usize,
    /// Values of the answer, every place of a page counted.
    values: usize,
    depth: usize,
    lists: usize,
    joins: usize,
    roots: usize,
    aliases: usize,
    directives: usize,
    /// Lists of the schema in lists of the schema.
    introspection: usize,
    /// Selects what a page consists of.
    page: bool,
}

impl Weight {
    fn add(&mut self, other: Self) {
        self.fields = self.fields.saturating_add(other.fields);
        self.values = self.values.saturating_add(other.values);
        self.depth = self.depth.max(other.depth);
        self.lists = self.lists.saturating_add(other.lists);
        self.joins = self.joins.saturating_add(other.joins);
        self.roots = self.roots.saturating_add(other.roots);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.directives = self.directives.saturating_add(other.directives);
        self.introspection = self.introspection.max(other.introspection);
        self.page |= other.page;
    }

    /// Whether everything that counts each time is within bounds.
    fn check(&self, limits: &Limits) -> Result<(), TooMuch> {
        let bounds = [
            (
                self.values,
                limits.values,
                TooMuch::Large as fn(usize) -> TooMuch,
            ),
            (self.lists, limits.lists, TooMuch::Lists),
            (self.directives, limits.directives, TooMuch::Directives),
            (
                self.introspection,
                limits.introspection_lists,
                TooMuch::Introspection,
            ),
        ];
        first_broken(&bounds)
    }

    /// The same for callers who may only read the schema.
    fn check_stranger(&self, limits: &Stranger) -> Result<(), TooMuch> {
        let bounds = [
            (
                self.fields,
                limits.fields,
                TooMuch::Wide as fn(usize) -> TooMuch,
            ),
            (self.roots, limits.roots, TooMuch::Lists),
            (self.aliases, limits.aliases, TooMuch::Aliases),
        ];
        first_broken(&bounds)
    }
}

/// What was weighed, the most that is allowed, and what to say beyond it.
type Bound = (usize, usize, fn(usize) -> TooMuch);

fn first_broken(bounds: &[Bound]) -> Result<(), TooMuch> {
    let broken = bounds.iter().find(|(weight, most, _)| weight > most);
    broken.map_or(Ok(()), |(_, most, too_much)| Err(too_much(*most)))
}

struct Scale<'d> {
    document: &'d ExecutableDocument,
    /// By name, and whether spread at the root.
    fragments: HashMap<(&'d str, bool), Weight>,
    depth: usize,
}

/// Weighs every operation of the document.
pub(super) fn weigh(
    document: &ExecutableDocument,
    class: Class,
    limits: &Limits,
) -> Result<Weighed, TooMuch> {
    if document.fragments.len() + document.operations.iter().count() > limits.definitions {
        return Err(TooMuch::Long(limits.definitions));
    }
    let mut scale = Scale {
        document,
        fragments: HashMap::new(),
        depth: limits.depth,
    };
    let mut heaviest = Weighed::default();
    for (_, operation) in document.operations.iter() {
        let mut seen = HashSet::new();
        let (mut distinct, mut aliases) = (0_usize, 0_usize);
        let mut total = Weight {
            directives: operation.node.directives.len(),
            ..Weight::default()
        };
        for item in &operation.node.selection_set.node.items {
            let weight = scale.selection(&item.node, 1, true)?;
            if seen.insert(weight.digest) {
                distinct = distinct.saturating_add(weight.fields);
                aliases = aliases.saturating_add(weight.aliases);
            }
            if distinct > limits.distinct_fields {
                return Err(TooMuch::Wide(limits.distinct_fields));
            }
            if aliases > limits.aliases {
                return Err(TooMuch::Aliases(limits.aliases));
            }
            total.add(weight);
            total.check(limits)?;
            if class == Class::Stranger {
                total.check_stranger(&limits.stranger)?;
            }
        }
        heaviest.lists = heaviest.lists.max(total.lists);
        heaviest.joins = heaviest.joins.max(total.joins);
    }
    Ok(heaviest)
}

impl<'d> Scale<'d> {
    fn set(&mut self, set: &'d SelectionSet, level: usize, root: bool) -> Result<Weight, TooMuch> {
        if level > self.depth {
            return Err(TooMuch::Deep(self.depth));
        }
        let mut digest = DefaultHasher::new();
        let mut total = Weight::default();
        for item in &set.items {
            let weight = self.selection(&item.node, level, root)?;
            weight.digest.hash(&mut digest);
            total.add(weight);
        }
        total.digest = digest.finish();
        Ok(total)
    }

    fn selection(
        &mut self,
        selection: &'d Selection,
        level: usize,
        root: bool,
    ) -> Result<Weight, TooMuch> {
        let (mut weight, directives) = match selection {
            Selection::Field(field) => {
                let set = &field.node.selection_set.node;
                let below = self.set(set, level + 1, false)?;
                (with_field(&field.node, below, root), &field.node.directives)
            }
            Selection::InlineFragment(fragment) => {
                let set = &fragment.node.selection_set.node;
                (self.set(set, level, root)?, &fragment.node.directives)
            }
            Selection::FragmentSpread(spread) => {
                let name = spread.node.fragment_name.node.as_str();
                (self.fragment(name, level, root)?, &spread.node.directives)
            }
        };
        weight.directives = weight.directives.saturating_add(directives.len());
        Ok(weight)
    }

    /// A fragment is weighed once, wherever it is spread; one that reaches itself runs into the depth limit.
    fn fragment(&mut self, name: &str, level: usize, root: bool) -> Result<Weight, TooMuch> {
        let Some((name, fragment)) = self.document.fragments.get_key_value(name) else {
            return Ok(Weight::default());
        };
        let key = (name.as_str(), root);
        let weight = if let Some(weight) = self.fragments.get(&key) {
            *weight
        } else {
            let mut weight = self.set(&fragment.node.selection_set.node, level + 1, root)?;
            let directives = fragment.node.directives.len();
            weight.directives = weight.directives.saturating_add(directives);
            weight
        };
        if level + weight.depth > self.depth {
            return Err(TooMuch::Deep(self.depth));
        }
        self.fragments.insert(key, weight);
        Ok(weight)
    }
}

/// A field above what it selects.
fn with_field(field: &Field, below: Weight, root: bool) -> Weight {
    let name = field.name.node.as_str();
    let joined = root && access::is_joined(name);
    // The root's own `__typename` and `__schema` are no joins either.
    let list = access::is_list(name) || root && !joined;
    let lists_schema = matches!(
        name,
        "fields" | "inputFields" | "interfaces" | "possibleTypes"
    );
    let mut digest = DefaultHasher::new();
    (name, below.digest).hash(&mut digest);
    Weight {
        digest: digest.finish(),
        fields: below.fields.saturating_add(1),
        values: below
            .values
            .saturating_mul(places(field, below.page))
            .saturating_add(1),
        depth: below.depth + 1,
        lists: below.lists + usize::from(list),
        joins: below.joins + usize::from(joined),
        roots: below.roots + usize::from(root),
        // What a join calls its keys is its own affair.
        aliases: below.aliases + usize::from(field.alias.is_some() && !joined),
        directives: below.directives,
        introspection: below.introspection + usize::from(lists_schema),
        page: matches!(name, "nodes" | "edges"),
    }
}

/// How many places a page has at most; 1 for what is no page. A number that comes as a variable is not looked up.
fn places(field: &Field, page: bool) -> usize {
    let most = usize::try_from(MOST_LISTED).unwrap_or(usize::MAX);
    let first = field
        .arguments
        .iter()
        .find(|(name, _)| name.node == "first");
    match first.map(|(_, value)| value.node.clone().into_const()) {
        Some(Some(Value::Number(first))) => first
            .as_u64()
            .and_then(|first| usize::try_from(first).ok())
            .map_or(most, |first| first.clamp(1, most)),
        Some(_) => most,
        None if page => USUAL_PLACES,
        None => 1,
    }
}

/// Places of a page that nobody told the size of.
const USUAL_PLACES: usize = 50;

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
        known(text, &limits).map(drop)
    }

    fn known(text: &str, limits: &Limits) -> Result<Weighed, TooMuch> {
        weigh(&parse_query(text).unwrap(), Class::Known, limits)
    }

    #[test]
    fn a_thousand_equal_aliases_weigh_as_much_as_one() {
        let alias = |n| format!("f{n}: customer_insight(id: {n}) {{ a b c {{ d e }} }} ");
        let same: String = (0..1_000).map(alias).collect();
        assert_eq!(weighed(&format!("{{ {same} }}")), Ok(()));
        let other = format!("{{ {} g: customer_insight(id: 1) {{ a }} }}", alias(1));
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
            values: 110,
            ..Limits::default()
        };
        let weighed = |text: &str| known(text, &limits).map(drop);
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
        assert_eq!(weighed(&format!("{{ {} }}", joins(55))), Ok(()));
        assert_eq!(
            weighed(&format!("{{ {} }}", joins(56))),
            Err(TooMuch::Large(110))
        );
    }

    #[test]
    fn every_place_of_a_page_counts() {
        let limits = Limits {
            values: 1_000,
            ..Limits::default()
        };
        let weighed = |text: &str| known(text, &limits).map(drop);
        let page = |first: &str| {
            format!(
                "{{ customer_insight(id: 1) {{ activities({first}) {{ nodes {{ a b c }} }} }} }}"
            )
        };
        for first in [
            "first: 10",
            "first: -1",
            "first: 200",
            "first: 9999999999999",
        ] {
            assert_eq!(weighed(&page(first)), Ok(()), "{first}");
        }
        let in_pages = |outer: &str, inner: &str| {
            format!(
                "{{ customer_insights{outer} {{ nodes {{ activities{inner} {{ nodes {{ a }} }} }} }} }}"
            )
        };
        assert_eq!(weighed(&in_pages("(first: 10)", "(first: 10)")), Ok(()));
        for (outer, inner) in [
            ("(first: 200)", "(first: 100)"),
            ("", ""),
            ("(first: $many)", "(first: 10)"),
            ("(first: 200)", ""),
        ] {
            assert_eq!(
                weighed(&in_pages(outer, inner)),
                Err(TooMuch::Large(1_000)),
                "{outer} {inner}"
            );
        }
    }

    #[test]
    fn a_joins_aliases_are_free_and_others_are_not() {
        let limits = Limits {
            aliases: 2,
            ..Limits::default()
        };
        let joins = "a: customer_insight(id: 1) { x } b: customer_insight(id: 2) { x } c: customer_insight(id: 3) { x }";
        assert_eq!(
            known(&format!("{{ {joins} }}"), &limits),
            Ok(Weighed { lists: 0, joins: 3 })
        );
        let below = "{ a: customer_insight(id: 1) { b: x c: y d: z } }";
        assert_eq!(known(below, &limits), Err(TooMuch::Aliases(2)));
        let lists = "{ a: models { x } b: models { y } c: models { z } }";
        assert_eq!(known(lists, &limits), Err(TooMuch::Aliases(2)));
    }

    #[test]
    fn directives_count_wherever_they_stand() {
        let limits = Limits {
            directives: 3,
            ..Limits::default()
        };
        let weighed = |text: &str| known(text, &limits).map(drop);
        assert_eq!(weighed("query @a { b @a ... @a { c } }"), Ok(()));
        for four in [
            "query @a { b @a @a @a }",
            "{ b { c @a @a @a @a } }",
            "{ ...f @a } fragment f on T @a { b @a c @a }",
            "{ ... @a @a @a @a { b } }",
        ] {
            assert_eq!(weighed(four), Err(TooMuch::Directives(3)), "{four}");
        }
    }

    #[test]
    fn the_schema_cannot_be_asked_for_in_circles() {
        let ask = |text: &str| known(text, &Limits::default()).map(drop);
        assert_eq!(
            ask("{ __schema { types { fields { type { fields { name } } } } } }"),
            Ok(())
        );
        let circle = "{ __schema { types { fields { type { fields { type { inputFields { name } } } } } } } }";
        assert_eq!(ask(circle), Err(TooMuch::Introspection(2)));
        let parted = "{ __type(name: \"Query\") { ...f } } fragment f on __Type { fields { type { ...g } } } \
            fragment g on __Type { possibleTypes { interfaces { name } } }";
        assert_eq!(ask(parted), Err(TooMuch::Introspection(2)));
    }

    #[test]
    fn who_may_only_read_the_schema_gets_what_that_needs() {
        let limits = Limits::default();
        let ask =
            |text: &str| weigh(&parse_query(text).unwrap(), Class::Stranger, &limits).map(drop);
        let many = |what: &str| {
            format!(
                "{{ {} }}",
                (0..16)
                    .map(|n| what.replace('#', &n.to_string()))
                    .collect::<String>()
            )
        };
        assert_eq!(ask("{ __schema { types { name } } }"), Ok(()));
        assert_eq!(ask(&many("__typename ")), Err(TooMuch::Lists(10)));
        assert_eq!(
            ask(&many("a#: customer_insight(id: 1) { x } ")),
            Err(TooMuch::Lists(10))
        );
        let below = format!("{{ __schema {} }}", many("a#: description "));
        assert_eq!(ask(&below), Err(TooMuch::Aliases(15)));
        assert_eq!(
            check_text(&"{ a }".repeat(1_000), Class::Stranger, &limits),
            Err(TooMuch::Tokens(2_000))
        );
        let keys = "{ a: customer_insight(id: 1) { b } }".repeat(500);
        assert_eq!(
            check_text(&keys, Class::Stranger, &limits),
            Err(TooMuch::Tokens(2_000))
        );
        assert_eq!(
            check_text(&"{ a }".repeat(1_000), Class::Known, &limits),
            Ok(())
        );
    }

    #[test]
    fn tokens_are_words_and_signs_outside_of_strings_and_comments() {
        let limits = Limits {
            tokens: 8,
            ..Limits::default()
        };
        let check = |text: &str| check_text(text, Class::Known, &limits);
        assert_eq!(check("{a(b:1)}"), Ok(()));
        assert_eq!(
            check("{ a ,,, b # one two three four\n c \"one two three four\" d }"),
            Ok(())
        );
        assert_eq!(check("{ a b c d e f g }"), Err(TooMuch::Tokens(8)));
        let keys = Limits {
            tokens: 8,
            tokens_per_key: 4,
            ..Limits::default()
        };
        let check = |text: &str| check_text(text, Class::Known, &keys);
        assert_eq!(check("{ k: customer_insight(i: 1) { } }"), Ok(()), "twelve");
        assert_eq!(
            check("{ k: customer_insight(i: 1) { b } }"),
            Err(TooMuch::Tokens(12))
        );
        assert_eq!(
            check("{ a { customer_insight b c d e } }"),
            Err(TooMuch::Tokens(8))
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
        assert_eq!(known(&text, &limits), Err(TooMuch::Wide(2_000)));
    }

    #[test]
    fn brackets_count_wherever_they_nest_and_never_within_strings_and_comments() {
        let limits = Limits {
            nesting: 3,
            ..Limits::default()
        };
        let check = |text: &str| check_text(text, Class::Known, &limits);
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
