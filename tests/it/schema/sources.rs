//! The texts of the service's statements: those recorded for checking at compile time, and what the sources hold.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every recorded statement of the service; those that stand only in tests or benchmarks are left out.
pub(super) fn statements() -> Vec<String> {
    let (service, others) = (texts(&["src"]), texts(&["tests", "benches"]));
    let mut found: Vec<String> = files(&root().join(".sqlx"), "json")
        .iter()
        .map(|path| {
            let recorded: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
            recorded["query"].as_str().unwrap().to_owned()
        })
        // What is in neither was put together by the macro: better looked at than missed.
        .filter(|text| service.contains(text) || !others.contains(text))
        .collect();
    found.sort();
    assert!(found.len() > 30, "{} statements", found.len());
    found
}

/// Every text of the service's sources, its stand-in for the platform aside.
pub(super) fn texts_of_the_service() -> BTreeSet<String> {
    let found = texts(&["src"]);
    assert!(found.len() > 500, "{} texts", found.len());
    found
}

fn texts(folders: &[&str]) -> BTreeSet<String> {
    let mut found = Texts::default();
    for folder in folders {
        let folder = root().join(folder);
        for path in files(&folder, "rs") {
            if path.strip_prefix(&folder).unwrap().starts_with("demo") && folder.ends_with("src") {
                continue;
            }
            let parsed = syn::parse_file(&fs::read_to_string(&path).unwrap()).unwrap();
            found.visit_file(&parsed);
        }
        let statements = files(&folder, "sql");
        found.0.extend(
            statements
                .iter()
                .map(|path| fs::read_to_string(path).unwrap()),
        );
    }
    found.0
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// String literals, also inside macros; those of documentation are none.
#[derive(Default)]
struct Texts(BTreeSet<String>);

impl<'ast> Visit<'ast> for Texts {
    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}

    fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
        self.0.insert(text.value());
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        let arguments =
            called.parse_body_with(Punctuated::<syn::Expr, syn::Token![,]>::parse_terminated);
        for argument in arguments.into_iter().flatten() {
            Texts::visit_expr(self, &argument);
        }
        visit::visit_macro(self, called);
    }
}
