//! When the next occasion is to be expected: the gaps of everybody, each divided by the rhythm that the person had shown
//! before it, with those still silent counted as what they are, unfinished (Kaplan and Meier 1958).
//!
//! Says when somebody comes back if they do; whether they do is not said here.

use serde::{Deserialize, Serialize};

use super::facts::{Usual, gap, rhythm};

/// In how many steps the distribution is kept.
const STEPS: u32 = 64;
/// Beyond this share of all who come back, nobody is expected any more.
const TOO_LATE: f64 = 0.97;

/// Gaps divided by rhythms, of those who come back: the value at each 64th of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Renewal {
    at: Vec<f64>,
}

/// A gap divided by its rhythm, and whether it ended with another occasion.
pub type Gap = (f64, bool);

/// The gaps of one person, whose days come sorted; the last one is not finished.
#[must_use]
pub fn gaps_of(days: &[i64], today: i64, usual: Usual) -> Vec<Gap> {
    let gaps: Vec<f64> = days.windows(2).map(gap).collect();
    let known = |n: usize| rhythm(gaps.get(..n).unwrap_or_default(), usual);
    let finished = gaps.iter().enumerate();
    let finished = finished.map(|(n, gap)| (gap / known(n), true));
    let last = days.last().map(|last| (gap(&[*last, today]), false));
    let last = last.map(|(silent, _)| (silent / known(gaps.len()), false));
    finished.chain(last).collect()
}

impl Renewal {
    /// Learns from the gaps of everybody.
    #[must_use]
    pub fn fit(mut gaps: Vec<Gap>) -> Self {
        gaps.sort_by(|one, other| one.0.total_cmp(&other.0).then(other.1.cmp(&one.1)));
        let mut waiting = f64::from(u32::try_from(gaps.len()).unwrap_or(u32::MAX));
        let mut silent = 1.0;
        let mut curve = Vec::new();
        for (length, finished) in gaps {
            if finished {
                silent *= 1.0 - 1.0 / waiting;
                curve.push((length, 1.0 - silent));
            }
            waiting -= 1.0;
        }
        let Some(back) = curve.last().map(|one| one.1).filter(|back| *back > 0.0) else {
            return Self::default();
        };
        let of = |step: u32| {
            let share = back * f64::from(step) / f64::from(STEPS);
            let place = curve.partition_point(|one| one.1 < share - 1e-12);
            curve.get(place).or(curve.last()).map(|one| one.0)
        };
        Self {
            at: (0..=STEPS).filter_map(of).collect(),
        }
    }

    /// When a person of this rhythm who has been silent for so long comes back, if they do: days from the last
    /// occasion, early (10 %), in the middle, and late (90 %). None when hardly anybody waits that long.
    #[must_use]
    pub fn expected(&self, silent_days: f64, rhythm_days: f64) -> Option<[f64; 3]> {
        let gone = self.share_within(silent_days / rhythm_days)?;
        if gone > TOO_LATE {
            return None;
        }
        let of = |share: f64| Some(self.quantile(gone + (1.0 - gone) * share)? * rhythm_days);
        let days = [of(0.1)?, of(0.5)?, of(0.9)?];
        Some(days.map(|day| day.max(silent_days)))
    }

    fn share_within(&self, length: f64) -> Option<f64> {
        let above = self.at.partition_point(|one| *one <= length);
        let Some(below) = above.checked_sub(1) else {
            return Some(0.0).filter(|_| !self.at.is_empty());
        };
        let low = *self.at.get(below)?;
        let part = match self.at.get(above) {
            Some(high) if *high > low => (length - low) / (high - low),
            _ => 0.0,
        };
        let below = f64::from(u32::try_from(below).ok()?);
        Some((below + part) / f64::from(STEPS))
    }

    fn quantile(&self, share: f64) -> Option<f64> {
        let place = share.clamp(0.0, 1.0) * f64::from(STEPS);
        let below = place.floor();
        // At most 64.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "0 to 64"
        )]
        let at = below as usize;
        let low = *self.at.get(at)?;
        let high = self.at.get(at + 1).copied().unwrap_or(low);
        Some(low + (high - low) * (place - below))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: Usual = Usual {
        gap_days: 365.0,
        response: 0.5,
    };

    #[test]
    fn whoever_comes_every_year_is_expected_after_a_year() {
        let regular = |start: i64| [start, start + 360, start + 722, start + 1_090];
        let gaps = (0..50).flat_map(|n| gaps_of(&regular(n), 1_090 + n + 100, USUAL));
        let renewal = Renewal::fit(gaps.collect());
        let [early, middle, late] = renewal.expected(100.0, 365.0).unwrap();
        assert!((350.0..=365.0).contains(&early), "{early}");
        assert!((355.0..=370.0).contains(&middle), "{middle}");
        assert!(late <= 375.0 && early <= middle && middle <= late);
        assert_eq!(
            renewal.expected(900.0, 365.0),
            None,
            "nobody waits that long"
        );
    }

    #[test]
    fn those_still_silent_make_the_gaps_longer() {
        let back = |n: u32| (f64::from(n) / 100.0, true);
        let finished: Vec<Gap> = (1..=100).map(back).collect();
        let mut with_silent = finished.clone();
        with_silent.extend((1..=100).map(|n| (f64::from(n) / 100.0, false)));
        let middle = |gaps| Renewal::fit(gaps).expected(0.0, 365.0).unwrap()[1];
        assert!(middle(with_silent) > middle(finished));
        assert_eq!(Renewal::fit(Vec::new()).expected(1.0, 365.0), None);
    }
}
