//! Seats: from a label to a position, by the default scheme of the platform's buses.

/// Reads `^0*[1-9][0-9]?[A-Da-d]$`: row 1–4 FRONT, 5–9 MIDDLE, 10+ REAR; A and D WINDOW, B and C AISLE.
///
/// Returns for example `WINDOW_MIDDLE`; none when the label follows another scheme, such as `14`.
#[must_use]
pub fn position(label: &str) -> Option<String> {
    let letter = label.chars().last()?;
    let digits = label.strip_suffix(letter)?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let side = match letter.to_ascii_uppercase() {
        'A' | 'D' => "WINDOW",
        'B' | 'C' => "AISLE",
        _ => return None,
    };
    let row: u32 = match digits.trim_start_matches('0') {
        significant if significant.len() <= 2 => significant.parse().ok()?,
        _ => return None,
    };
    let part = match row {
        1..=4 => "FRONT",
        5..=9 => "MIDDLE",
        _ => "REAR",
    };
    Some(format!("{side}_{part}"))
}

#[cfg(test)]
mod tests {
    use super::position;

    #[test]
    fn labels_of_the_default_scheme_are_read_and_others_are_not() {
        for (label, expected) in [
            ("1A", Some("WINDOW_FRONT")),
            ("007b", Some("AISLE_MIDDLE")),
            ("10D", Some("WINDOW_REAR")),
            ("99c", Some("AISLE_REAR")),
            ("100A", None),
            ("0A", None),
            ("14", None),
            ("A", None),
            ("7E", None),
            ("7Ä", None),
            ("", None),
        ] {
            assert_eq!(position(label).as_deref(), expected, "{label}");
        }
    }
}
