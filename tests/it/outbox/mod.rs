//! What goes out: put down once, in order, gone with the person, and never once it is forbidden.

pub(crate) mod receiver;
mod rig;
mod sending;
mod tables;
mod withdrawal;
