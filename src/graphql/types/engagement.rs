//! What the person said about the trips, as numbers. Deliberately absent: any model's score.

use async_graphql::SimpleObject;

use super::behavior::count;
use crate::domain::insight::Feedback;

/// How the person feels about the operator, from the person's own words.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(rename_fields = "snake_case")]
pub struct EngagementScore {
    /// The latest answer to "would you recommend us", 0 to 10.
    nps_score: Option<i64>,
    /// How many such answers the person ever gave.
    nps_based_on: i32,
    /// Mean of the last five ratings, 1 to 5.
    satisfaction: Option<f64>,
    /// How many ratings that mean rests on, at most 5.
    satisfaction_based_on: i32,
}

impl From<&Feedback> for EngagementScore {
    fn from(feedback: &Feedback) -> Self {
        let nps = feedback.nps_score.as_ref();
        let satisfaction = feedback.satisfaction.as_ref();
        Self {
            nps_score: nps.map(|nps| nps.value),
            nps_based_on: count(nps.map_or(0, |nps| nps.based_on)),
            satisfaction: satisfaction.map(|mean| mean.value),
            satisfaction_based_on: count(satisfaction.map_or(0, |mean| mean.based_on)),
        }
    }
}
