//! At which hour of the day a person reads and writes, where enough was seen to say so.

use chrono::{DateTime, Timelike, Utc};
use chrono_tz::Tz;

/// So many moments are needed.
pub const LEAST: u32 = 5;
/// An hour is worth naming when so large a share falls within an hour of it.
const SHARE: f64 = 0.4;
const HOURS: u32 = 24;

/// The hour at which a person is best reached.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BestHour {
    /// 0 to 23, in the tenant's zone.
    pub hour: u32,
    /// Share of the moments within an hour before or after it.
    pub share: f64,
    /// How many moments.
    pub based_on: u32,
}

/// The hour with the most moments within an hour of it; of equal ones the earliest. None when it stands out too little.
#[must_use]
pub fn best(moments: impl Iterator<Item = DateTime<Utc>>, zone: Tz) -> Option<BestHour> {
    let mut counts = [0_u32; HOURS as usize];
    let mut all = 0;
    for moment in moments {
        let hour = moment.with_timezone(&zone).hour();
        if let Some(count) = counts.get_mut(hour as usize) {
            *count += 1;
            all += 1;
        }
    }
    if all < LEAST {
        return None;
    }
    let near = |hour: u32| -> u32 {
        let three = [HOURS - 1, 0, 1].map(|off| (hour + off) % HOURS);
        let each = three
            .into_iter()
            .filter_map(|hour| counts.get(hour as usize));
        each.sum()
    };
    let hour = (0..HOURS)
        .max_by_key(|hour| (near(*hour), own(&counts, *hour), std::cmp::Reverse(*hour)))?;
    let share = f64::from(near(hour)) / f64::from(all);
    (share >= SHARE).then_some(BestHour {
        hour,
        share,
        based_on: all,
    })
}

fn own(counts: &[u32], hour: u32) -> u32 {
    counts.get(hour as usize).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    fn at(hours: &[u32]) -> Option<BestHour> {
        let moments = hours.iter().map(|hour| {
            let summer = Utc.with_ymd_and_hms(2026, 7, 1, *hour, 30, 0);
            summer.unwrap()
        });
        best(moments, chrono_tz::Europe::Berlin)
    }

    #[test]
    fn the_hour_is_told_in_the_tenants_zone() {
        let found = at(&[16, 17, 17, 18, 6]).unwrap();
        assert_eq!((found.hour, found.based_on), (19, 5));
        assert!((found.share - 0.8).abs() < 1e-12);
        assert_eq!(
            at(&[21, 22, 22, 23, 22]).unwrap().hour,
            0,
            "midnight is no border"
        );
    }

    #[test]
    fn without_a_habit_there_is_no_hour() {
        assert_eq!(at(&[17, 17, 17, 17]), None, "too few");
        assert_eq!(at(&[0, 3, 6, 9, 12, 15, 18, 21]), None, "any time");
    }
}
