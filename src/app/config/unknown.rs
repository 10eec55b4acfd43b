//! Variables that begin as ours do and mean nothing: most often a slip of the pen, so they are not passed over.

use super::reader::Entry;

const PREFIX: &str = "CI_";
/// As many letters may differ for a name to be what was meant.
const NEAR: usize = 3;

/// One sentence for each unknown name.
///
/// On a build server (`CI` is set) the prefix is not ours alone; there only what looks like a misspelling counts.
pub(super) fn problems(names: &[&str], known: &[Entry], build_server: bool) -> Vec<String> {
    names
        .iter()
        .filter(|name| name.starts_with(PREFIX) && known.iter().all(|entry| entry.name != **name))
        .filter_map(|name| {
            let near = near(name, known);
            match (near.is_empty(), build_server) {
                (true, true) => None,
                (true, false) => Some(format!(
                    "{name} means nothing here; `config print` lists what does"
                )),
                (false, _) => Some(format!(
                    "{name} means nothing here; did you mean {}?",
                    near.join(" or ")
                )),
            }
        })
        .collect()
}

/// The known names nearest to `name`, nearest first.
fn near<'a>(name: &str, known: &'a [Entry]) -> Vec<&'a str> {
    let mut near: Vec<(usize, &str)> = known
        .iter()
        .map(|entry| (distance(name, &entry.name), entry.name.as_str()))
        .filter(|(distance, _)| *distance <= NEAR)
        .collect();
    near.sort_unstable();
    near.into_iter().map(|(_, name)| name).collect()
}

/// Levenshtein's distance, row by row.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.bytes().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, b) in row.iter_mut().skip(1).zip(other.bytes()) {
            let above = *cell;
            left = (diagonal + usize::from(a != b))
                .min(above + 1)
                .min(left + 1);
            diagonal = above;
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_the_textbook() {
        for (one, other, expected) in [
            ("kitten", "sitting", 3),
            ("", "abc", 3),
            ("abc", "", 3),
            ("same", "same", 0),
            ("flaw", "lawn", 2),
        ] {
            assert_eq!(distance(one, other), expected, "{one} {other}");
        }
    }
}
