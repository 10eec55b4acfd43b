//! What a group is called, from how its middle differs from everybody: "aktive umsatzstarke Stammgäste".
//!
//! A name belongs to the group's lasting id; it is given once, and stays when the group moves a little.

use serde::{Deserialize, Serialize};

use crate::domain::metric::Language;

/// From so many deviations on a difference is worth a word.
const WORTH_A_WORD: f64 = 0.7;

/// A name in both languages.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Name {
    /// German.
    pub german: String,
    /// English.
    pub english: String,
}

impl Name {
    /// In one of them.
    #[must_use]
    pub fn told(&self, language: Language) -> &str {
        match language {
            Language::German => &self.german,
            Language::English => &self.english,
        }
    }

    /// With a number behind it, for a second group of the same name.
    #[must_use]
    pub fn numbered(&self, number: usize) -> Self {
        Self {
            german: format!("{} ({number})", self.german),
            english: format!("{} ({number})", self.english),
        }
    }
}

/// How a group's middle differs from everybody, in deviations: days of silence, bookings, revenue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lean {
    /// Days since the last booking.
    pub recency: f64,
    /// Bookings.
    pub frequency: f64,
    /// Revenue.
    pub monetary: f64,
}

/// The name of a group, with the region that at least half of its people prefer.
#[must_use]
pub fn name(lean: Lean, region: Option<&str>) -> Name {
    let side = |z: f64| match z {
        z if z >= WORTH_A_WORD => 1,
        z if z <= -WORTH_A_WORD => -1,
        _ => 0,
    };
    let (silence, often, spend) = (
        side(lean.recency),
        side(lean.frequency),
        side(lean.monetary),
    );
    let silence = match silence {
        1 => Some(("schlafende", "dormant")),
        -1 => Some(("aktive", "active")),
        _ => None,
    };
    let spend = match spend {
        1 => Some(("umsatzstarke", "high-spending")),
        -1 => Some(("sparsame", "low-spending")),
        _ => None,
    };
    let who = match often {
        1 => ("Stammgäste", "regulars"),
        -1 => ("Gelegenheitsgäste", "occasional guests"),
        _ if silence.is_none() && spend.is_none() => ("durchschnittliche Gäste", "average guests"),
        _ => ("Gäste", "guests"),
    };
    let words = || silence.into_iter().chain(spend).chain([who]);
    let german: Vec<&str> = words().map(|word| word.0).collect();
    let english: Vec<&str> = words().map(|word| word.1).collect();
    let place = region.map_or_else(String::new, |region| format!(", {region}"));
    Name {
        german: capitalised(&format!("{}{place}", german.join(" "))),
        english: capitalised(&format!("{}{place}", english.join(" "))),
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_sets_a_group_apart() {
        let told = |recency, frequency, monetary, region| {
            let lean = Lean {
                recency,
                frequency,
                monetary,
            };
            let name = name(lean, region);
            (name.german, name.english)
        };
        for (found, german, english) in [
            (
                told(-1.4, 1.5, 1.3, None),
                "Aktive umsatzstarke Stammgäste",
                "Active high-spending regulars",
            ),
            (
                told(0.8, -0.8, -0.9, Some("Nordsee")),
                "Schlafende sparsame Gelegenheitsgäste, Nordsee",
                "Dormant low-spending occasional guests, Nordsee",
            ),
            (
                told(0.69, 0.0, -0.69, None),
                "Durchschnittliche Gäste",
                "Average guests",
            ),
            (
                told(0.7, 0.0, 0.0, None),
                "Schlafende Gäste",
                "Dormant guests",
            ),
        ] {
            assert_eq!(found, (german.to_owned(), english.to_owned()));
        }
    }
}
