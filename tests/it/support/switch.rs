//! What a run of the tests is asked for beside what they do by themselves: longer runs, other seeds.

use std::str::FromStr;

/// A number from the environment; none where nobody asks. The command that asks stands with the test.
#[expect(
    clippy::disallowed_methods,
    reason = "a test's own switches, read nowhere else"
)]
pub(crate) fn switch<T: FromStr>(name: &str) -> Option<T> {
    let told = std::env::var(name).ok()?;
    Some(
        told.parse()
            .unwrap_or_else(|_| panic!("{name} is a number")),
    )
}
