//! How good probabilities are: order, sharpness, honesty, and how many may be decided upon.

use serde::{Deserialize, Serialize};

use super::special::logit;

/// A probability that was foretold, and whether it came true.
pub type Foretold = (f64, bool);

/// The share of right answers that decided persons have to reach.
pub const DECIDED: f64 = 0.85;
/// Into how many groups of equal size calibration is looked at.
const BINS: usize = 10;

/// How good foretold probabilities were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// How many.
    pub n: u32,
    /// The share that came true.
    pub base_rate: f64,
    /// The probability that one that came true was held more probable than one that did not.
    pub auc: f64,
    /// Mean squared error.
    pub brier: f64,
    /// Mean surprise, in nats.
    pub log_loss: f64,
    /// Standard error of the mean surprise.
    pub log_loss_se: f64,
    /// Expected calibration error over ten groups of equal size.
    pub ece: f64,
    /// The share told right when 0.5 decides.
    pub accuracy: f64,
    /// The same as the mean over both outcomes.
    pub balanced_accuracy: f64,
    /// The share that may be decided upon, most certain first, until fewer than 85 % would be right.
    pub coverage: f64,
}

/// A group of similar probabilities.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// How many.
    pub n: u32,
    /// Their mean as foretold.
    pub foretold: f64,
    /// The share that came true.
    pub observed: f64,
}

/// Judges probabilities; none for nothing.
#[must_use]
pub fn quality(all: &[Foretold]) -> Option<Quality> {
    let n = u32::try_from(all.len()).ok().filter(|n| *n > 0)?;
    let mean = |sum: f64| sum / f64::from(n);
    let losses: Vec<f64> = all.iter().map(|one| surprise(*one)).collect();
    let log_loss = mean(losses.iter().sum());
    let spread: f64 = losses
        .iter()
        .map(|loss| (loss - log_loss) * (loss - log_loss))
        .sum();
    let right = |truth: bool| {
        all.iter()
            .filter(move |(p, y)| *y == truth && (*p >= 0.5) == truth)
    };
    let of = |truth: bool| all.iter().filter(move |(_, y)| *y == truth);
    let share = |truth: bool| ratio(right(truth).count(), of(truth).count());
    Some(Quality {
        n,
        base_rate: ratio(of(true).count(), all.len()),
        auc: auc(all),
        brier: mean(
            all.iter()
                .map(|(p, y)| (p - truth(*y)) * (p - truth(*y)))
                .sum(),
        ),
        log_loss,
        log_loss_se: mean(spread).sqrt() / f64::from(n).sqrt(),
        ece: bins(all)
            .iter()
            .map(|bin| f64::from(bin.n) / f64::from(n) * (bin.foretold - bin.observed).abs())
            .sum(),
        accuracy: ratio(right(true).count() + right(false).count(), all.len()),
        balanced_accuracy: f64::midpoint(share(true), share(false)),
        coverage: ratio(decided(all).0, all.len()),
    })
}

/// −ln of the probability of what happened, with probabilities kept off 0 and 1.
#[must_use]
pub fn surprise((p, y): Foretold) -> f64 {
    let odds = logit(p);
    libm::log1p(libm::exp(if y { -odds } else { odds }))
}

/// Groups of equal size by probability, least first; people of one probability may be parted.
#[must_use]
pub fn bins(all: &[Foretold]) -> Vec<Bin> {
    let sorted = sorted(all);
    let bins = (0..BINS).filter_map(|bin| {
        let at = |bin: usize| bin * sorted.len() / BINS;
        let part = sorted.get(at(bin)..at(bin + 1))?;
        let n = u32::try_from(part.len()).ok().filter(|n| *n > 0)?;
        Some(Bin {
            n,
            foretold: part.iter().map(|one| one.0).sum::<f64>() / f64::from(n),
            observed: ratio(part.iter().filter(|one| one.1).count(), part.len()),
        })
    });
    bins.collect()
}

/// How many may be decided upon, most certain first, with 85 % of them told right; and how certain the last one is:
/// the greater of its probability and its complement.
#[must_use]
pub fn decided(all: &[Foretold]) -> (usize, f64) {
    let mut certain: Vec<(f64, bool)> = all
        .iter()
        .map(|(p, y)| (p.max(1.0 - p), (*p >= 0.5) == *y))
        .collect();
    certain.sort_by(|one, other| other.0.total_cmp(&one.0));
    let (mut right, mut most) = (0, (0, 1.0));
    for (n, (certainty, told_right)) in certain.iter().enumerate() {
        right += usize::from(*told_right);
        // Nobody as certain as the last one may be left out.
        let last_of_its_kind = certain.get(n + 1).is_none_or(|next| next.0 < *certainty);
        if last_of_its_kind && ratio(right, n + 1) >= DECIDED {
            most = (n + 1, *certainty);
        }
    }
    most
}

/// The rank-sum statistic; equal probabilities share their ranks. 0.5 when only one outcome occurred.
fn auc(all: &[Foretold]) -> f64 {
    let sorted = sorted(all);
    let (mut ranks, mut at) = (0.0, 0);
    for group in sorted.chunk_by(|one, other| one.0.total_cmp(&other.0).is_eq()) {
        let middle = float(at) + f64::midpoint(float(group.len()), 1.0);
        ranks += middle * float(group.iter().filter(|one| one.1).count());
        at += group.len();
    }
    let yes = float(all.iter().filter(|one| one.1).count());
    let no = float(all.len()) - yes;
    if yes * no > 0.0 {
        (ranks - yes * (yes + 1.0) / 2.0) / (yes * no)
    } else {
        0.5
    }
}

fn sorted(all: &[Foretold]) -> Vec<Foretold> {
    let mut sorted = all.to_vec();
    sorted.sort_by(|one, other| one.0.total_cmp(&other.0));
    sorted
}

fn truth(y: bool) -> f64 {
    f64::from(u8::from(y))
}

fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        0.0
    } else {
        float(part) / float(whole)
    }
}

fn float(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_probabilities_are_judged_as_by_hand() {
        let told = [(0.9, true), (0.8, false), (0.3, false), (0.3, true)];
        let found = quality(&told).unwrap();
        // Pairs of one that came true and one that did not: 0.9 beats both, 0.3 loses to 0.8 and draws with 0.3.
        assert!((found.auc - 2.5 / 4.0).abs() < 1e-12);
        assert!((found.brier - (0.01 + 0.64 + 0.09 + 0.49) / 4.0).abs() < 1e-12);
        assert!((found.accuracy - 0.5).abs() < 1e-12);
        assert!((found.balanced_accuracy - 0.5).abs() < 1e-12);
        assert!((found.base_rate - 0.5).abs() < 1e-12);
        assert!(
            (found.coverage - 0.25).abs() < 1e-12,
            "only the 0.9 is safe"
        );
        let surprise = -(0.9_f64.ln() + 0.2_f64.ln() + 0.7_f64.ln() + 0.3_f64.ln()) / 4.0;
        assert!((found.log_loss - surprise).abs() < 1e-9);
        assert_eq!(quality(&[]), None);
    }

    #[test]
    fn a_certain_mistake_is_dear_but_not_endless() {
        let found = quality(&[(0.0, true), (1.0, true)]).unwrap();
        assert!((10.0..12.0).contains(&found.log_loss), "{found:?}");
        assert!((found.auc - 0.5).abs() < 1e-12, "only one outcome");
    }

    #[test]
    fn whoever_is_as_certain_as_the_last_one_decided_is_decided_too() {
        let mut told = vec![(0.9, true); 9];
        told.push((0.9, false));
        told.extend([(0.6, true), (0.6, false)]);
        assert_eq!(decided(&told).0, 10);
        assert!(decided(&[(0.5, false)]).0 == 0);
    }
}
