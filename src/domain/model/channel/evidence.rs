//! What was tried on which channel and how it went, from messages and from the way bookings were made.
//!
//! A message that was sent is one try: answered within three days it counts fully, read by half (an opened e-mail by a
//! quarter, because machines open too), unread for three days not at all. Whoever writes first chose the channel. A
//! booking is a try of the telephone: made by phone, or not. What failed says that the person cannot be reached, not
//! that they did not like it.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::Channel;
use crate::domain::model::history::{DAY, History, Minutes};
use crate::domain::model::message::{Message, Reach, Route};

/// So long an answer may take.
const PATIENCE: Minutes = 3 * DAY;
/// What is written within a day of the last word belongs to the same conversation.
const CONVERSATION: Minutes = DAY;

/// One try.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trial {
    /// When.
    pub at: Minutes,
    /// On which channel.
    pub channel: Channel,
    /// How well it went, 0 to 1.
    pub success: f64,
}

/// What was seen of one person's channels.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Evidence {
    /// Tries that are decided, by time.
    pub trials: Vec<Trial>,
    /// When a message last arrived, or came in, by channel.
    pub reached: BTreeMap<Channel, Minutes>,
    /// When a message last failed, by channel.
    pub failed: BTreeMap<Channel, Minutes>,
}

/// What kind of channel each account of the operator is.
pub type Accounts = BTreeMap<Uuid, Channel>;

impl Evidence {
    /// What a history says by `now`; tries that may still be answered are left out.
    #[must_use]
    pub fn of(history: &History, accounts: &Accounts, now: Minutes) -> Self {
        let mut found = Self::default();
        let mut by_channel: BTreeMap<Channel, Vec<Message>> = BTreeMap::new();
        for message in history.messages.iter().filter(|one| one.at <= now) {
            if let Some(channel) = channel(history.route(&message), accounts) {
                by_channel.entry(channel).or_default().push(message);
            }
        }
        for (channel, messages) in &by_channel {
            found.talk(*channel, messages, now);
        }
        found.calls(history, now);
        found.trials.sort_by_key(|one| (one.at, one.channel));
        found
    }

    /// Tries by message, without bookings by phone.
    #[must_use]
    pub fn messages(&self) -> Vec<Trial> {
        let trials = self.trials.iter().copied();
        trials.filter(|one| one.channel != Channel::Phone).collect()
    }

    /// The messages of one channel, by time.
    fn talk(&mut self, channel: Channel, messages: &[Message], now: Minutes) {
        let mut answered = vec![false; messages.len()];
        let mut last_word: Option<Minutes> = None;
        let mut open: Option<usize> = None;
        for (place, message) in messages.iter().enumerate() {
            if message.inbound {
                self.reached.insert(channel, message.at);
                let asked = open
                    .take()
                    .and_then(|place| Some((place, messages.get(place)?)));
                let asked = asked.filter(|(_, asked)| message.at - asked.at <= PATIENCE);
                if let Some(of) = asked.and_then(|(place, _)| answered.get_mut(place)) {
                    *of = true;
                } else if last_word.is_none_or(|last| message.at - last > CONVERSATION) {
                    self.trials.push(Trial {
                        at: message.at,
                        channel,
                        success: 1.0,
                    });
                }
                last_word = Some(message.at);
            } else {
                open = Some(place);
            }
        }
        for (message, answered) in messages.iter().zip(answered) {
            self.sent(channel, message, answered, now);
        }
    }

    /// One message of the operator.
    fn sent(&mut self, channel: Channel, message: &Message, answered: bool, now: Minutes) {
        let read = message.read.is_some_and(|read| read <= now);
        let success = match message.reach {
            _ if message.inbound => return,
            Reach::Failed => {
                let last = self.failed.entry(channel).or_insert(message.at);
                *last = message.at.max(*last);
                return;
            }
            _ if answered => 1.0,
            Reach::Read if read && channel == Channel::Email => 0.25,
            Reach::Read if read => 0.5,
            // Nothing is known but that it was sent: perhaps nobody watches.
            Reach::Sent => return,
            _ if now - message.at < PATIENCE => return,
            _ => 0.0,
        };
        let last = self.reached.entry(channel).or_insert(message.at);
        *last = message.at.max(*last);
        self.trials.push(Trial {
            at: message.at,
            channel,
            success,
        });
    }

    /// Bookings, made by phone or otherwise; only of persons who ever booked by phone or could have.
    fn calls(&mut self, history: &History, now: Minutes) {
        let known = history.kept().filter(|one| one.booked <= now);
        let ways = known.filter_map(|one| {
            let way = history.sales_channel(one.sales_channel?)?;
            Some((one.booked, way == Channel::Phone.name()))
        });
        for (at, by_phone) in ways {
            if by_phone {
                self.reached.insert(Channel::Phone, at);
            }
            self.trials.push(Trial {
                at,
                channel: Channel::Phone,
                success: f64::from(u8::from(by_phone)),
            });
        }
    }
}

fn channel(route: Option<&Route>, accounts: &Accounts) -> Option<Channel> {
    match route? {
        Route::Kind(name) => Channel::from_name(name),
        Route::Account(id) => accounts.get(id).copied(),
        Route::Unknown => None,
    }
}
