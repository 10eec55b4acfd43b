//! Decimal numbers as text, read exactly: what Hasura prints as `100.0`, `5.0e-2` or `"1234.50"`.
//!
//! Absent on purpose: floats. An amount is either exactly so many hundredths or rounded half-even and counted.

/// Why a text is not the number asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unfit {
    /// No number at all.
    NotANumber,
    /// A fraction where a whole number is asked for.
    NotWhole,
    /// `NaN`, `Infinity`.
    NotFinite,
    /// Beyond numeric(38,10), or beyond what the column holds.
    TooLarge,
}

/// Hundredths, and whether digits were rounded away (half-even).
pub(super) fn hundredths(text: &str) -> Result<(i64, bool), Unfit> {
    scaled(text, 2)
}

/// A whole number, also when written `3.0` or `3e2`.
pub(super) fn whole(text: &str) -> Result<i64, Unfit> {
    match scaled(text, 0)? {
        (number, false) => Ok(number),
        (_, true) => Err(Unfit::NotWhole),
    }
}

/// Digits before numeric(38,10)'s point.
const WHOLE_DIGITS_MAX: i64 = 28;
/// More than any exponent that could matter; keeps the arithmetic far from its own limits.
const EXPONENT_MAX: i64 = 1 << 40;

fn scaled(text: &str, places: i64) -> Result<(i64, bool), Unfit> {
    let text = text.trim();
    let (negative, unsigned) = match text.as_bytes().first() {
        Some(b'-') => (true, text.get(1..).unwrap_or_default()),
        Some(b'+') => (false, text.get(1..).unwrap_or_default()),
        _ => (false, text),
    };
    if ["nan", "infinity", "inf"]
        .iter()
        .any(|word| unsigned.eq_ignore_ascii_case(word))
    {
        return Err(Unfit::NotFinite);
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent_of(exponent)?),
        None => (unsigned, 0),
    };
    let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut digits = before.bytes().chain(after.bytes());
    if (before.is_empty() && after.is_empty()) || !digits.all(|digit| digit.is_ascii_digit()) {
        return Err(Unfit::NotANumber);
    }
    let digits = before.bytes().chain(after.bytes());
    let leading = digits.clone().take_while(|digit| *digit == b'0').count();
    let point = length(before.len()) - length(leading) + exponent;
    let (magnitude, rounded) = round(digits.skip(leading), point, places)?;
    let signed = if negative { -magnitude } else { magnitude };
    Ok((
        i64::try_from(signed).map_err(|_too_large| Unfit::TooLarge)?,
        rounded,
    ))
}

/// `0.d1d2d3… × 10^point` as so many `10^-places`, half-even; `digits` start with a non-zero one.
fn round(
    digits: impl Iterator<Item = u8> + Clone,
    point: i64,
    places: i64,
) -> Result<(i128, bool), Unfit> {
    let mut rest = digits.map(|digit| digit - b'0');
    if rest.clone().next().is_none() {
        return Ok((0, false));
    }
    if point > WHOLE_DIGITS_MAX {
        return Err(Unfit::TooLarge);
    }
    let keep = point + places;
    if keep < 0 {
        return Ok((0, true));
    }
    let mut number = 0_i128;
    for _ in 0..keep {
        number = number * 10 + i128::from(rest.next().unwrap_or(0));
    }
    let first = rest.next().unwrap_or(0);
    let more = rest.any(|digit| digit != 0);
    let up = first > 5 || (first == 5 && (more || number % 2 == 1));
    Ok((number + i128::from(up), first != 0 || more))
}

fn exponent_of(text: &str) -> Result<i64, Unfit> {
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, text.get(1..).unwrap_or_default()),
        Some(b'+') => (false, text.get(1..).unwrap_or_default()),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(Unfit::NotANumber);
    }
    // Only digits are left, so the one way to fail is to be too long.
    let exponent = digits
        .parse::<i64>()
        .unwrap_or(EXPONENT_MAX)
        .min(EXPONENT_MAX);
    Ok(if negative { -exponent } else { exponent })
}

fn length(of: usize) -> i64 {
    i64::try_from(of).unwrap_or(EXPONENT_MAX)
}

#[cfg(test)]
mod tests {
    use super::{Unfit, hundredths, whole};

    #[test]
    fn amounts_are_read_exactly_and_rounded_half_even() {
        let table = [
            ("0", 0, false),
            ("-0.00", 0, false),
            ("100.0", 10_000, false),
            ("5.0e-2", 5, false),
            ("1.23456789e7", 1_234_567_890, false),
            ("1234.5", 123_450, false),
            (" 12.34 ", 1_234, false),
            ("+7", 700, false),
            (".5", 50, false),
            ("5.", 500, false),
            ("0.005", 0, true),
            ("0.015", 2, true),
            ("0.025", 2, true),
            ("0.0250000001", 3, true),
            ("-0.025", -2, true),
            ("-0.035", -4, true),
            ("2.5e-3", 0, true),
            ("9e-3", 1, true),
            ("1e-999999999999999999999", 0, true),
            ("0e99999999999999999999999", 0, false),
            ("92233720368547758.07", i64::MAX, false),
            ("-92233720368547758.08", i64::MIN, false),
            ("0000000000000000000000000000000000000001.10", 110, false),
        ];
        for (text, cents, rounded) in table {
            assert_eq!(hundredths(text), Ok((cents, rounded)), "{text}");
        }
    }

    #[test]
    fn what_is_no_amount_says_why() {
        let table = [
            ("", Unfit::NotANumber),
            ("-", Unfit::NotANumber),
            (".", Unfit::NotANumber),
            ("e5", Unfit::NotANumber),
            ("1e", Unfit::NotANumber),
            ("1e+", Unfit::NotANumber),
            ("1,234.50", Unfit::NotANumber),
            ("1_000", Unfit::NotANumber),
            ("0x10", Unfit::NotANumber),
            ("--1", Unfit::NotANumber),
            ("1.2.3", Unfit::NotANumber),
            ("٣", Unfit::NotANumber),
            ("NaN", Unfit::NotFinite),
            ("-Infinity", Unfit::NotFinite),
            ("92233720368547758.08", Unfit::TooLarge),
            ("1e28", Unfit::TooLarge),
            ("1e999999999999999999999", Unfit::TooLarge),
        ];
        for (text, unfit) in table {
            assert_eq!(hundredths(text), Err(unfit), "{text}");
        }
    }

    #[test]
    fn counts_are_whole_however_they_are_written() {
        for (text, number) in [
            ("3", 3),
            ("3.0", 3),
            ("3e2", 300),
            ("-4.000", -4),
            ("30e-1", 3),
        ] {
            assert_eq!(whole(text), Ok(number), "{text}");
        }
        for text in ["2.5", "1e-1"] {
            assert_eq!(whole(text), Err(Unfit::NotWhole), "{text}");
        }
        assert_eq!(whole("9223372036854775808"), Err(Unfit::TooLarge));
    }
}
