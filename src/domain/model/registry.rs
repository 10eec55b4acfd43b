//! What can be learned, and what becomes of a version that was trained.
//!
//! Absent on purpose: the algorithms, which stand beside this file, and where versions are kept.

use serde::{Deserialize, Serialize};

/// What a model is about. The numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// Who will book or travel again, when, and for how much.
    Churn = 0,
    /// Which tours go together.
    Tours = 1,
    /// Which groups of customers there are.
    Clusters = 2,
    /// What is usual for the tenant in channels and engagement.
    Habits = 3,
}

impl Kind {
    /// Every kind, in the order in which they are trained.
    pub const ALL: [Self; 4] = [Self::Churn, Self::Tours, Self::Clusters, Self::Habits];

    /// The stored number.
    #[must_use]
    pub const fn code(self) -> i16 {
        self as i16
    }

    /// The kind of that number.
    #[must_use]
    pub fn from_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// As it is written on the command line and in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Churn => "churn",
            Self::Tours => "tours",
            Self::Clusters => "clusters",
            Self::Habits => "habits",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// What became of a version after its training. The numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
pub enum Verdict {
    /// It speaks from now on.
    Promoted = 0,
    /// The champion of before does at least as well.
    BeatenByChampion = 1,
    /// A simple baseline does at least as well.
    BeatenByBaseline = 2,
    /// There is too little to learn from.
    Abstains = 3,
}

impl Verdict {
    const ALL: [Self; 4] = [
        Self::Promoted,
        Self::BeatenByChampion,
        Self::BeatenByBaseline,
        Self::Abstains,
    ];

    /// As it is written on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Promoted => "promoted",
            Self::BeatenByChampion => "beaten by the champion",
            Self::BeatenByBaseline => "beaten by the baseline",
            Self::Abstains => "abstains",
        }
    }

    /// The stored number.
    #[must_use]
    pub const fn code(self) -> i16 {
        self as i16
    }

    /// The verdict of that number.
    #[must_use]
    pub fn from_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_lead_back() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_code(kind.code()), Some(kind));
            assert_eq!(Kind::named(kind.name()), Some(kind));
        }
        for verdict in Verdict::ALL {
            assert_eq!(Verdict::from_code(verdict.code()), Some(verdict));
        }
        assert_eq!(Kind::from_code(99), None);
        assert_eq!(Kind::named("Churn"), None);
    }
}
