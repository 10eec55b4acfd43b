//! k-means: groups of people who are alike, by a few numbers each.
//!
//! Reading order: `points` and their `scale`, one fit (`fit`), how many groups (`choose`) judged by `agreement` and
//! `silhouette`, groups that keep their identity when trained again (`matching`), their `names`, and the `model` that is
//! stored. Everything random comes from the model's seed.

pub mod points;
pub mod fit;
pub mod agreement;
pub mod silhouette;
pub mod choose;
pub mod matching;
pub mod names;
pub mod model;
