//! The quick parser and the library's: whatever the first one reads, the second one reads alike, positions included.

use customer_intelligence::graphql::parse::{parse, quickly};
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

use async_graphql_parser::parse_query;
use async_graphql_parser::types::ExecutableDocument;

/// The tree as text; operations and fragments by name, because their maps have no order.
fn told(document: &ExecutableDocument) -> Vec<String> {
    let operations = document.operations.iter();
    let mut all: Vec<String> = operations.map(|each| format!("{each:?}")).collect();
    all.extend(document.fragments.iter().map(|each| format!("{each:?}")));
    all.sort();
    all
}

fn told_by_library(text: &str) -> Option<Vec<String>> {
    parse_query(text).ok().as_ref().map(told)
}

/// Writes documents out of chance: words of the grammar, with blanks and comments between them.
struct Writer {
    chance: StdRng,
    text: String,
}

const NAMES: [&str; 12] = [
    "a", "_b", "on", "query", "fragment", "C3", "type", "input", "nul", "tru", "mutation", "f10",
];
const BLANKS: [&str; 10] = [
    " ",
    "  ",
    ",",
    "\t",
    "\n",
    "\r\n",
    "\r",
    "\u{feff}",
    "#\n",
    " # é \"{[\r",
];

impl Writer {
    fn document(seed: u64) -> String {
        let mut writer = Self {
            chance: StdRng::seed_from_u64(seed),
            text: String::new(),
        };
        if writer.often(50) {
            writer.operation(None);
        } else {
            for n in 0..=writer.below(3) {
                writer.operation(Some(n));
            }
        }
        for n in 0..writer.below(3) {
            writer.all(&["fragment", &format!("F{n}")]);
            writer.condition();
            writer.directives();
            writer.selections(3);
        }
        writer.blank(false);
        writer.text
    }

    fn below(&mut self, bound: usize) -> usize {
        self.chance.random_range(0..bound)
    }

    fn often(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick(&mut self, from: &[&str]) -> String {
        (*from.choose(&mut self.chance).unwrap()).to_owned()
    }

    fn blank(&mut self, needed: bool) {
        if needed || self.often(40) {
            let blank = self.pick(&BLANKS);
            self.text.push_str(&blank);
        }
    }

    /// One word; two that would grow together are kept apart.
    fn word(&mut self, word: &str) {
        let wordy = |c: char| c.is_alphanumeric() || matches!(c, '_' | '"' | '.' | '-');
        let together = self.text.ends_with(wordy) && word.starts_with(wordy);
        self.blank(together);
        self.text.push_str(word);
    }

    fn all(&mut self, words: &[&str]) {
        for word in words {
            self.word(word);
        }
    }

    fn name(&mut self) {
        let name = self.pick(&NAMES);
        self.word(&name);
    }

    fn operation(&mut self, name: Option<usize>) {
        if name.is_none() && self.often(50) {
            return self.selections(4);
        }
        let keyword = self.pick(&["query", "mutation", "subscription"]);
        self.word(&keyword);
        if let Some(n) = name {
            self.word(&format!("Q{n}"));
        }
        if self.often(50) {
            self.word("(");
            for _ in 0..self.below(3) {
                self.word("$");
                self.name();
                self.word(":");
                let types = ["uuid!", "[Int!]!", "[[_x]!]", "String", "on"];
                let of = self.pick(&types);
                self.word(&of);
                self.directives();
                if self.often(40) {
                    self.word("=");
                    self.value(2, false);
                }
            }
            self.word(")");
        }
        self.directives();
        self.selections(4);
    }

    fn condition(&mut self) {
        self.word("on");
        let blank = self.pick(&[" ", "\n", ",\t", "\u{feff}", "\r\n"]);
        self.text.push_str(&blank);
        let name = self.pick(&NAMES);
        self.text.push_str(&name);
    }

    fn directives(&mut self) {
        while self.often(15) {
            self.word("@");
            self.name();
            self.arguments();
        }
    }

    fn arguments(&mut self) {
        if self.often(60) {
            return;
        }
        self.word("(");
        for _ in 0..=self.below(3) {
            self.name();
            self.word(":");
            self.value(3, true);
        }
        self.word(")");
    }

    fn value(&mut self, depth: usize, variables: bool) {
        let kinds = if depth == 0 { 7 } else { 9 };
        match self.below(kinds) {
            0 if variables => {
                self.word("$");
                self.name();
            }
            1 | 2 => {
                let numbers = [
                    "0",
                    "-0",
                    "7",
                    "-12",
                    "1.50",
                    "5.0e-2",
                    "1E9",
                    "-3e+04",
                    "99999999999999999999",
                ];
                let number = self.pick(&numbers);
                self.word(&number);
            }
            3 => {
                let word = self.pick(&["true", "false", "null"]);
                self.word(&word);
            }
            4 => self.word("BLUE"),
            7 => {
                self.word("[");
                for _ in 0..self.below(3) {
                    self.value(depth - 1, variables);
                }
                self.word("]");
            }
            8 => {
                self.word("{");
                for _ in 0..self.below(3) {
                    self.name();
                    self.word(":");
                    self.value(depth - 1, variables);
                }
                self.word("}");
            }
            _ => {
                let texts = [
                    "\"\"",
                    "\"é ü 🚌\"",
                    "\"{ # ] }\"",
                    "\"\t\"",
                    "\"7a0c0f7e\"",
                ];
                let text = self.pick(&texts);
                self.word(&text);
            }
        }
    }

    fn selections(&mut self, depth: usize) {
        self.word("{");
        for _ in 0..=self.below(3) {
            match self.below(6) {
                0 if depth > 0 => {
                    self.word("...");
                    if self.often(70) {
                        self.condition();
                    }
                    self.directives();
                    self.selections(depth - 1);
                }
                1 => {
                    self.all(&["...", "F0"]);
                    self.directives();
                }
                _ => self.field(depth),
            }
        }
        self.word("}");
    }

    fn field(&mut self, depth: usize) {
        self.name();
        if self.often(30) {
            self.word(":");
            self.name();
        }
        self.arguments();
        self.directives();
        if depth > 0 && self.often(40) {
            self.selections(depth - 1);
        }
    }

    /// Damages a document: a stretch goes, comes twice or moves, or something else comes in between.
    fn damaged(text: &str, seed: u64) -> String {
        const INTRUDERS: [&str; 40] = [
            "{", "}", "(", ")", "[", "]", ":", "!", "$", "@", "=", "...", ".", "\"", "\"\"",
            "\"\"\"", "\\", "\\n", "\\u00e9", "#", "\n", "\r", " ", "on", "on ", "true",
            "nullable", "query", "fragment", "é", "0", "1", "-", "e", "_", "&", "|", "\u{feff}",
            "{a}", "(a:1)",
        ];
        let mut chance = StdRng::seed_from_u64(seed);
        let mut characters: Vec<char> = text.chars().collect();
        for _ in 0..chance.random_range(1..=3) {
            let from = chance.random_range(0..=characters.len());
            let to = (from + chance.random_range(0..6)).min(characters.len());
            let stretch: Vec<char> = characters[from..to].to_vec();
            match chance.random_range(0..4) {
                0 => drop(characters.drain(from..to)),
                1 => drop(characters.splice(from..from, stretch)),
                2 => {
                    characters.drain(from..to);
                    let at = chance.random_range(0..=characters.len());
                    characters.splice(at..at, stretch);
                }
                _ => {
                    let intruder = INTRUDERS.choose(&mut chance).unwrap();
                    characters.splice(from..from, intruder.chars());
                }
            }
        }
        characters.into_iter().collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn an_ordinary_document_is_read_quickly_and_as_the_library_reads_it(seed: u64) {
        let text = Writer::document(seed);
        let quick = quickly(&text).as_ref().map(told);
        prop_assert!(quick.is_some(), "not read: {text:?}");
        prop_assert_eq!(quick, told_by_library(&text), "{:?}", text);
    }

    #[test]
    fn a_damaged_document_is_judged_as_the_library_judges_it(seed: u64) {
        for damage in 0..8 {
            let text = Writer::damaged(&Writer::document(seed), seed.wrapping_add(damage));
            if let Some(quick) = quickly(&text) {
                prop_assert_eq!(Some(told(&quick)), told_by_library(&text), "{:?}", text);
            }
        }
    }
}

#[test]
fn what_is_rare_is_left_to_the_library_and_so_are_the_words_of_a_refusal() {
    for text in [
        r#"{ a(b: """block""") }"#,
        r#"{ a(b: "\u00e9 \" \\") }"#,
        "{ a(b: [trueish]) }",
        "query Q { a } fragment",
        "{ a } { b }",
        "query Q { a } query Q { b }",
        "fragment F on T { a }",
        "{ ...on#\nT { a } }",
        "queryQ { a }",
        "{ a(b: 1a) }",
        "{}",
        "",
    ] {
        assert!(quickly(text).is_none(), "{text}");
        let shown = |read: Result<ExecutableDocument, async_graphql_parser::Error>| {
            read.as_ref().map(told).map_err(|error| {
                let places: Vec<_> = error.positions().collect();
                format!("{error} {places:?}")
            })
        };
        assert_eq!(shown(parse(text)), shown(parse_query(text)), "{text}");
    }
}

#[test]
fn selections_nest_as_deep_as_the_library_lets_them() {
    for levels in 60..70 {
        let text = format!(
            "{} a {}",
            "{ a ".repeat(levels - 1) + "{",
            "}".repeat(levels)
        );
        let quick = quickly(&text).as_ref().map(told);
        assert_eq!(quick, told_by_library(&text), "{levels} levels");
    }
}

#[test]
fn the_request_of_a_join_is_read_quickly() {
    let fields = "{ status  behavior_aggregate { lifetime_revenue  } }";
    let alias = |n: u128| {
        let id = uuid::Uuid::from_u128(n);
        format!("f{n}: customer_insight(person_profile_id: \"{id}\") {fields}")
    };
    let aliases: Vec<String> = (0..1_000).map(alias).collect();
    let text = format!("query  {{ {} }}", aliases.join(" "));
    let quick = quickly(&text).as_ref().map(told);
    assert!(quick.is_some());
    assert_eq!(quick, told_by_library(&text));
}
