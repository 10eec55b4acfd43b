//! Special functions on top of `libm`: logarithms of Gamma and Beta, sums of logarithms, Gauss' hypergeometric series.

/// ln Γ(x) for x > 0.
#[must_use]
pub fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// ln B(a, b) for a, b > 0.
#[must_use]
pub fn ln_beta(a: f64, b: f64) -> f64 {
    ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b)
}

/// ln(eᵃ + eᵇ) without overflow; either may be −∞.
#[must_use]
pub fn ln_sum_exp(a: f64, b: f64) -> f64 {
    let (least, most) = if a < b { (a, b) } else { (b, a) };
    if least == f64::NEG_INFINITY {
        return most;
    }
    most + libm::log1p(libm::exp(least - most))
}

/// 1 / (1 + e⁻ˣ).
#[must_use]
pub fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}

/// ln(p / (1 − p)), with p kept off 0 and 1.
#[must_use]
pub fn logit(p: f64) -> f64 {
    const EDGE: f64 = 1e-9;
    let p = p.clamp(EDGE, 1.0 - EDGE);
    libm::log(p) - libm::log1p(-p)
}

/// ₂F₁(a, b; c; z) for 0 ≤ z < 1 and c > 0, by its power series; after Euler's transformation where that converges
/// faster (a + b > c).
#[must_use]
pub fn hypergeometric(a: f64, b: f64, c: f64, z: f64) -> f64 {
    if a + b > c {
        return libm::pow(1.0 - z, c - a - b) * series(c - a, c - b, c, z);
    }
    series(a, b, c, z)
}

#[expect(clippy::many_single_char_names, reason = "the letters of the function")]
fn series(a: f64, b: f64, c: f64, z: f64) -> f64 {
    const TERMS_MAX: u32 = 20_000;
    const ENOUGH: f64 = 1e-16;
    let (mut term, mut sum) = (1.0, 1.0);
    for n in 0..TERMS_MAX {
        let n = f64::from(n);
        term *= (a + n) * (b + n) / ((c + n) * (n + 1.0)) * z;
        sum += term;
        if term.abs() <= ENOUGH * sum.abs() {
            break;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) {
        assert!(
            (found - expected).abs() <= 1e-12 * expected.abs(),
            "{found} instead of {expected}"
        );
    }

    #[test]
    fn the_series_agrees_with_closed_forms() {
        // ₂F₁(1, 1; 2; z) = −ln(1 − z) / z and ₂F₁(a, b; b; z) = (1 − z)⁻ᵃ.
        for z in [0.1, 0.5, 0.9, 0.99] {
            close(hypergeometric(1.0, 1.0, 2.0, z), -libm::log1p(-z) / z);
            close(hypergeometric(0.7, 3.1, 3.1, z), libm::pow(1.0 - z, -0.7));
        }
        close(hypergeometric(3.0, 2.0, 4.0, 0.0), 1.0);
    }

    #[test]
    fn sums_of_logarithms_neither_overflow_nor_lose_the_smaller() {
        close(
            ln_sum_exp(1_000.0, 1_000.0),
            1_000.0 + std::f64::consts::LN_2,
        );
        close(ln_sum_exp(f64::NEG_INFINITY, -3.0), -3.0);
        close(ln_sum_exp(-3.0, f64::NEG_INFINITY), -3.0);
        close(logistic(logit(0.3)), 0.3);
        assert!(logit(0.0).is_finite() && logit(1.0).is_finite());
    }
}
