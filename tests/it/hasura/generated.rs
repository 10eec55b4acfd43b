//! The committed directory is what the command writes, and nothing else.

use customer_intelligence::app::hasura_metadata::generated;

use super::directory::{files, root};

#[test]
fn the_committed_directory_is_what_the_command_generates() {
    let generated = generated().unwrap();
    for file in &generated {
        let committed = std::fs::read_to_string(root().join(&file.path)).unwrap_or_default();
        assert!(
            committed == file.content,
            "hasura/{} is stale; run: cargo run -- hasura",
            file.path
        );
    }
    let expected: Vec<&str> = generated.iter().map(|file| file.path.as_str()).collect();
    let present = files(&root());
    let present: Vec<&str> = present
        .iter()
        .map(String::as_str)
        .filter(|path| !path.starts_with("migrations/"))
        .collect();
    assert_eq!(
        present, expected,
        "hasura/ holds a file that the command does not write"
    );
}
