//! Progress of long work: a bar on a terminal, a plain line now and then elsewhere, on standard error.
//!
//! Standard output is left to results. Deliberately absent: any work.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Elsewhere than on a terminal a line is printed this often.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// The progress of one piece of work.
pub(super) struct Progress {
    name: &'static str,
    bar: Option<ProgressBar>,
    begun: Instant,
    said: Instant,
    /// How far it was when it began.
    first: Option<u64>,
}

/// How far a piece of work is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct At {
    /// Items done in this process: what the rate is of.
    pub(super) items: u64,
    /// How far it is, in the unit of `total`.
    pub(super) done: u64,
    /// How much there is in all, where that is known.
    pub(super) total: Option<u64>,
}

impl Progress {
    pub(super) fn new(name: &'static str) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            match ProgressStyle::with_template("{prefix} {wide_bar} {msg}") {
                Ok(style) => bar.with_style(style).with_prefix(name),
                Err(_) => bar,
            }
        });
        Self {
            name,
            bar,
            begun: Instant::now(),
            said: Instant::now(),
            first: None,
        }
    }

    /// Notes how far it is; `more` is said after rate and remaining time.
    pub(super) fn at(&mut self, at: At, more: &str) {
        let first = *self.first.get_or_insert(at.done);
        let text = words(at, first, self.begun.elapsed(), more);
        if let Some(bar) = &self.bar {
            if let Some(total) = at.total {
                bar.set_length(total.max(at.done));
            }
            bar.set_position(at.done);
            bar.set_message(text);
        } else if self.said.elapsed() >= LINE_EVERY {
            self.said = Instant::now();
            self.line(&text);
        }
    }

    /// A line that stays.
    pub(super) fn say(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(format!("{}: {text}", self.name)),
            None => self.line(text),
        }
    }

    /// The bar goes.
    pub(super) fn end(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }

    /// A line that cannot be written is not worth stopping for.
    fn line(&self, text: &str) {
        writeln!(std::io::stderr().lock(), "{}: {text}", self.name).ok();
    }
}

fn words(at: At, first: u64, elapsed: Duration, more: &str) -> String {
    let mut parts = vec![format!("{} read", count(at.items))];
    if let Some(total) = at.total.filter(|total| *total > 0) {
        parts.push(format!("{} %", (at.done.min(total) * 100) / total));
    }
    let millis = u64::try_from(elapsed.as_millis())
        .unwrap_or(u64::MAX)
        .max(1);
    parts.push(format!(
        "{}/s",
        count(at.items.saturating_mul(1_000) / millis)
    ));
    let (gained, left) = (
        at.done.saturating_sub(first),
        at.total.map(|total| total.saturating_sub(at.done)),
    );
    if let Some(left) = left.filter(|left| *left > 0 && gained > 0) {
        let seconds = u128::from(left) * u128::from(millis) / u128::from(gained) / 1_000;
        parts.push(format!(
            "about {} left",
            duration(u64::try_from(seconds).unwrap_or(u64::MAX))
        ));
    }
    if !more.is_empty() {
        parts.push(more.to_owned());
    }
    parts.join(", ")
}

/// A number with its thousands apart.
pub(super) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A length of time in its two largest units.
pub(super) fn duration(seconds: u64) -> String {
    match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_can_be_read() {
        assert_eq!(
            [0, 999, 1_000, 1_234_567].map(count),
            ["0", "999", "1,000", "1,234,567"]
        );
        assert_eq!(
            [59, 61, 3_700].map(duration),
            ["59 s", "1 min 1 s", "1 h 1 min"]
        );
    }

    #[test]
    fn the_remaining_time_follows_from_what_was_done_in_this_process() {
        let at = At {
            items: 1_000,
            done: 600,
            total: Some(1_000),
        };
        let said = words(at, 400, Duration::from_secs(2), "");
        assert_eq!(said, "1,000 read, 60 %, 500/s, about 4 s left");
        let unknown = At { total: None, ..at };
        assert_eq!(
            words(unknown, 400, Duration::from_secs(2), "more"),
            "1,000 read, 500/s, more"
        );
    }
}
