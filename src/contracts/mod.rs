//! Payload to facts, pure: what the platform sends becomes versions of its rows.
//!
//! Reading order: the language (`columns`, `events`), the contracts (one file per source context), the readers
//! (`values`, `rows`, `canonical`), the envelope around them (`envelope`, `cut`, `letter`).
//! Deliberately absent: any state, any clock, any database. What a delivery means depends on its bytes alone.
//!
//! The door calls [`read`] and keeps [`Delivery::cut`]; the worker calls [`decode`] on what was kept. The registry
//! [`allow_list`] is the one source for the door, for the event triggers' payload columns and for the stand-in.

mod columns;
mod events;
mod registry;
mod backoffice;
mod commerce;
mod commerce_events;
mod operations;
mod communications;
mod refusal;
mod numbers;
mod instants;
mod values;
mod names;
mod hash;
mod versions;
mod rows;
mod canonical;
mod cut;
mod letter;
mod consents;
mod wishes;
pub mod envelope;

use uuid::Uuid;

pub use columns::{Column, ColumnType, Happens, Op, TableContract};
pub use consents::ConsentRecord;
pub use envelope::{Delivery, decode, read};
pub use events::{EventContract, Part, Says, When};
pub use names::platform_name;
pub use refusal::{Reason, Refusal};
pub use registry::{allow_list, event, events, table};
pub use wishes::ChannelWish;

use crate::domain::source::Version;

/// What a delivery told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// Whose rows.
    pub tenant_id: Uuid,
    /// The contract of its table.
    pub contract: &'static TableContract,
    /// The domain event it is or amounts to, under its present name.
    pub event_name: Option<String>,
    /// Versions of the rows it speaks about; empty when it changes nothing.
    pub versions: Vec<Version>,
    /// How many amounts had more digits than hundredths and were rounded half-even.
    pub rounded: u32,
    /// How many facts named nobody and nothing that could lead to somebody; they are not kept.
    pub unattributable: u32,
}
