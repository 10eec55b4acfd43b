//! Categories of what is known about a person: what can be erased by itself.
//!
//! Deliberately absent: the profile, which goes with the whole person only; consents, which prove what was allowed; and by
//! which channel somebody asked to be reached, which is an instruction and no observation.

use super::activity::Role;
use super::source::SourceKind;

/// A sort of facts about a person. The numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Category {
    /// Contacts, conversations and messages.
    Communications = 1,
    /// Feedback given.
    Feedback = 2,
    /// Checkouts begun, abandoned ones among them.
    Checkouts = 3,
    /// What was bought on board.
    Onboard = 4,
    /// Everything as a traveller: seats, tickets, boardings, purchases on board.
    Travel = 5,
    /// Everything as a booker: bookings, payments, extras, and feedback on them that names nobody.
    Bookings = 6,
}

impl Category {
    /// Every category, in the order of its number.
    pub const ALL: [Self; 6] = [
        Self::Communications,
        Self::Feedback,
        Self::Checkouts,
        Self::Onboard,
        Self::Travel,
        Self::Bookings,
    ];

    /// As it is stored, shown and asked for.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Communications => "COMMUNICATIONS",
            Self::Feedback => "FEEDBACK",
            Self::Checkouts => "CHECKOUTS",
            Self::Onboard => "ONBOARD",
            Self::Travel => "TRAVEL",
            Self::Bookings => "BOOKINGS",
        }
    }

    /// The category of that name, in small or capital letters.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let same = |category: &Self| category.name().eq_ignore_ascii_case(name);
        Self::ALL.into_iter().find(same)
    }

    /// The stored number.
    #[must_use]
    pub const fn code(self) -> i16 {
        self as i16
    }

    /// The category with that stored number.
    #[must_use]
    pub fn from_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.code() == code)
    }

    /// Whether rows of that kind belong to it where the person has that role in them.
    #[must_use]
    pub const fn covers(self, kind: SourceKind, role: Role) -> bool {
        use SourceKind as K;
        match self {
            Self::Communications => matches!(kind, K::Contact | K::Conversation | K::Message),
            Self::Feedback => matches!(kind, K::TripFeedback),
            Self::Checkouts => matches!(kind, K::CheckoutSession),
            Self::Onboard => matches!(kind, K::OnboardSale),
            Self::Travel => {
                matches!(role, Role::Traveller)
                    && matches!(
                        kind,
                        K::Booking | K::Passenger | K::Ticket | K::BoardingEvent | K::OnboardSale
                    )
            }
            Self::Bookings => {
                matches!(role, Role::Booker)
                    && matches!(
                        kind,
                        K::Booking | K::Payment | K::Ancillary | K::Passenger | K::TripFeedback
                    )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_come_back() {
        for one in Category::ALL {
            assert_eq!(Category::named(&one.name().to_lowercase()), Some(one));
            assert_eq!(Category::from_code(one.code()), Some(one));
        }
        assert_eq!(Category::named("PROFILE"), None);
        assert_eq!(Category::from_code(0), None);
    }
}
