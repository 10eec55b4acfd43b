//! Wilson's interval of a share: honest about small numbers, where the plain share promises too much.

/// Two-sided 95 %.
const Z: f64 = 1.959_963_984_540_054;

/// The interval of `hits` out of `n`, within [0, 1]; (0, 1) when nothing was observed.
#[must_use]
pub fn interval(hits: u32, n: u32) -> (f64, f64) {
    if n == 0 {
        return (0.0, 1.0);
    }
    let (hits, n) = (f64::from(hits.min(n)), f64::from(n));
    let share = hits / n;
    let middle = share + Z * Z / (2.0 * n);
    let reach = Z * libm::sqrt(share * (1.0 - share) / n + Z * Z / (4.0 * n * n));
    let whole = 1.0 + Z * Z / n;
    let low = ((middle - reach) / whole).max(0.0);
    (low, ((middle + reach) / whole).min(1.0))
}

/// The lower end: what the share is at least.
#[must_use]
pub fn at_least(hits: u32, n: u32) -> f64 {
    interval(hits, n).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_the_published_one() {
        // Newcombe 1998, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
        for (hits, n, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let (found_low, found_high) = interval(hits, n);
            assert!((found_low - low).abs() < 5e-5, "{hits}/{n}: {found_low}");
            assert!((found_high - high).abs() < 5e-5, "{hits}/{n}: {found_high}");
        }
        assert_eq!(interval(0, 0), (0.0, 1.0));
    }
}
