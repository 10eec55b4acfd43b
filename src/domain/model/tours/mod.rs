//! Tours for people: what the tenant's travellers have in common, and what follows for one of them at an instant.
//!
//! Reading order: the `catalogue` of what can be booked, the trained `model` (`train` makes it, `extras` and `season` are
//! parts of it), `suggest` for lists, `rebook` for the right moment, and the sentences of `reason`. A tour is a template,
//! never a single departure. Taste is what people travelled, whoever booked it. Absent on purpose: agencies, minors and
//! those who object, who have no history here.

pub mod catalogue;
pub mod season;
pub mod extras;
pub mod model;
pub mod train;
pub mod suggest;
pub mod rebook;
pub mod audience;
pub mod reason;
