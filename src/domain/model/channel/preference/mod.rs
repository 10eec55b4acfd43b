//! The preference itself: what was stated, what was learned, and how sure the latter is.

use std::collections::BTreeMap;

use super::Channel;
use super::best::{Beta, chances};
use super::evidence::{Evidence, Trial};
use super::hour::BestHour;
use crate::domain::consent::State;
use crate::domain::fold::voice::Ways;
use crate::domain::model::history::{DAY, Minutes};

/// What is old counts half every half year.
const HALF_LIFE_DAYS: f64 = 180.0;
/// The tenant's own channels count as much as so many messages.
pub const PRIOR: f64 = 4.0;
/// Another channel takes over when its rate is higher by more than this.
const HYSTERESIS: f64 = 0.05;
/// Fewer tries say nothing about a person.
pub const TRIALS_MIN: u32 = 3;
/// From so sure on the preference is worth telling others.
pub const SURE: f64 = 0.7;
/// A person who was reached within two years can be reached.
const REACH: Minutes = 730 * DAY;

/// How well a channel does with the tenant's customers, by channel, in (0, 1).
pub type Rates = BTreeMap<Channel, f64>;

/// A channel that the tenant has no figures of.
const UNKNOWN_RATE: f64 = 0.25;

/// What is known of a person beside the history.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Allowed {
    /// What the person asked for.
    pub stated: Option<Channel>,
    /// What the person says about marketing on a channel, where that was said.
    pub by_channel: BTreeMap<Channel, State>,
    /// What the person says about marketing on all others.
    pub otherwise: Option<State>,
}

impl Allowed {
    /// The same for somebody who asked for a channel.
    #[must_use]
    pub fn asking(mut self, stated: Option<Channel>) -> Self {
        self.stated = stated;
        self
    }
}

/// One channel of a person.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Affinity {
    /// Which.
    pub channel: Channel,
    /// How well it probably goes, in (0, 1).
    pub rate: f64,
    /// The chance that it is the best of those that were tried on this person, of the usable ones, too, while fewer than
    /// two were; 0 for those that are not usable.
    pub confidence: f64,
    /// Tries that were read or answered.
    pub responded: u32,
    /// All tries.
    pub tried: u32,
    /// The last time that the person read or answered.
    pub last_response: Option<Minutes>,
    /// The person can be reached there, as far as is known.
    pub reachable: bool,
    /// What the person says about marketing there.
    pub consent: Option<State>,
    /// Reachable and not refused.
    pub usable: bool,
}

/// The preference of a person.
#[derive(Debug, Clone, PartialEq)]
pub struct Preference {
    /// What the person asked for; comes before anything learned.
    pub stated: Option<Channel>,
    /// What was learned; none when too little was seen, no channel is usable, or the best was never tried on the person.
    pub learned: Option<Channel>,
    /// All channels that can be told something about: usable ones first, the best first.
    pub ranked: Vec<Affinity>,
    /// When the person is best reached.
    pub best_hour: Option<BestHour>,
}

impl Preference {
    /// That of somebody of whom nothing is learned.
    #[must_use]
    pub const fn asked(stated: Option<Channel>) -> Self {
        Self {
            stated,
            learned: None,
            ranked: Vec::new(),
            best_hour: None,
        }
    }

    /// The channel to use: what was asked for, else what was learned.
    #[must_use]
    pub fn channel(&self) -> Option<Channel> {
        self.stated.or(self.learned)
    }

    /// The chance that the learned channel is the best.
    #[must_use]
    pub fn confidence(&self) -> Option<f64> {
        let learned = self
            .ranked
            .iter()
            .find(|one| Some(one.channel) == self.learned);
        learned.map(|one| one.confidence)
    }

    /// How many tries it rests on.
    #[must_use]
    pub fn based_on(&self) -> u32 {
        self.ranked.iter().map(|one| one.tried).sum()
    }

    /// Worth telling others: sure enough, or nothing was stated and something was learned.
    #[must_use]
    pub fn resolved(&self) -> bool {
        let sure = self.confidence().is_some_and(|sure| sure >= SURE);
        self.stated.is_none() && sure
    }
}

/// Sums of what was tried on a channel, decayed to one instant.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    won: f64,
    lost: f64,
    at: Minutes,
}

impl Sums {
    fn by(self, now: Minutes) -> Self {
        #[expect(
            clippy::cast_precision_loss,
            reason = "minutes of a lifetime fit a double"
        )]
        let days = (now - self.at).max(0) as f64 / DAY as f64;
        let left = libm::exp2(-days / HALF_LIFE_DAYS);
        Self {
            won: self.won * left,
            lost: self.lost * left,
            at: now,
        }
    }

    fn beta(self, rate: f64) -> Beta {
        Beta {
            alpha: self.won + PRIOR * rate,
            beta: self.lost + PRIOR * (1.0 - rate),
        }
    }
}

/// The preference at an instant.
#[must_use]
pub fn preference(
    evidence: &Evidence,
    rates: &Rates,
    ways: Ways,
    allowed: &Allowed,
    best_hour: Option<BestHour>,
    now: Minutes,
) -> Preference {
    let usable = |channel: Channel| usable(channel, evidence, ways, allowed, now);
    let learned = held(&evidence.trials, rates, usable, now);
    let sums = decayed(&evidence.trials, now);
    let known = Channel::LEARNED.into_iter().filter(|channel| {
        let tried = sums.contains_key(channel);
        tried || usable(*channel) || rates.contains_key(channel)
    });
    let mut ranked: Vec<Affinity> = known
        .map(|channel| {
            let sums = sums.get(&channel).copied().unwrap_or_default();
            Affinity {
                rate: sums.beta(rate(rates, channel)).mean(),
                reachable: reachable(channel, evidence, ways, now),
                consent: consent(channel, allowed),
                usable: usable(channel),
                ..counted(channel, &evidence.trials)
            }
        })
        .collect();
    ranked.sort_by(|a, b| {
        let usable = b.usable.cmp(&a.usable);
        let better = b.rate.total_cmp(&a.rate);
        usable.then(better).then(a.channel.cmp(&b.channel))
    });
    sure(&mut ranked, &sums, rates);
    let tried: u32 = ranked.iter().map(|one| one.tried).sum();
    // What is merely usual for the tenant was not learned from the person.
    let own = |channel: &Channel| sums.contains_key(channel);
    Preference {
        stated: allowed.stated,
        learned: learned.filter(|channel| tried >= TRIALS_MIN && own(channel)),
        ranked,
        best_hour,
    }
}

fn rate(rates: &Rates, channel: Channel) -> f64 {
    let rate = rates.get(&channel).copied().unwrap_or(UNKNOWN_RATE);
    rate.clamp(0.01, 0.99)
}

fn decayed(trials: &[Trial], now: Minutes) -> BTreeMap<Channel, Sums> {
    let mut sums: BTreeMap<Channel, Sums> = BTreeMap::new();
    for trial in trials {
        let of = sums.entry(trial.channel).or_default();
        *of = of.by(trial.at);
        of.won += trial.success;
        of.lost += 1.0 - trial.success;
    }
    sums.into_iter()
        .map(|(channel, sums)| (channel, sums.by(now)))
        .collect()
}

/// The usable channel that holds after everything that happened, in the order in which it did: another one takes over
/// only when it is clearly better, so that the preference does not flicker.
fn held(
    trials: &[Trial],
    rates: &Rates,
    usable: impl Fn(Channel) -> bool,
    now: Minutes,
) -> Option<Channel> {
    let mut sums: BTreeMap<Channel, Sums> = BTreeMap::new();
    let mut holds: Option<Channel> = None;
    let turn = |sums: &BTreeMap<Channel, Sums>, holds: Option<Channel>, at: Minutes| {
        let mean = |channel: Channel| {
            let sums = sums.get(&channel).copied().unwrap_or_default();
            sums.by(at).beta(rate(rates, channel)).mean()
        };
        let candidates = Channel::LEARNED
            .into_iter()
            .filter(|channel| usable(*channel));
        let best = candidates.max_by(|a, b| mean(*a).total_cmp(&mean(*b)).then(b.cmp(a)))?;
        match holds {
            Some(held) if mean(best) <= mean(held) + HYSTERESIS => Some(held),
            _ => Some(best),
        }
    };
    for trial in trials {
        let of = sums.entry(trial.channel).or_default();
        *of = of.by(trial.at);
        of.won += trial.success;
        of.lost += 1.0 - trial.success;
        holds = turn(&sums, holds, trial.at);
    }
    turn(&sums, holds, now)
}

fn counted(channel: Channel, trials: &[Trial]) -> Affinity {
    let own = || trials.iter().filter(|one| one.channel == channel);
    let responded = || own().filter(|one| one.success > 0.0);
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Affinity {
        channel,
        rate: 0.0,
        confidence: 0.0,
        responded: count(responded().count()),
        tried: count(own().count()),
        last_response: responded().map(|one| one.at).max(),
        reachable: false,
        consent: None,
        usable: false,
    }
}

/// How sure each usable channel is the best of those that were tried on this person. Those that cannot be used any more
/// are compared with, too: to be the only way left is no preference.
fn sure(ranked: &mut [Affinity], sums: &BTreeMap<Channel, Sums>, rates: &Rates) {
    let enough = ranked.iter().filter(|one| one.tried > 0).count() >= 2;
    let counts = |one: &Affinity| one.tried > 0 || (!enough && one.usable);
    let betas = ranked.iter().filter(|one| counts(one)).map(|one| {
        let sums = sums.get(&one.channel).copied().unwrap_or_default();
        sums.beta(rate(rates, one.channel))
    });
    let chances = chances(&betas.collect::<Vec<Beta>>());
    let counted = ranked.iter_mut().filter(|one| counts(one));
    for (one, chance) in counted.zip(chances) {
        if one.usable {
            one.confidence = chance;
        }
    }
}

fn usable(
    channel: Channel,
    evidence: &Evidence,
    ways: Ways,
    allowed: &Allowed,
    now: Minutes,
) -> bool {
    let refused = matches!(
        consent(channel, allowed),
        Some(State::Denied | State::Revoked | State::Expired)
    );
    !refused && reachable(channel, evidence, ways, now)
}

fn consent(channel: Channel, allowed: &Allowed) -> Option<State> {
    allowed
        .by_channel
        .get(&channel)
        .copied()
        .or(allowed.otherwise)
}

/// The profile says so, else somebody was reached there within two years; not when the last thing that happened was that
/// a message failed.
fn reachable(channel: Channel, evidence: &Evidence, ways: Ways, now: Minutes) -> bool {
    let reached = evidence.reached.get(&channel).copied();
    let failed = evidence.failed.get(&channel).copied();
    if failed.is_some_and(|failed| reached.is_none_or(|reached| reached < failed)) {
        return false;
    }
    let told = match channel {
        Channel::Email => ways.email,
        Channel::Phone | Channel::Sms => ways.phone,
        _ => None,
    };
    told == Some(true) || reached.is_some_and(|at| now - at <= REACH)
}

#[cfg(test)]
mod tests;
