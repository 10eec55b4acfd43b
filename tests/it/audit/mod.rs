//! The chains of what was done and read: whole however many write at once, and never wholly without a trace after it
//! was touched.

mod acts;
mod rig;
mod reads;
mod exports;
mod retention;
mod wishes;

use customer_intelligence::audit::{Act, Actor, Entry, Subject};
use serde_json::json;
use uuid::Uuid;

const TENANT: Uuid = Uuid::from_u128(0x7e);

fn entry(number: u128) -> Entry {
    Entry {
        tenant_id: TENANT,
        actor: Actor::of("manager", Some("u-7")),
        act: Act::ConsentChanged,
        subject: Subject::person(Uuid::from_u128(number)),
        detail: json!({ "purpose": "marketing", "number": number.to_string() }),
        at: "2027-03-01T12:00:00.123456Z".parse().unwrap(),
    }
}
