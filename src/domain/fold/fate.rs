//! What became of a booking, from its states alone: confirmed, completed, failed to show, cancelled.

use serde::{Deserialize, Serialize};

use super::entity::Entity;
use crate::domain::source::Field;

/// States that only a confirmed booking reaches.
pub const CONFIRMING: [&str; 5] = [
    "DEPOSIT_PAID",
    "FULLY_PAID",
    "COMPLETED",
    "NO_SHOW",
    "REFUNDED",
];

/// What became of a booking, from its states alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent answers to independent questions"
)]
pub struct Fate {
    /// Any version was in a confirming state.
    pub confirmed: bool,
    /// The tour took place with it.
    pub completed: bool,
    /// Nobody appeared, says the platform.
    pub failed_to_show: bool,
    /// Ever cancelled, and that is how it stands.
    pub cancelled: bool,
    /// Any version was `FULLY_PAID`.
    pub ever_fully_paid: bool,
    /// REFUNDED after completing or failing to show.
    pub refunded_afterwards: bool,
    /// The latest state is `PENDING_PAYMENT`.
    pub pending: bool,
}

impl Fate {
    /// Reads the states of a booking that exists.
    #[must_use]
    pub fn of(booking: &Entity<'_>) -> Self {
        let shown = |state: &str| {
            booking
                .versions
                .iter()
                .any(|known| known.status() == Some(state))
        };
        let ends = ["COMPLETED", "NO_SHOW"];
        let last_of = |states: &[&str]| {
            let mut places = booking.versions.iter().enumerate().rev();
            places.find(|(_, known)| known.status().is_some_and(|state| states.contains(&state)))
        };
        let end = last_of(&ends);
        let ended_as = end.and_then(|(_, known)| known.status());
        let latest = booking.text(Field::Status);
        let refund = last_of(&["REFUNDED"]);
        Self {
            confirmed: CONFIRMING.iter().any(|state| shown(state)),
            completed: ended_as == Some("COMPLETED"),
            failed_to_show: ended_as == Some("NO_SHOW"),
            cancelled: shown("CANCELLED")
                && end.is_none()
                && matches!(latest, Some("CANCELLED" | "REFUNDED")),
            ever_fully_paid: shown("FULLY_PAID"),
            refunded_afterwards: end
                .zip(refund)
                .is_some_and(|((ended, _), (refunded, _))| refunded > ended),
            pending: latest == Some("PENDING_PAYMENT"),
        }
    }

    /// Confirmed and not cancelled.
    #[must_use]
    pub fn kept(self) -> bool {
        self.confirmed && !self.cancelled
    }
}
