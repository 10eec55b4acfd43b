//! The messages of a history, packed: minutes since the one before, one byte of flags, and how long an answer took.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::history::{Minutes, minutes};
use crate::domain::fold::voice::Talk;

/// The road a message took.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Route {
    /// An account of the operator; what kind of channel it is stands in the tenant's reference rows.
    Account(Uuid),
    /// A kind of channel that the message itself names, such as `WHATSAPP`, when it names no account.
    Kind(String),
    /// Not known.
    Unknown,
}

/// How far a message came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Sent; nothing more is known.
    Sent,
    /// It arrived.
    Delivered,
    /// It was read.
    Read,
    /// It did not arrive.
    Failed,
}

/// One message that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message {
    /// When it was sent.
    pub at: Minutes,
    /// From the person, as opposed to the operator.
    pub inbound: bool,
    /// How far it came.
    pub reach: Reach,
    /// When it was read.
    pub read: Option<Minutes>,
    route: u8,
}

/// Messages in the order of time, packed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Messages {
    routes: Vec<Route>,
    packed: Vec<Packed>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Packed {
    /// Minutes since the one before; of the first since 1970.
    after: u32,
    flags: u8,
    route: u8,
    /// Minutes until it was read, if it was.
    lag: u32,
}

const INBOUND: u8 = 1;
const DELIVERED: u8 = 2;
const READ: u8 = 4;
const FAILED: u8 = 8;

impl Messages {
    /// Packs messages, whatever their order.
    #[must_use]
    pub fn of(talk: &[Talk]) -> Self {
        let mut sorted: Vec<&Talk> = talk.iter().collect();
        sorted.sort_by_key(|one| one.at);
        let mut places = BTreeMap::new();
        let mut routes = Vec::new();
        let mut all = Vec::with_capacity(sorted.len());
        for one in sorted {
            let route = route_of(one);
            let place = *places.entry(route.clone()).or_insert_with(|| {
                routes.push(route);
                routes.len() - 1
            });
            let at = minutes(one.at);
            let read = one.read.map(minutes).map(|read| read.max(at));
            all.push(Message {
                at,
                inbound: one.inbound,
                reach: reach(one),
                read,
                route: u8::try_from(place).unwrap_or(u8::MAX),
            });
        }
        Self {
            routes,
            packed: pack(all.into_iter()),
        }
    }

    /// One by one, earliest first.
    pub fn iter(&self) -> impl Iterator<Item = Message> + Clone {
        self.packed.iter().scan(0, |at, one| {
            *at += Minutes::from(one.after);
            Some(one.unpack(*at))
        })
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.packed.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.packed.is_empty()
    }

    /// The road one of these took.
    #[must_use]
    pub fn route(&self, message: &Message) -> Option<&Route> {
        self.routes.get(usize::from(message.route))
    }

    /// Those sent by then, read only if that had happened by then.
    ///
    /// When a message arrived or failed is not kept: both follow sending within minutes.
    #[must_use]
    pub(super) fn before(&self, cut: Minutes) -> Self {
        let sent = self.iter().take_while(|one| one.at <= cut);
        let seen = sent.map(|one| match one.read {
            Some(read) if read > cut => Message {
                reach: Reach::Delivered,
                read: None,
                ..one
            },
            _ => one,
        });
        Self {
            routes: self.routes.clone(),
            packed: pack(seen),
        }
    }
}

impl Packed {
    fn unpack(&self, at: Minutes) -> Message {
        let reach = match self.flags {
            flags if flags & READ > 0 => Reach::Read,
            flags if flags & FAILED > 0 => Reach::Failed,
            flags if flags & DELIVERED > 0 => Reach::Delivered,
            _ => Reach::Sent,
        };
        let read = (reach == Reach::Read).then(|| at + Minutes::from(self.lag));
        Message {
            at,
            inbound: self.flags & INBOUND > 0,
            reach,
            read,
            route: self.route,
        }
    }
}

fn pack(sorted: impl Iterator<Item = Message>) -> Vec<Packed> {
    let mut before = 0;
    let packed = sorted.map(|one| {
        let reach = match one.reach {
            Reach::Sent => 0,
            Reach::Delivered => DELIVERED,
            Reach::Read => READ,
            Reach::Failed => FAILED,
        };
        let after = u32::try_from(one.at - before).unwrap_or_default();
        // What came before 1970 counts as then, and so does what follows from it.
        before += Minutes::from(after);
        Packed {
            after,
            flags: reach | if one.inbound { INBOUND } else { 0 },
            route: one.route,
            lag: one
                .read
                .map_or(0, |read| u32::try_from(read - one.at).unwrap_or(u32::MAX)),
        }
    });
    packed.collect()
}

fn reach(talk: &Talk) -> Reach {
    match talk {
        Talk { read: Some(_), .. } => Reach::Read,
        Talk { failed: true, .. } => Reach::Failed,
        Talk {
            delivered: true, ..
        } => Reach::Delivered,
        _ => Reach::Sent,
    }
}

fn route_of(talk: &Talk) -> Route {
    match (&talk.channel, talk.account) {
        (_, Some(account)) => Route::Account(account),
        (Some(kind), None) => Route::Kind(kind.clone()),
        (None, None) => Route::Unknown,
    }
}
