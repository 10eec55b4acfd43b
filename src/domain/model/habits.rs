//! What is usual for a tenant's customers in channels and engagement: the prior of whoever is hardly known.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::channel::Channel;
use super::channel::evidence::{Accounts, Evidence};
use super::channel::preference::Rates;
use super::engagement::{Usual, Weights, decayed, drawn, said};
use super::histories::Histories;
use super::history::{DAY, History, Minutes};
use super::sentiment::{self, Group, Sentiment};

/// A channel with fewer tries says nothing about the tenant's customers.
pub const TRIALS_MIN: u32 = 20;
/// Steps of the scale of response rates.
const STEPS: usize = 20;

/// The stored model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Habits {
    /// How well each channel does.
    pub rates: Rates,
    /// What kind of channel each account is.
    pub accounts: Accounts,
    /// What is usual otherwise.
    pub usual: Usual,
    /// What the parts of the engagement score weigh.
    pub weights: Weights,
    /// What groups of customers say.
    pub sentiment: BTreeMap<Group, Sentiment>,
    /// Name of the zone in which the tenant's days begin.
    pub time_zone: String,
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            rates: Rates::new(),
            accounts: Accounts::new(),
            usual: Usual::default(),
            weights: Weights::default(),
            sentiment: BTreeMap::new(),
            time_zone: chrono_tz::Europe::Berlin.name().to_owned(),
        }
    }
}

/// How it was learned.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Customers with messages or bookings.
    pub customers: u32,
    /// Tries by channel.
    pub trials: BTreeMap<Channel, u32>,
    /// Gaps between bookings.
    pub gaps: u32,
    /// Answers about trips.
    pub answers: u32,
}

impl Habits {
    /// Learns from everybody by an instant. What is too rare stays as it is for nobody in particular.
    #[must_use]
    pub fn learn(
        histories: &Histories,
        accounts: &BTreeMap<Uuid, String>,
        zone: Tz,
        weights: Weights,
        now: Minutes,
    ) -> (Self, Report) {
        let known = accounts.iter();
        let known = known.filter_map(|(id, kind)| Some((*id, Channel::from_name(kind)?)));
        let accounts: Accounts = known.collect();
        let mut sums = Sums::default();
        for history in histories.iter() {
            sums.add(&history, &accounts, now);
        }
        let usual = sums.usual();
        let report = Report {
            customers: sums.customers,
            trials: sums.tried.clone(),
            gaps: u32::try_from(sums.gaps.len()).unwrap_or(u32::MAX),
            answers: sums.answers,
        };
        let habits = Self {
            rates: sums.rates(),
            accounts,
            usual,
            weights,
            sentiment: sentiment::groups(histories, now),
            time_zone: zone.name().to_owned(),
        };
        (habits, report)
    }

    /// The zone in which the tenant's days begin.
    #[must_use]
    pub fn zone(&self) -> Tz {
        self.time_zone.parse().unwrap_or(chrono_tz::Europe::Berlin)
    }
}

#[derive(Default)]
struct Sums {
    customers: u32,
    won: BTreeMap<Channel, f64>,
    tried: BTreeMap<Channel, u32>,
    gaps: Vec<Minutes>,
    said: f64,
    answers: u32,
    /// Won and tried, all messages.
    messages: (f64, f64),
    /// Won and tried by person, what is old counting less: for the scale.
    each: Vec<(f64, f64)>,
}

impl Sums {
    fn add(&mut self, history: &History, accounts: &Accounts, now: Minutes) {
        let evidence = Evidence::of(history, accounts, now);
        let messages = evidence.messages();
        for trial in &messages {
            self.messages.0 += trial.success;
            self.messages.1 += 1.0;
        }
        if !messages.is_empty() {
            self.each.push(decayed(&messages, now));
        }
        for trial in &evidence.trials {
            *self.won.entry(trial.channel).or_default() += trial.success;
            *self.tried.entry(trial.channel).or_default() += 1;
        }
        let booked: Vec<Minutes> = history
            .kept()
            .map(|one| one.booked)
            .filter(|at| *at <= now)
            .collect();
        self.gaps.extend(
            booked
                .windows(2)
                .filter_map(|two| Some(two.last()? - two.first()?)),
        );
        for value in history
            .answers
            .iter()
            .filter(|one| one.at <= now)
            .filter_map(said)
        {
            self.said += value;
            self.answers += 1;
        }
        self.customers += u32::from(!booked.is_empty() || !evidence.trials.is_empty());
    }

    fn rates(&self) -> Rates {
        let enough = self.tried.iter().filter(|(_, n)| **n >= TRIALS_MIN);
        let rates = enough.filter_map(|(channel, n)| {
            let won = self.won.get(channel)?;
            Some((*channel, won / f64::from(*n)))
        });
        rates.collect()
    }

    fn usual(&mut self) -> Usual {
        let usual = Usual::default();
        self.gaps.sort_unstable();
        let gap = self.gaps.get(self.gaps.len() / 2);
        #[expect(
            clippy::cast_precision_loss,
            reason = "minutes of a lifetime fit a double"
        )]
        let gap_days = gap.map_or(usual.gap_days, |gap| (*gap as f64 / DAY as f64).max(1.0));
        let (won, messages) = self.messages;
        let enough = messages >= f64::from(TRIALS_MIN);
        let response = if enough {
            won / messages
        } else {
            usual.response
        };
        let enough_said = self.answers >= TRIALS_MIN;
        Usual {
            gap_days,
            response,
            response_steps: if enough {
                self.steps(response)
            } else {
                Vec::new()
            },
            feedback: if enough_said {
                self.said / f64::from(self.answers)
            } else {
                usual.feedback
            },
        }
    }

    /// The twentieths of the persons' rates, each drawn towards the usual one as persons are when they are judged.
    fn steps(&self, response: f64) -> Vec<f64> {
        let each = self.each.iter();
        let mut rates: Vec<f64> = each.map(|sums| drawn(*sums, response)).collect();
        rates.sort_by(f64::total_cmp);
        let at = |step: usize| rates.get(rates.len() * step / STEPS).copied();
        (1..STEPS).filter_map(at).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fold::voice::Talk;
    use crate::domain::model::history::instant;
    use crate::domain::model::message::Messages;

    const NOW: Minutes = 29_000_000;

    fn history(channel: &str, read: bool) -> History {
        let at = NOW - 10 * DAY;
        let talk = Talk {
            at: instant(at).unwrap(),
            inbound: false,
            delivered: true,
            failed: false,
            read: read.then(|| instant(at + 5).unwrap()),
            channel: Some(channel.to_owned()),
            account: None,
        };
        History {
            messages: Messages::of(&[talk]),
            ..History::default()
        }
    }

    #[test]
    fn the_tenants_channels_are_learned_where_there_is_enough_to_learn_from() {
        let read = (0..15).map(|_| history("WHATSAPP", true));
        let unread = (0..15).map(|_| history("WHATSAPP", false));
        let rare = (0..3).map(|_| history("SMS", true));
        let all: Vec<History> = read.chain(unread).chain(rare).collect();
        let all: Histories = all.iter().collect();
        let learn = |now| {
            Habits::learn(
                &all,
                &BTreeMap::new(),
                chrono_tz::UTC,
                Weights::default(),
                now,
            )
        };
        let (habits, report) = learn(NOW);
        assert_eq!(report.customers, 33);
        assert_eq!(habits.rates, Rates::from([(Channel::Whatsapp, 0.25)]));
        assert_eq!(habits.usual.response_steps.len(), 19);
        let (nothing, _) = learn(NOW - 100 * DAY);
        assert_eq!(nothing.usual, Usual::default());
        assert!(nothing.rates.is_empty());
    }
}
