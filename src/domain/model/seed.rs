//! Randomness that can be repeated: `SplitMix64` (Steele, Lea and Flood 2014), from a seed that is stored with the model.

/// A stream of numbers that the seed alone decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seed(u64);

impl Seed {
    /// The stream of a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.0)
    }

    /// The next number in [0, 1), with 53 bits.
    pub fn share(&mut self) -> f64 {
        const STEPS: f64 = 9_007_199_254_740_992.0;
        #[expect(clippy::cast_precision_loss, reason = "53 bits are exact")]
        let bits = (self.bits() >> 11) as f64;
        bits / STEPS
    }

    /// The next number in 0..n, 0 when n is 0; the bias is below n / 2^64.
    pub fn below(&mut self, n: usize) -> usize {
        let wide = u128::from(self.bits()) * n as u128;
        usize::try_from(wide >> 64).unwrap_or(0)
    }
}

/// Spreads a number over all 64 bits, so that neighbours have nothing in common: for splits that must not make a lattice.
#[must_use]
pub const fn mixed(number: u64) -> u64 {
    let step = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let step = (step ^ (step >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    step ^ (step >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_the_published_one() {
        // The first numbers of SplitMix64 seeded with 1234567, as in its reference implementation.
        let mut seed = Seed::new(1_234_567);
        let first: Vec<u64> = (0..3).map(|_| seed.bits()).collect();
        assert_eq!(
            first,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn shares_and_choices_stay_in_their_bounds() {
        let mut seed = Seed::new(7);
        assert!((0..1_000).all(|_| (0.0..1.0).contains(&seed.share())));
        let mut seen = [0; 5];
        for _ in 0..5_000 {
            seen[seed.below(5)] += 1;
        }
        assert!(seen.iter().all(|n| (900..1_100).contains(n)), "{seen:?}");
        assert_eq!(seed.below(0), 0);
    }
}
