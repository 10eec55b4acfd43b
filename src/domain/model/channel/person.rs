//! One person's channels from their history and what is usual for the tenant, with the sentence that says why.

use chrono::{DateTime, Utc};

use super::evidence::Evidence;
use super::hour;
use super::preference::{Affinity, Allowed, Preference, preference};
use crate::domain::metric::Language;
use crate::domain::model::engagement::words::day;
use crate::domain::model::habits::Habits;
use crate::domain::model::history::{History, Minutes, instant};

/// Channels that a sentence names.
const NAMED: usize = 3;

/// The preference of a person at an instant; without a history nothing may be learned, and what was asked for is all.
#[must_use]
pub fn of(
    history: Option<&History>,
    habits: &Habits,
    allowed: &Allowed,
    now: Minutes,
) -> Preference {
    let Some(history) = history else {
        return Preference::asked(allowed.stated);
    };
    let evidence = Evidence::of(history, &habits.accounts, now);
    let moments = moments(history, now);
    let hour = hour::best(moments, habits.zone());
    preference(&evidence, &habits.rates, history.ways, allowed, hour, now)
}

/// When the person wrote or read.
fn moments(history: &History, now: Minutes) -> impl Iterator<Item = DateTime<Utc>> {
    let acted = history.messages.iter().map(|message| {
        let wrote = message.inbound.then_some(message.at);
        wrote.or(message.read)
    });
    acted
        .flatten()
        .filter(move |at| *at <= now)
        .filter_map(instant)
}

/// Why, such as "`WhatsApp`: 9 of 11 read or answered (last 2025-10-14), e-mail: 2 of 15".
#[must_use]
pub fn told(found: &Preference, habits: &Habits, language: Language) -> String {
    let stated = found.stated.map(|channel| {
        let name = channel.told(language);
        match language {
            Language::German => format!("gewünscht: {name}"),
            Language::English => format!("asked for: {name}"),
        }
    });
    let tried = found.ranked.iter().filter(|one| one.tried > 0).take(NAMED);
    let mut first = true;
    let learned = tried.map(|one| {
        let text = channel(one, habits, language, first);
        first = false;
        text
    });
    let all: Vec<String> = stated.into_iter().chain(learned).collect();
    if all.is_empty() {
        let nothing = match language {
            Language::German => "noch keine Nachrichten oder Buchungen",
            Language::English => "no messages or bookings yet",
        };
        return nothing.to_owned();
    }
    all.join(", ")
}

fn channel(one: &Affinity, habits: &Habits, language: Language, long: bool) -> String {
    let (name, won, all) = (one.channel.told(language), one.responded, one.tried);
    let last = one.last_response.map(|at| day(at, habits.zone(), language));
    match (language, last.filter(|_| long)) {
        (Language::German, Some(last)) => {
            format!("{name}: {won} von {all} gelesen oder beantwortet (zuletzt {last})")
        }
        (Language::English, Some(last)) => {
            format!("{name}: {won} of {all} read or answered (last {last})")
        }
        (Language::German, None) => format!("{name}: {won} von {all}"),
        (Language::English, None) => format!("{name}: {won} of {all}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Channel;
    use super::*;

    #[test]
    fn the_sentence_names_the_best_channel_first_and_longest() {
        let one = |channel, responded, tried, last_response| Affinity {
            channel,
            rate: 0.5,
            confidence: 0.5,
            responded,
            tried,
            last_response,
            reachable: true,
            consent: None,
            usable: true,
        };
        let mut found = Preference {
            stated: None,
            learned: Some(Channel::Whatsapp),
            ranked: vec![
                one(Channel::Whatsapp, 9, 11, Some(29_340_000)),
                one(Channel::Email, 2, 15, Some(29_000_000)),
                one(Channel::Sms, 0, 0, None),
            ],
            best_hour: None,
        };
        let habits = Habits::default();
        assert_eq!(
            told(&found, &habits, Language::German),
            "WhatsApp: 9 von 11 gelesen oder beantwortet (zuletzt 14.10.2025), E-Mail: 2 von 15"
        );
        found.stated = Some(Channel::Post);
        found.ranked.clear();
        assert_eq!(told(&found, &habits, Language::English), "asked for: post");
        found.stated = None;
        assert_eq!(
            told(&found, &habits, Language::English),
            "no messages or bookings yet"
        );
    }
}
