//! Simulates one bus-tour operator: five years of history and the season that is coming, as row changes in the order in which
//! the platform would have made them. The same plan always gives the same changes.
//!
//! Rhythms, channels and tours that go together are planted ([`mod@planted`]), so that there is something to learn.
//! Everything in here but [`play`] is pure. Absent: other tenants, canonical events, currencies other than the euro.

mod booking;
mod catalogue;
mod checkout;
mod demand;
mod ledger;
mod names;
mod odd;
mod payment;
mod people;
pub mod planted;
pub mod play;
mod seats;
mod talk;
mod tours;
mod trip;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

pub use ledger::Change;
use ledger::{Ledger, time};

/// What to simulate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Makes it repeatable.
    pub seed: u64,
    /// About how many persons have a profile in the end.
    pub persons: u32,
    /// Where the history ends.
    pub now: DateTime<Utc>,
}

/// The state of the simulated operator while it is written.
#[derive(Debug)]
struct World {
    ledger: Ledger,
    catalogue: catalogue::Catalogue,
    people: Vec<people::Person>,
    /// Channel accounts, in the order of [`talk::CHANNELS`].
    channels: Vec<Uuid>,
    reseller: Uuid,
    conversations: HashMap<Uuid, Uuid>,
}

/// The tenant (operator) of a seed.
pub fn tenant(seed: u64) -> Uuid {
    Uuid::new_v5(&ledger::namespace(seed), b"operator")
}

/// Who there is, before anything happens.
struct Cast {
    ledger: Ledger,
    channels: Vec<Uuid>,
    catalogue: catalogue::Catalogue,
    people: Vec<people::Person>,
    households: Vec<people::Household>,
}

fn cast(plan: Plan) -> Cast {
    let mut ledger = Ledger::new(plan.seed, plan.now);
    let count = usize::try_from(plan.persons).unwrap_or(usize::MAX);
    let channels = found(&mut ledger);
    let catalogue = catalogue::open(&mut ledger, count.div_ceil(2_000));
    let (people, households) = people::populate(&mut ledger, count);
    Cast {
        ledger,
        channels,
        catalogue,
        people,
        households,
    }
}

/// What the operator's customers have in them, for whoever wants to see it found out.
pub fn planted(plan: Plan) -> Vec<planted::Planted> {
    let cast = cast(plan);
    planted::planted(&cast.people, &cast.households)
}

/// All row changes up to `now`, in the order of time.
pub fn history(plan: Plan) -> Vec<Change> {
    let Cast {
        mut ledger,
        channels,
        catalogue,
        people,
        households,
    } = cast(plan);
    let reseller = ledger.id("reseller");
    let mut wishes = demand::wishes(&mut ledger, &people, &households, &catalogue.departures);
    let conversations = HashMap::new();
    let mut world = World {
        ledger,
        catalogue,
        people,
        channels,
        reseller,
        conversations,
    };
    let twins = odd::split_identities(&mut world, &mut wishes);
    for wish in wishes {
        booking::make(&mut world, wish);
    }
    odd::merge(&mut world, &twins);
    odd::rights(&mut world);
    world.ledger.finish()
}

/// The operator and its channel accounts.
fn found(ledger: &mut Ledger) -> Vec<Uuid> {
    let opening = time(catalogue::first_day(ledger.now), 5, 0);
    let operator = ledger.tenant;
    ledger.insert("backoffice.operators", opening, operator, json!({
        "name": "Sachsenland Busreisen (Demo)", "default_locale": "de-DE", "default_currency": "EUR",
        "time_zone": "Europe/Berlin", "status": "ACTIVE",
    }));
    let mut channels = Vec::new();
    for channel in talk::CHANNELS {
        let id = ledger.id("channel_account");
        ledger.insert(
            "communications.channel_accounts",
            opening,
            id,
            json!({
                "channel_type": channel, "status": "ACTIVE",
            }),
        );
        channels.push(id);
    }
    channels
}
