//! Reads of the read models, batched by ids: one statement for any number of keys, the tenant in each.
//!
//! Deliberately absent: anything that writes, and anything that knows GraphQL.

mod errors;
mod reader;
mod person;
mod current;
mod past;
mod column;
mod page;
mod timeline;
mod evidence;
mod labels;
mod consents;
mod learned;
mod audience;
mod groups;

pub use audience::{AlsoBookedTour, Audience};
pub use column::{Column, Comparison, Condition, Direction, OrderStep, Test, Value};
pub use consents::{Consent, ConsentRow, allowed, consent_rows, standings};
pub use errors::Error;
pub use evidence::{ExplainRequest, LateRequest};
pub use labels::LabelKey;
pub use learned::{Learned, Spoken};
pub use page::{Listed, Page, PageRequest};
pub use past::Asked;
pub use person::{Found, PersonInsight};
pub use reader::{PATIENCE, Reader, pool_config};
pub use timeline::{TimelinePage, TimelineRequest};
