//! The house rules that a compiler does not know: which floor may import which, which library is named where, how
//! long a file may be and how it opens.
//!
//! A failure says what to do. Where a rule is wrong rather than the code, change the table here together with the
//! plan of the house in the README, in one commit. What stands under `#[cfg(test)]` may do as it likes.

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    use syn::visit::{self, Visit};

    /// A room, its floor, and the rooms it may import.
    struct Room {
        name: &'static str,
        floor: u8,
        imports: &'static [&'static str],
    }

    const fn room(name: &'static str, floor: u8, imports: &'static [&'static str]) -> Room {
        Room {
            name,
            floor,
            imports,
        }
    }

    const ROOF: u8 = 10;
    const BELOW_ACTIONS: &[&str] = &[
        "domain",
        "telemetry",
        "contracts",
        "db",
        "jobs",
        "audit",
        "models",
        "inbox",
        "activity_log",
        "resolve",
        "outbox",
        "projections",
        "insight",
        "derivations",
    ];

    /// The house, bottom up. A room that is not built yet may stand here already.
    const ROOMS: &[Room] = &[
        room("domain", 0, &[]),
        room("telemetry", 0, &[]),
        room("contracts", 1, &["domain"]),
        room("db", 1, &["domain", "telemetry"]),
        room("jobs", 2, &["domain", "db", "telemetry"]),
        room("audit", 2, &["domain", "db", "telemetry"]),
        room("models", 2, &["domain", "db", "telemetry"]),
        room("inbox", 2, &["domain", "db", "telemetry"]),
        room("activity_log", 2, &["domain", "db", "telemetry"]),
        room("resolve", 2, &["domain", "db", "telemetry", "contracts"]),
        room("outbox", 2, &["domain", "db", "telemetry"]),
        room(
            "projections",
            3,
            &[
                "domain",
                "db",
                "jobs",
                "audit",
                "models",
                "resolve",
                "activity_log",
                "outbox",
                "telemetry",
            ],
        ),
        room(
            "insight",
            3,
            &[
                "domain",
                "db",
                "jobs",
                "audit",
                "models",
                "resolve",
                "activity_log",
                "telemetry",
            ],
        ),
        room(
            "derivations",
            4,
            &[
                "domain",
                "telemetry",
                "contracts",
                "db",
                "jobs",
                "audit",
                "models",
                "inbox",
                "activity_log",
                "resolve",
                "outbox",
                "projections",
                "insight",
            ],
        ),
        room("actions", 5, BELOW_ACTIONS),
        room("privacy", 5, BELOW_ACTIONS),
        room(
            "workers",
            6,
            &[
                "domain",
                "telemetry",
                "contracts",
                "db",
                "jobs",
                "audit",
                "models",
                "inbox",
                "activity_log",
                "resolve",
                "outbox",
                "projections",
                "insight",
                "derivations",
                "actions",
                "privacy",
            ],
        ),
        room(
            "graphql",
            7,
            &[
                "domain",
                "audit",
                "insight",
                "actions",
                "privacy",
                "telemetry",
            ],
        ),
        room(
            "http",
            8,
            &[
                "domain",
                "contracts",
                "inbox",
                "actions",
                "privacy",
                "graphql",
                "telemetry",
            ],
        ),
        // The stand-in speaks to the service over HTTP only, so it shares nothing with it but types.
        room("demo", 9, &["domain", "contracts", "db", "telemetry"]),
        room(
            "app",
            ROOF,
            &[
                "domain",
                "telemetry",
                "contracts",
                "db",
                "jobs",
                "audit",
                "models",
                "inbox",
                "activity_log",
                "resolve",
                "outbox",
                "projections",
                "insight",
                "derivations",
                "actions",
                "privacy",
                "workers",
                "graphql",
                "http",
                "demo",
            ],
        ),
    ];

    /// What `domain` may name besides `std`; everything else there needs a reason.
    const DOMAIN_LIBRARIES: &[&str] = &[
        "serde",
        "chrono",
        "chrono_tz",
        "uuid",
        "thiserror",
        "rust_decimal",
        "libm",
        "faer",
        "sha2",
        // Histories are kept packed while a model is trained.
        "postcard",
    ];

    /// Libraries that only some rooms may name. One that is not listed is free for all but `domain`.
    const LIBRARIES: &[(&str, &[&str])] = &[
        (
            "sqlx",
            &[
                "db",
                "jobs",
                "audit",
                "models",
                "inbox",
                "activity_log",
                "resolve",
                "outbox",
                "projections",
                "insight",
                "derivations",
                "actions",
                "privacy",
                "demo",
                "app",
            ],
        ),
        ("axum", &["http", "demo", "app"]),
        ("hyper", &["http"]),
        ("hyper_util", &["http", "demo"]),
        ("tower", &["http", "demo"]),
        ("tower_http", &["http", "demo"]),
        ("async_graphql", &["graphql", "http", "app"]),
        ("async_graphql_value", &["graphql", "http", "demo"]),
        ("async_graphql_parser", &["graphql", "http", "demo", "app"]),
        ("reqwest", &["workers", "demo", "app"]),
        ("maud", &["demo", "http"]),
        ("croner", &["workers"]),
        ("clap", &["app"]),
        ("anyhow", &["app", "workers", "demo"]),
        ("tracing_subscriber", &["telemetry"]),
        ("metrics_exporter_prometheus", &["telemetry"]),
    ];

    const LINES_MAX: usize = 400;

    struct File {
        path: PathBuf,
        /// Module path: `["inbox", "flush"]`; empty for `lib.rs` and `main.rs`.
        module: Vec<String>,
        text: String,
    }

    impl File {
        fn room(&self) -> Option<&str> {
            self.module.first().map(String::as_str)
        }
    }

    fn files() -> Vec<File> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut found = Vec::new();
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let text = fs::read_to_string(&path).unwrap();
                    let path = path.strip_prefix(&root).unwrap().to_owned();
                    found.push(File {
                        module: module(&path),
                        path,
                        text,
                    });
                }
            }
        }
        found.sort_by(|a, b| a.path.cmp(&b.path));
        assert!(found.len() > 20, "the sources were not found");
        found
    }

    fn module(path: &Path) -> Vec<String> {
        let path = path.with_extension("");
        let mut parts: Vec<String> = path
            .iter()
            .map(|part| part.to_string_lossy().into_owned())
            .collect();
        if parts
            .last()
            .is_some_and(|last| matches!(last.as_str(), "mod" | "lib" | "main"))
        {
            parts.pop();
        }
        parts
    }

    /// What a file names: rooms of this crate and libraries.
    #[derive(Default)]
    struct Names {
        module: Vec<String>,
        rooms: BTreeSet<String>,
        libraries: BTreeSet<String>,
    }

    impl Names {
        fn of(file: &File) -> Self {
            let parsed = syn::parse_file(&file.text).unwrap();
            let mut names = Self {
                module: file.module.clone(),
                ..Self::default()
            };
            names.visit_file(&parsed);
            names
        }

        /// Takes note of a path of at least two parts, such as `crate::db::Pool` or `sqlx::query`.
        fn note(&mut self, path: &[String]) {
            let mut at = self.module.clone();
            let mut rest = path.iter().map(String::as_str).peekable();
            match rest.peek() {
                Some(&"crate") => {
                    at.clear();
                    rest.next();
                }
                Some(&("self" | "super")) => {
                    while let Some(step) = rest.next_if(|step| matches!(*step, "self" | "super")) {
                        if step == "super" {
                            at.pop();
                        }
                    }
                }
                Some(library) => {
                    self.libraries.insert((*library).to_owned());
                    return;
                }
                None => return,
            }
            if at.is_empty() {
                self.rooms.extend(rest.next().map(str::to_owned));
            }
        }

        fn note_tree(&mut self, tree: &syn::UseTree, before: &mut Vec<String>) {
            match tree {
                syn::UseTree::Path(path) => {
                    before.push(path.ident.to_string());
                    self.note_tree(&path.tree, before);
                    before.pop();
                }
                syn::UseTree::Group(group) => {
                    for tree in &group.items {
                        self.note_tree(tree, before);
                    }
                }
                syn::UseTree::Name(syn::UseName { ident })
                | syn::UseTree::Rename(syn::UseRename { ident, .. }) => {
                    before.push(ident.to_string());
                    self.note(before);
                    before.pop();
                }
                syn::UseTree::Glob(_) => self.note(before),
            }
        }
    }

    fn only_for_tests(attributes: &[syn::Attribute]) -> bool {
        attributes.iter().any(|attribute| {
            attribute.path().is_ident("cfg")
                && attribute
                    .parse_args::<syn::Ident>()
                    .is_ok_and(|argument| argument == "test")
        })
    }

    impl<'ast> Visit<'ast> for Names {
        fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
            if !only_for_tests(&item.attrs) {
                self.module.push(item.ident.to_string());
                visit::visit_item_mod(self, item);
                self.module.pop();
            }
        }

        fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
            if !only_for_tests(&item.attrs) {
                self.note_tree(&item.tree, &mut Vec::new());
            }
        }

        fn visit_path(&mut self, path: &'ast syn::Path) {
            let parts: Vec<String> = path
                .segments
                .iter()
                .map(|segment| segment.ident.to_string())
                .collect();
            if parts.len() > 1 {
                self.note(&parts);
            }
            visit::visit_path(self, path);
        }

        fn visit_macro(&mut self, called: &'ast syn::Macro) {
            // What is inside is tokens; a path into this crate is seen by its text.
            let text = called.tokens.to_string();
            for inside in text.split("crate ::").skip(1) {
                let room = inside
                    .trim_start()
                    .split(|c: char| !(c.is_alphanumeric() || c == '_'));
                self.rooms.extend(room.take(1).map(str::to_owned));
            }
            visit::visit_macro(self, called);
        }
    }

    fn report(rule: &str, broken: &[String]) {
        assert!(broken.is_empty(), "{rule}\n  {}", broken.join("\n  "));
    }

    #[test]
    fn a_floor_imports_only_what_its_row_in_the_table_names() {
        let mut broken = Vec::new();
        for file in files() {
            let Some(name) = file.room() else { continue };
            let path = file.path.display();
            let Some(room) = ROOMS.iter().find(|room| room.name == name) else {
                broken.push(format!(
                    "{path}: {name} is no room of the house; give it a row in ROOMS"
                ));
                continue;
            };
            for import in Names::of(&file).rooms {
                if import != name && !room.imports.contains(&import.as_str()) {
                    broken.push(format!(
                        "{path} imports {import}: move the code to a floor that may, or have `app` hand the value in"
                    ));
                }
            }
        }
        report(
            "Floors import downwards, and only what their row in ROOMS names.",
            &broken,
        );
    }

    #[test]
    fn the_table_itself_only_points_downwards() {
        for room in ROOMS {
            for import in room.imports {
                let below = ROOMS.iter().find(|other| other.name == *import);
                let below = below.unwrap_or_else(|| panic!("{import} has no row in ROOMS"));
                assert!(
                    below.floor < room.floor,
                    "{} may not import {import}",
                    room.name
                );
            }
        }
    }

    #[test]
    fn a_library_is_named_only_where_it_belongs() {
        let dependencies = dependencies();
        let mut broken = Vec::new();
        let files = files();
        let for_tests = for_tests_alone(&files);
        for file in &files {
            let Some(room) = file.room() else { continue };
            if for_tests.contains(&file.module) {
                continue;
            }
            for library in Names::of(file).libraries.intersection(&dependencies) {
                let allowed = match LIBRARIES.iter().find(|(name, _)| name == library) {
                    _ if room == "domain" => DOMAIN_LIBRARIES.contains(&library.as_str()),
                    Some((_, rooms)) => rooms.contains(&room),
                    None => true,
                };
                if !allowed {
                    broken.push(format!(
                        "{} names {library}: hide it behind a type of the floor it belongs to",
                        file.path.display()
                    ));
                }
            }
        }
        report(
            "Libraries belong to floors (LIBRARIES, DOMAIN_LIBRARIES).",
            &broken,
        );
    }

    /// Modules that exist for tests alone: `#[cfg(test)] mod name;` in the module above.
    fn for_tests_alone(files: &[File]) -> BTreeSet<Vec<String>> {
        let mut found = BTreeSet::new();
        for file in files {
            let parsed = syn::parse_file(&file.text).unwrap();
            for item in &parsed.items {
                if let syn::Item::Mod(item) = item
                    && item.content.is_none()
                    && only_for_tests(&item.attrs)
                {
                    let mut module = file.module.clone();
                    module.push(item.ident.to_string());
                    found.insert(module);
                }
            }
        }
        found
    }

    /// The names in `[dependencies]`, as code spells them.
    fn dependencies() -> BTreeSet<String> {
        let manifest =
            fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
        let lines = manifest
            .lines()
            .skip_while(|line| *line != "[dependencies]")
            .skip(1);
        let names: BTreeSet<String> = lines
            .take_while(|line| !line.starts_with('['))
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.split_once('='))
            .map(|(name, _)| name.trim().replace('-', "_"))
            .collect();
        assert!(names.contains("sqlx"), "the dependencies were not found");
        names
    }

    #[test]
    fn a_file_opens_by_saying_what_it_is_for_and_stays_readable() {
        let mut broken = Vec::new();
        for file in files() {
            let path = file.path.display();
            if !file.text.starts_with("//! ") {
                broken.push(format!(
                    "{path} does not open with //! saying what it is for and what is deliberately absent"
                ));
            }
            let lines = file
                .text
                .lines()
                .take_while(|line| *line != "#[cfg(test)]")
                .count();
            if lines > LINES_MAX {
                broken.push(format!(
                    "{path} has {lines} lines without its tests, at most {LINES_MAX} are readable: split it by topic"
                ));
            }
        }
        report("Files are short and say what they are for.", &broken);
    }

    #[test]
    fn paths_are_seen_wherever_they_stand() {
        let text = "
            use super::super::http::{Error, Keys as Locks};
            fn f() -> crate::db::Pool { println!(\"{}\", crate::inbox::depth()); sqlx::query!(\"\") }
            #[cfg(test)] mod tests { use crate::app::Database; }
        ";
        let module = vec!["graphql".to_owned(), "types".to_owned()];
        let names = Names::of(&File {
            path: PathBuf::new(),
            module,
            text: text.to_owned(),
        });
        assert_eq!(
            names.rooms.into_iter().collect::<Vec<_>>(),
            ["db", "http", "inbox"]
        );
        assert!(names.libraries.contains("sqlx"));
    }
}
