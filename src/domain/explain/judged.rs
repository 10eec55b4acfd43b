//! What the values that models say rest on: the rows of which the history was made that the model looked at.

use super::{Evidence, Facts};
use crate::domain::metric::Metric as M;

impl Facts<'_> {
    /// What a judged metric rests on; nothing for those who are not judged.
    #[must_use]
    pub fn of_judgement(&self, metric: M) -> Evidence {
        if self.insight.history.is_none() {
            return Evidence::default();
        }
        let mut found = match metric {
            M::PredictedValue | M::Cluster => self.own_bookings(),
            M::ChurnRisk | M::ChurnBand | M::ChurnForecast | M::NextBooking => self.occasions(),
            M::ChannelPreference => Evidence::of(self.messages()).and_counted(self.confirmations()),
            _ => self
                .occasions()
                .and_counted(self.messages())
                .and_counted(self.feedback()),
        };
        found.rests.sort_by_key(|one| one.source);
        found
    }

    fn own_bookings(&self) -> Evidence {
        Evidence::of(self.confirmations())
    }

    /// Bookings of one's own and departures on anybody's, taken, missed or to come.
    fn occasions(&self) -> Evidence {
        self.all_departures().and_counted(self.confirmations())
    }
}
