//! Counting as people say it, in both languages.

use super::metric::Language;

/// A past day: today, yesterday, or so many days ago.
#[must_use]
pub fn ago(days: i64, language: Language) -> String {
    match (language, days) {
        (Language::German, ..=0) => "heute".to_owned(),
        (Language::German, 1) => "gestern".to_owned(),
        (Language::German, _) => format!("vor {days} Tagen"),
        (Language::English, ..=0) => "today".to_owned(),
        (Language::English, 1) => "yesterday".to_owned(),
        (Language::English, _) => format!("{days} days ago"),
    }
}

/// A day to come: today, tomorrow, or in so many days.
#[must_use]
pub fn ahead(days: i64, language: Language) -> String {
    match (language, days) {
        (Language::German, ..=0) => "heute".to_owned(),
        (Language::German, 1) => "morgen".to_owned(),
        (Language::German, _) => format!("in {days} Tagen"),
        (Language::English, ..=0) => "today".to_owned(),
        (Language::English, 1) => "tomorrow".to_owned(),
        (Language::English, _) => format!("in {days} days"),
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
    fn one_is_no_plural_and_near_days_have_names() {
        let both = |of: fn(i64, Language) -> String, days| {
            [Language::German, Language::English].map(|language| of(days, language))
        };
        assert_eq!(both(ago, 0), ["heute", "today"]);
        assert_eq!(both(ago, 1), ["gestern", "yesterday"]);
        assert_eq!(both(ago, 412), ["vor 412 Tagen", "412 days ago"]);
        assert_eq!(both(ahead, 0), ["heute", "today"]);
        assert_eq!(both(ahead, 1), ["morgen", "tomorrow"]);
        assert_eq!(both(ahead, 2), ["in 2 Tagen", "in 2 days"]);
        let english = [0, 1, 3, 4].map(|count| times(count, Language::English));
        assert_eq!(english, ["never", "once", "three times", "4 times"]);
        let german = [0, 1, 2, 4].map(|count| times(count, Language::German));
        assert_eq!(german, ["nie", "einmal", "zweimal", "4-mal"]);
        assert_eq!(many(1, ("booking", "bookings")), "1 booking");
        assert_eq!(many(0, ("booking", "bookings")), "0 bookings");
    }
}
