//! What somebody may do, as stable strings; roles are bundles of them (`roles`), root fields ask for them (`fields`).

use std::fmt;

/// One thing that somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// See what is known about persons: insight, timeline, reasons, models.
    Read,
    /// Change how persons are judged: models, weights, settings.
    Manage,
    /// Write down what a person said about their consent.
    Consent,
    /// See segments and who is in them.
    SegmentationRead,
    /// Define segments.
    SegmentationManage,
    /// See erasures, legal holds and the audit log.
    ComplianceRead,
    /// Ask for erasures, put and lift legal holds.
    ComplianceManage,
    /// Ask for everything that is held about a person.
    Export,
    /// Ask what a checkout can fill in before the person does.
    Checkout,
    /// Keep the service running: dead letters, jobs.
    Operations,
}

impl Permission {
    /// Every permission, in the order it is written down.
    pub const ALL: [Self; 10] = [
        Self::Read,
        Self::Manage,
        Self::Consent,
        Self::SegmentationRead,
        Self::SegmentationManage,
        Self::ComplianceRead,
        Self::ComplianceManage,
        Self::Export,
        Self::Checkout,
        Self::Operations,
    ];

    /// Its stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "customer:read",
            Self::Manage => "customer:manage",
            Self::Consent => "customer:consent",
            Self::SegmentationRead => "customer:segmentation:read",
            Self::SegmentationManage => "customer:segmentation:manage",
            Self::ComplianceRead => "customer:compliance:read",
            Self::ComplianceManage => "customer:compliance:manage",
            Self::Export => "customer:export",
            Self::Checkout => "customer:checkout",
            Self::Operations => "customer:operations",
        }
    }

    /// What it allows, in a few words.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Read => "see what is known about persons: insight, timeline, reasons, models",
            Self::Manage => "change how persons are judged: models, weights, settings",
            Self::Consent => "write down what a person said about their consent",
            Self::SegmentationRead => "see segments and who is in them",
            Self::SegmentationManage => "define segments",
            Self::ComplianceRead => "see erasures, legal holds and the audit log",
            Self::ComplianceManage => "ask for erasures, put and lift legal holds",
            Self::Export => "ask for everything that is held about a person",
            Self::Checkout => "ask what a checkout can fill in before the person does",
            Self::Operations => "keep the service running: dead letters, jobs",
        }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
