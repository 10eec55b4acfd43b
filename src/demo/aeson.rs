//! Numbers as Hasura prints them: the event's payload goes through aeson, which keeps integers and prints everything else from
//! its shortest digits, as a decimal between 0.1 and 10^7 and with an exponent outside (`100.00` → `100.0`, `0.05` → `5.0e-2`).
//!
//! Pure text; nothing else of the payload changes.

/// Re-encodes every number of a JSON text the way Hasura does.
pub fn reencode(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut number = String::new();
    let (mut in_string, mut escaped) = (false, false);
    for c in json.chars() {
        let numeric = matches!(c, '0'..='9' | '-' | '+' | '.')
            || (matches!(c, 'e' | 'E') && !number.is_empty());
        if !in_string && numeric {
            number.push(c);
            continue;
        }
        if !number.is_empty() {
            out.push_str(&printed(&number));
            number.clear();
        }
        match c {
            '"' if !escaped => in_string = !in_string,
            _ => {}
        }
        escaped = in_string && c == '\\' && !escaped;
        out.push(c);
    }
    if !number.is_empty() {
        out.push_str(&printed(&number));
    }
    out
}

/// One JSON number as aeson prints it.
pub fn printed(text: &str) -> String {
    let (sign, significant, scale) = parts(text);
    if !(0..=1024).contains(&scale) {
        return shown(text);
    }
    let zeros = "0".repeat(usize::try_from(scale).unwrap_or(0));
    match significant.as_str() {
        "" => format!("{sign}0"),
        digits => format!("{sign}{digits}{zeros}"),
    }
}

/// One number as `show` prints a `Scientific`: never as an integer.
pub fn shown(text: &str) -> String {
    let (sign, significant, scale) = parts(text);
    // value = 0.<digits> * 10^point
    let point = i64::try_from(significant.len()).unwrap_or(0) + scale;
    match significant.trim_end_matches('0') {
        "" => format!("{sign}0.0"),
        digits if (0..=7).contains(&point) => format!("{sign}{}", fixed(digits, point)),
        digits => format!("{sign}{}", scientific(digits, point - 1)),
    }
}

/// Sign, digits without leading zeros, and the power of ten they are multiplied by.
fn parts(text: &str) -> (&'static str, String, i64) {
    let (sign, magnitude) = text
        .strip_prefix('-')
        .map_or(("", text), |rest| ("-", rest));
    let (mantissa, exponent) = match magnitude.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().unwrap_or(0)),
        None => (magnitude, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let scale = exponent - i64::try_from(fraction.len()).unwrap_or(0);
    let digits = format!("{whole}{fraction}");
    (sign, digits.trim_start_matches('0').to_owned(), scale)
}

/// `0.<digits> × 10^point` with point between 0 and 7.
fn fixed(digits: &str, point: i64) -> String {
    let point = usize::try_from(point).unwrap_or(0);
    let (whole, fraction) = digits.split_at_checked(point).unwrap_or((digits, ""));
    let whole = format!("{whole:0<point$}");
    let whole = if whole.is_empty() { "0" } else { &whole };
    let fraction = if fraction.is_empty() { "0" } else { fraction };
    format!("{whole}.{fraction}")
}

/// d.ddd × 10^exponent.
fn scientific(digits: &str, exponent: i64) -> String {
    let (first, rest) = digits.split_at_checked(1).unwrap_or((digits, ""));
    let rest = if rest.is_empty() { "0" } else { rest };
    format!("{first}.{rest}e{exponent}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_printed_as_aeson_prints_them() {
        for (from, to) in [
            ("100.00", "100.0"),
            ("0.05", "5.0e-2"),
            ("12345678.90", "1.23456789e7"),
            ("9007199254740993", "9007199254740993"),
            ("0", "0"),
            ("0.00", "0.0"),
            ("0.10", "0.1"),
            ("-0.05", "-5.0e-2"),
            ("-1.50", "-1.5"),
            ("9999999.5", "9999999.5"),
            ("10000000.00", "1.0e7"),
            ("1e3", "1000"),
            ("1.25e3", "1250"),
            ("1234.50", "1234.5"),
        ] {
            assert_eq!(printed(from), to, "{from}");
        }
    }

    #[test]
    fn only_numbers_change() {
        let json = r#"{"a": [1.00, "1.00", null, true, "\"0.05\\"], "b": {"c": 0.05}, "e": 1e2}"#;
        let want = r#"{"a": [1.0, "1.00", null, true, "\"0.05\\"], "b": {"c": 5.0e-2}, "e": 100}"#;
        assert_eq!(reencode(json), want);
        assert_eq!(reencode("2.50"), "2.5");
    }
}
