//! What was learned, from the platform's rows to what a caller is told: that it comes out right, and that it knows
//! nothing of what came later.

mod leak;
mod operator;
mod story;
