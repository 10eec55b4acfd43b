//! Jobs that come round: asked for at the door and by the clock, worked on once, whoever is killed or frozen.

mod door;
mod runs;
mod schedule;
pub(crate) mod stage;
