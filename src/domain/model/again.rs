//! "Book again": what a person took most often, which for repeats beats every model that looks at others.

/// How often each item was taken; of items taken equally often the more popular one has the higher score.
///
/// `own` holds a person's items with how often, `popularity` every item's share in [0, 1].
#[must_use]
pub fn scores(own: &[(u32, u32)], popularity: &[f64]) -> Vec<f64> {
    // Less than the least difference of two counts, whatever the popularity.
    const TIE: f64 = 0.5;
    let mut scores: Vec<f64> = popularity.iter().map(|share| share * TIE).collect();
    for (item, times) in own {
        if let Some(score) = scores.get_mut(*item as usize) {
            *score += f64::from(*times);
        }
    }
    scores
}

#[cfg(test)]
mod tests {
    use super::scores;
    use crate::domain::model::ranking::top;

    #[test]
    fn often_comes_before_popular_and_popular_before_neither() {
        let scores = scores(&[(0, 1), (2, 2), (3, 1)], &[0.1, 1.0, 0.0, 0.9]);
        assert_eq!(top(&scores, 4), [2, 3, 0, 1]);
    }
}
