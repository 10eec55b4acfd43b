//! Channels compared: what was answered wins, and little is known for a while. Absent: whole tenants; those are elsewhere.

use uuid::Uuid;

use super::*;
use crate::domain::fold::voice::Talk;
use crate::domain::model::channel::evidence::Accounts;
use crate::domain::model::history::{History, instant};
use crate::domain::model::message::Messages;
use crate::domain::model::seed::Seed;

const NOW: Minutes = 29_000_000;

fn trial(days_ago: i64, channel: Channel, success: f64) -> Trial {
    Trial {
        at: NOW - days_ago * DAY,
        channel,
        success,
    }
}

/// Reachable everywhere, nothing said.
fn seen(mut trials: Vec<Trial>) -> Evidence {
    trials.sort_by_key(|one| one.at);
    let reached = Channel::LEARNED.map(|channel| (channel, NOW - DAY));
    Evidence {
        trials,
        reached: reached.into(),
        failed: BTreeMap::new(),
    }
}

fn rates() -> Rates {
    Rates::from([
        (Channel::Whatsapp, 0.5),
        (Channel::Email, 0.3),
        (Channel::Sms, 0.3),
    ])
}

fn judged(evidence: &Evidence, allowed: &Allowed) -> Preference {
    preference(evidence, &rates(), Ways::default(), allowed, None, NOW)
}

fn many(channel: Channel, won: u32, lost: u32) -> Vec<Trial> {
    let each = |success| move |n: u32| trial(i64::from(n) * 10 + 5, channel, success);
    let won = (0..won).map(each(1.0));
    won.chain((0..lost).map(each(0.0))).collect()
}

#[test]
fn who_answers_e_mails_and_ignores_the_rest_prefers_e_mail() {
    let mut trials = many(Channel::Email, 9, 2);
    trials.extend(many(Channel::Whatsapp, 1, 9));
    let found = judged(&seen(trials), &Allowed::default());
    assert_eq!(found.learned, Some(Channel::Email));
    assert!(found.confidence().unwrap() > 0.9 && found.resolved());
    let first = found.ranked[0];
    assert_eq!(
        (first.channel, first.responded, first.tried),
        (Channel::Email, 9, 11)
    );
    assert_eq!(first.last_response, Some(NOW - 5 * DAY));
    let sure: f64 = found.ranked.iter().map(|one| one.confidence).sum();
    assert!((sure - 1.0).abs() < 1e-3, "the chances are of one whole");
}

#[test]
fn what_was_stated_comes_first_and_stays_apart() {
    let allowed = Allowed {
        stated: Some(Channel::Post),
        ..Allowed::default()
    };
    let found = judged(&seen(many(Channel::Email, 9, 0)), &allowed);
    assert_eq!(found.channel(), Some(Channel::Post));
    assert_eq!(found.learned, Some(Channel::Email));
    assert!(
        !found.resolved(),
        "nothing to tell others: the person said it"
    );
}

#[test]
fn refused_and_unreachable_channels_are_listed_last_and_never_preferred() {
    let mut trials = many(Channel::Email, 9, 0);
    trials.push(trial(7, Channel::Whatsapp, 1.0));
    let mut evidence = seen(trials);
    let refused = Allowed {
        by_channel: BTreeMap::from([(Channel::Email, State::Revoked)]),
        otherwise: Some(State::Granted),
        ..Allowed::default()
    };
    let found = judged(&evidence, &refused);
    assert_eq!(found.learned, Some(Channel::Whatsapp));
    let email = found
        .ranked
        .iter()
        .find(|one| one.channel == Channel::Email)
        .unwrap();
    assert!(!email.usable && email.reachable);
    assert!(email.confidence.abs() < f64::EPSILON);
    evidence.failed.insert(Channel::Email, NOW);
    let bounced = judged(&evidence, &Allowed::default());
    assert_eq!(bounced.learned, Some(Channel::Whatsapp));
    let all = Allowed {
        otherwise: Some(State::Denied),
        ..Allowed::default()
    };
    let none = judged(&evidence, &all);
    assert_eq!(
        (none.learned, none.channel(), none.confidence()),
        (None, None, None)
    );
}

#[test]
fn too_little_seen_is_no_preference_but_still_a_ranking() {
    let found = judged(&seen(many(Channel::Email, 2, 0)), &Allowed::default());
    assert_eq!(found.learned, None);
    assert_eq!(found.based_on(), 2);
    assert!(!found.ranked.is_empty());
}

#[test]
fn the_only_way_that_is_left_is_no_preference() {
    let denied = [Channel::Whatsapp, Channel::Webchat, Channel::Phone];
    let allowed = Allowed {
        by_channel: denied.map(|one| (one, State::Denied)).into(),
        ..Allowed::default()
    };
    let mut trials = many(Channel::Whatsapp, 3, 1);
    let mut evidence = seen(trials.clone());
    evidence.failed.insert(Channel::Sms, NOW);
    let untried = judged(&evidence, &allowed);
    assert_eq!(untried.ranked[0].channel, Channel::Email);
    assert_eq!(untried.learned, None, "e-mail was never tried");
    trials.push(trial(5, Channel::Email, 1.0));
    let tried = judged(&seen(trials), &allowed);
    assert_eq!(tried.learned, Some(Channel::Email));
    assert!(
        !tried.resolved(),
        "one answer beside three by WhatsApp: {tried:?}"
    );
}

#[test]
fn a_slightly_better_channel_does_not_take_over() {
    // Both rates drift around each other; the one that came first holds.
    let mut trials = many(Channel::Whatsapp, 6, 4);
    trials.extend((0..6).map(|n| trial(3 + n, Channel::Email, 1.0)));
    trials.extend((0..2).map(|n| trial(20 + n, Channel::Email, 0.0)));
    let found = judged(&seen(trials.clone()), &Allowed::default());
    let rate = |channel| {
        found
            .ranked
            .iter()
            .find(|one| one.channel == channel)
            .unwrap()
            .rate
    };
    let ahead = rate(Channel::Email) - rate(Channel::Whatsapp);
    assert!(ahead > 0.0 && ahead < HYSTERESIS, "{ahead}");
    assert_eq!(found.learned, Some(Channel::Whatsapp));
    trials.extend((0..6).map(|_| trial(1, Channel::Email, 1.0)));
    let clear = judged(&seen(trials), &Allowed::default());
    assert_eq!(clear.learned, Some(Channel::Email));
}

#[test]
fn what_is_old_fades() {
    let mut trials: Vec<Trial> = (0..10)
        .map(|n| trial(1_500 + n, Channel::Email, 1.0))
        .collect();
    trials.extend((0..5).map(|n| trial(n + 1, Channel::Sms, 1.0)));
    let found = judged(&seen(trials), &Allowed::default());
    assert_eq!(found.learned, Some(Channel::Sms));
}

fn talk(minutes: Minutes, inbound: bool, read: Option<Minutes>, account: u128) -> Talk {
    Talk {
        at: instant(minutes).unwrap(),
        inbound,
        delivered: true,
        failed: false,
        read: read.and_then(instant),
        channel: None,
        account: Some(Uuid::from_u128(account)),
    }
}

#[test]
fn messages_become_tries_when_they_are_decided() {
    let day = |n: i64| NOW - 100 * DAY + n * DAY;
    let history = History {
        messages: Messages::of(&[
            talk(day(0), false, Some(day(0) + 60), 1),
            talk(day(0) + 120, true, None, 1),
            talk(day(0) + 180, true, None, 1),
            talk(day(10), false, Some(day(11)), 1),
            talk(day(20), false, Some(day(21)), 2),
            talk(day(30), false, None, 2),
            talk(day(40), true, None, 2),
            talk(NOW - DAY, false, None, 1),
            talk(day(50), false, None, 9),
            Talk {
                delivered: false,
                failed: true,
                ..talk(day(60), false, None, 2)
            },
        ]),
        ..History::default()
    };
    let accounts = Accounts::from([
        (Uuid::from_u128(1), Channel::Whatsapp),
        (Uuid::from_u128(2), Channel::Email),
    ]);
    let found = Evidence::of(&history, &accounts, NOW);
    let told: Vec<(Channel, f64)> = found
        .trials
        .iter()
        .map(|one| (one.channel, one.success))
        .collect();
    assert_eq!(
        told,
        [
            (Channel::Whatsapp, 1.0),
            (Channel::Whatsapp, 0.5),
            (Channel::Email, 0.25),
            (Channel::Email, 0.0),
            (Channel::Email, 1.0),
        ],
        "answered, read, opened, unread, written first; yesterday's is open, of unknown accounts nothing"
    );
    assert_eq!(found.failed.get(&Channel::Email), Some(&day(60)));
    assert_eq!(found.reached.get(&Channel::Email), Some(&day(40)));
    let early = Evidence::of(&history.before(instant(day(5)).unwrap()), &accounts, day(5));
    assert_eq!(early.trials.len(), 1, "nothing of later is known");
}

/// A gamma of a whole or half shape by sums of exponentials; good enough to draw rates.
fn rate_of(seed: &mut Seed, alpha: u32, beta: u32) -> f64 {
    let mut gamma = |n: u32| -> f64 { (0..n).map(|_| -libm::log(1.0 - seed.share())).sum() };
    let (a, b) = (gamma(alpha), gamma(beta));
    a / (a + b)
}

#[test]
fn choosing_by_it_gets_more_answers_than_the_tenants_best_channel_for_all() {
    let channels = [Channel::Email, Channel::Whatsapp, Channel::Sms];
    let prior = Rates::from([(channels[0], 0.2), (channels[1], 0.5), (channels[2], 0.25)]);
    let mut seed = Seed::new(5);
    let (mut chosen, mut always, mut oracle) = (0.0, 0.0, 0.0);
    for _ in 0..400 {
        let truth = [(1, 4), (2, 2), (1, 3)].map(|(a, b)| rate_of(&mut seed, a, b));
        let mut evidence = seen(Vec::new());
        for turn in 0..24 {
            let at = NOW - (24 - turn) * DAY;
            let found = held(&evidence.trials, &prior, |one| channels.contains(&one), at).unwrap();
            let rate = truth[channels.iter().position(|one| *one == found).unwrap()];
            evidence.trials.push(Trial {
                at,
                channel: found,
                success: f64::from(u8::from(seed.share() < rate)),
            });
            chosen += rate;
            always += truth[1];
            oracle += truth.iter().copied().fold(0.0, f64::max);
        }
    }
    assert!(
        chosen > always * 1.005,
        "{chosen} beside {always} of {oracle}"
    );
}
