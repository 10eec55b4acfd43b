//! Counting as people say it, in both languages.

use super::metric::Language;

/// So many days, in German behind a preposition that wants the dative. Full days have passed, or days of the calendar in
/// some zone: neither says "today" or "tomorrow" where the customer lives.
#[must_use]
pub fn days(count: i64, language: Language) -> String {
    match (language, count) {
        (Language::German, ..=0) => "weniger als einem Tag".to_owned(),
        (Language::German, 1) => "einem Tag".to_owned(),
        (Language::German, _) => format!("{count} Tagen"),
        (Language::English, ..=0) => "less than a day".to_owned(),
        (Language::English, 1) => "a day".to_owned(),
        (Language::English, _) => format!("{count} days"),
    }
}

/// So many days ago.
#[must_use]
pub fn ago(count: i64, language: Language) -> String {
    let days = days(count, language);
    match language {
        Language::German => format!("vor {days}"),
        Language::English => format!("{days} ago"),
    }
}

/// How often: never, once, twice, so many times.
#[must_use]
pub fn times(count: u32, language: Language) -> String {
    match (language, count) {
        (Language::German, 0) => "nie".to_owned(),
        (Language::German, 1) => "einmal".to_owned(),
        (Language::German, 2) => "zweimal".to_owned(),
        (Language::German, 3) => "dreimal".to_owned(),
        (Language::German, _) => format!("{count}-mal"),
        (Language::English, 0) => "never".to_owned(),
        (Language::English, 1) => "once".to_owned(),
        (Language::English, 2) => "twice".to_owned(),
        (Language::English, 3) => "three times".to_owned(),
        (Language::English, _) => format!("{count} times"),
    }
}

/// So many of something, which is named in the singular and in the plural.
#[must_use]
pub fn many(count: i64, (one, more): (&str, &str)) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_no_plural_and_what_is_below_a_day_is_not_called_today() {
        let both = |of: fn(i64, Language) -> String, count| {
            [Language::German, Language::English].map(|language| of(count, language))
        };
        assert_eq!(both(days, 0), ["weniger als einem Tag", "less than a day"]);
        assert_eq!(both(ago, 1), ["vor einem Tag", "a day ago"]);
        assert_eq!(both(ago, 412), ["vor 412 Tagen", "412 days ago"]);
        let english = [0, 1, 3, 4].map(|count| times(count, Language::English));
        assert_eq!(english, ["never", "once", "three times", "4 times"]);
        let german = [0, 1, 2, 4].map(|count| times(count, Language::German));
        assert_eq!(german, ["nie", "einmal", "zweimal", "4-mal"]);
        assert_eq!(many(1, ("booking", "bookings")), "1 booking");
        assert_eq!(many(0, ("booking", "bookings")), "0 bookings");
    }
}
