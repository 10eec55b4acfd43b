//! The least value of a function of a few numbers, by the simplex method of Nelder and Mead (1965).
//!
//! No derivatives and no randomness: the same function and start give the same answer, bit for bit.

/// Where a search ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Least<const N: usize> {
    /// The place.
    pub at: [f64; N],
    /// The value there.
    pub value: f64,
    /// How many steps it took.
    pub steps: u32,
    /// The simplex had shrunk to a point when the search ended.
    pub converged: bool,
}

const STEPS_MAX: u32 = 4_000;
/// The simplex has shrunk to a point: its corners differ by less than this, in place and in value.
const PLACE: f64 = 1e-9;
const VALUE: f64 = 1e-11;

type Corner<const N: usize> = ([f64; N], f64);

/// Finds the least value of `f` from `start`; the first simplex reaches `reach` along each axis.
///
/// A second search starts from where the first ended, since a simplex may collapse before it arrives. Values that are
/// no numbers count as infinitely bad.
pub fn least<const N: usize>(
    f: impl Fn(&[f64; N]) -> f64,
    start: [f64; N],
    reach: f64,
) -> Least<N> {
    let f = |at: &[f64; N]| {
        Some(f(at))
            .filter(|value| !value.is_nan())
            .unwrap_or(f64::INFINITY)
    };
    let first = descend(&f, start, reach);
    let second = descend(&f, first.at, reach / 4.0);
    let steps = first.steps + second.steps;
    let better = if second.value <= first.value {
        second
    } else {
        first
    };
    Least { steps, ..better }
}

fn descend<const N: usize>(f: &impl Fn(&[f64; N]) -> f64, start: [f64; N], reach: f64) -> Least<N> {
    let mut corners: Vec<Corner<N>> = vec![(start, f(&start))];
    for axis in 0..N {
        let mut at = start;
        if let Some(x) = at.get_mut(axis) {
            *x += reach;
        }
        corners.push((at, f(&at)));
    }
    let mut steps = 0;
    while steps < STEPS_MAX {
        corners.sort_by(|one, other| one.1.total_cmp(&other.1));
        if shrunk(&corners) {
            break;
        }
        step(f, &mut corners);
        steps += 1;
    }
    corners.sort_by(|one, other| one.1.total_cmp(&other.1));
    let best = corners.first().copied().unwrap_or((start, f64::INFINITY));
    Least {
        at: best.0,
        value: best.1,
        steps,
        converged: steps < STEPS_MAX,
    }
}

/// Replaces the worst corner, or draws all towards the best. Corners come sorted, best first.
fn step<const N: usize>(f: &impl Fn(&[f64; N]) -> f64, corners: &mut Vec<Corner<N>>) {
    let Some((worst, rest)) = corners.split_last() else {
        return;
    };
    let (worst, worst_value) = *worst;
    let middle = middle(rest);
    let best = rest.first().map_or(worst_value, |one| one.1);
    let second_worst = rest.last().map_or(worst_value, |one| one.1);
    // −1 mirrors the worst corner at the middle of the others, −2 goes beyond, ±0.5 stay near.
    let along = |by: f64| {
        let at = mix(&middle, &worst, by);
        (at, f(&at))
    };
    let mirrored = along(-1.0);
    let found = if mirrored.1 < best {
        let beyond = along(-2.0);
        Some(if beyond.1 < mirrored.1 {
            beyond
        } else {
            mirrored
        })
    } else if mirrored.1 < second_worst {
        Some(mirrored)
    } else if mirrored.1 < worst_value {
        Some(along(-0.5)).filter(|outside| outside.1 <= mirrored.1)
    } else {
        Some(along(0.5)).filter(|inside| inside.1 < worst_value)
    };
    if let Some(found) = found {
        corners.pop();
        corners.push(found);
        return;
    }
    let Some(centre) = corners.first().map(|one| one.0) else {
        return;
    };
    for corner in corners.iter_mut().skip(1) {
        corner.0 = mix(&centre, &corner.0, 0.5);
        corner.1 = f(&corner.0);
    }
}

fn shrunk<const N: usize>(corners: &[Corner<N>]) -> bool {
    let Some((best, rest)) = corners.split_first() else {
        return true;
    };
    rest.iter().all(|(at, value)| {
        let near = at.iter().zip(&best.0).all(|(x, y)| (x - y).abs() <= PLACE);
        near && (value - best.1).abs() <= VALUE * (1.0 + best.1.abs())
    })
}

fn middle<const N: usize>(corners: &[Corner<N>]) -> [f64; N] {
    let mut sum = [0.0; N];
    for (at, _) in corners {
        for (sum, x) in sum.iter_mut().zip(at) {
            *sum += x;
        }
    }
    let n = f64::from(u32::try_from(corners.len().max(1)).unwrap_or(u32::MAX));
    sum.map(|x| x / n)
}

/// `from` plus `by` times the way to `to`.
fn mix<const N: usize>(from: &[f64; N], to: &[f64; N], by: f64) -> [f64; N] {
    let mut at = *from;
    for (x, to) in at.iter_mut().zip(to) {
        *x += by * (to - *x);
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_valley_of_rosenbrock_is_followed_to_its_end() {
        let valley = |at: &[f64; 2]| {
            let [x, y] = *at;
            (1.0 - x) * (1.0 - x) + 100.0 * (y - x * x) * (y - x * x)
        };
        let found = least(valley, [-1.2, 1.0], 0.5);
        assert!(found.converged, "{found:?}");
        for x in found.at {
            assert!((x - 1.0).abs() < 1e-6, "{found:?}");
        }
    }

    #[test]
    fn what_is_no_number_is_avoided() {
        let root = |at: &[f64; 1]| {
            let [x] = *at;
            if x < 0.0 {
                f64::NAN
            } else {
                (x - 0.25) * (x - 0.25)
            }
        };
        let found = least(root, [0.01], -0.5);
        assert!((found.at[0] - 0.25).abs() < 1e-6, "{found:?}");
    }
}
