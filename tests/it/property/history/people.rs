//! The operator and the persons: profiles that come late or never, merges and their undoing, erasure.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Act, Col, Plan, Table, cols, text, words};

impl Plan {
    pub(super) fn people(&mut self) {
        if self.dice.chance(65) {
            self.operator();
        }
        for person in self.persons.clone() {
            if self.dice.chance(88) {
                self.profile(person);
            }
        }
    }

    fn operator(&mut self) {
        let tenant = self.tenant;
        let mut at = self.when(300);
        let act = Act::Insert(self.operator_columns());
        self.push(at, Table::Operators, tenant, act);
        if self.dice.chance(30) {
            at = self.later(at);
            let act = Act::Update(self.operator_columns());
            self.push(at, Table::Operators, tenant, act);
        }
        if self.dice.chance(5) {
            at = self.strictly_later(at);
            self.push(at, Table::Operators, tenant, Act::Delete);
        }
    }

    fn operator_columns(&mut self) -> super::Cols {
        let zones = [
            "Europe/Berlin",
            "Europe/Berlin",
            "America/New_York",
            "Asia/Tokyo",
            "Pacific/Auckland",
        ];
        cols([
            ("name", text("Sonnenreisen")),
            ("default_locale", text("de-DE")),
            ("default_currency", self.currency()),
            ("time_zone", text(self.dice.pick(&zones))),
            ("status", text("ACTIVE")),
        ])
    }

    fn profile(&mut self, person: Uuid) {
        let mut at = self.when(250);
        let created = at;
        let mut columns = cols([
            ("first_name", text("Erika")),
            ("last_name", text("Mustermann")),
            ("email", text("erika@example.org")),
            ("date_of_birth", text("1950-01-01")),
            ("has_email", Col::Bool(true)),
            ("has_phone", Col::Bool(false)),
            ("profiling_objection_at", Col::Null),
            ("merged_into_id", Col::Null),
            ("pii_redacted_at", Col::Null),
            ("created_at", Col::At(created)),
        ]);
        columns.extend(self.consent());
        self.push(at, Table::Profiles, person, Act::Insert(columns));
        for _ in 0..self.dice.between(0, 2) {
            at = self.later(at);
            let patch = self.consent();
            self.push(at, Table::Profiles, person, Act::Update(patch));
        }
        if self.dice.chance(30) {
            at = self.merges(person, at);
        }
        if self.erasing && self.dice.chance(40) {
            self.erase(person, at);
        }
    }

    fn consent(&mut self) -> super::Cols {
        let consent = self.dice.maybe(&[true, false], 40);
        let locale = self.dice.maybe(&["de-DE", "en-GB", "fr-CH"], 30);
        let mut patch = cols([
            ("marketing_consent", consent.map_or(Col::Null, Col::Bool)),
            ("marketing_consent_at", Col::Null),
            ("locale", words(locale)),
        ]);
        if self.dice.chance(10) {
            let at = self.when(300);
            patch.insert("profiling_objection_at", Col::At(at));
        }
        patch
    }

    /// Into another person, known or not, perhaps back, perhaps on; the duplicate may be cleaned up.
    fn merges(&mut self, person: Uuid, mut at: DateTime<Utc>) -> DateTime<Utc> {
        let rounds = if self.erasing {
            1
        } else {
            self.dice.between(1, 3)
        };
        for _ in 0..rounds {
            at = self.strictly_later(at);
            let undone = !self.erasing && self.dice.chance(25);
            let into = if undone { None } else { self.somebody(0) };
            let into = if self.dice.chance(5) {
                Some(self.dice.id())
            } else {
                into
            };
            let patch = cols([("merged_into_id", super::id(into))]);
            self.push(at, Table::Profiles, person, Act::Update(patch));
        }
        if self.dice.chance(15) {
            at = self.strictly_later(at);
            self.push(at, Table::Profiles, person, Act::Delete);
        }
        at
    }

    fn erase(&mut self, person: Uuid, after: DateTime<Utc>) {
        let at = self.strictly_later(after);
        if self.dice.chance(50) {
            self.push(at, Table::Profiles, person, Act::Delete);
            return;
        }
        let patch = cols([("pii_redacted_at", Col::At(at)), ("first_name", Col::Null)]);
        self.push(at, Table::Profiles, person, Act::Update(patch));
    }
}
