//! The log as the truth: folding it again comes to the same, damage is found and repaired, and a kill in between
//! changes nothing.

mod rig;
mod rebuild;
mod verify;
