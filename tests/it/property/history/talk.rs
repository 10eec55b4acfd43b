//! What is written: contacts linked late, again or never, conversations, messages both ways.

use chrono::Duration;
use uuid::Uuid;

use super::{Act, Col, Plan, Table, cols, id, text};

impl Plan {
    pub(super) fn talk(&mut self) {
        let account = self.dice.id();
        if self.dice.chance(70) {
            let at = self.when(300);
            let columns = cols([("channel_type", text("EMAIL")), ("status", text("ACTIVE"))]);
            self.push(at, Table::Accounts, account, Act::Insert(columns));
        }
        for _ in 0..self.dice.below(4) {
            self.contact(account);
        }
    }

    fn contact(&mut self, account: Uuid) {
        let contact = self.dice.id();
        let mut at = self.when(200);
        let created = at;
        let columns = cols([
            ("person_profile_id", id(self.somebody(55))),
            ("name", text("Erika Mustermann")),
            ("created_at", Col::At(at)),
        ]);
        if self.dice.chance(92) {
            self.push(at, Table::Contacts, contact, Act::Insert(columns));
        }
        for _ in 0..self.dice.below(3) {
            at = self.later(at);
            let patch = cols([("person_profile_id", id(self.somebody(20)))]);
            self.push(at, Table::Contacts, contact, Act::Update(patch));
        }
        if self.dice.chance(4) {
            at = self.strictly_later(at);
            self.push(at, Table::Contacts, contact, Act::Delete);
        }
        for _ in 0..self.dice.below(3) {
            self.conversation(contact, account, created);
        }
    }

    fn conversation(&mut self, contact: Uuid, account: Uuid, after: chrono::DateTime<chrono::Utc>) {
        let conversation = self.dice.id();
        let mut at = self.strictly_later(after);
        let columns = cols([
            ("contact_id", Col::Id(contact)),
            (
                "booking_id",
                id(self.dice.maybe(&self.bookings.clone(), 60)),
            ),
            ("service_leg_id", Col::Null),
            ("invoice_id", Col::Null),
            ("status", text("OPEN")),
            ("opened_at", Col::At(at)),
            ("last_message_at", Col::Null),
            ("resolved_at", Col::Null),
        ]);
        self.push(at, Table::Conversations, conversation, Act::Insert(columns));
        if self.dice.chance(40) {
            at = self.later(at);
            let patch = cols([("status", text("RESOLVED")), ("resolved_at", Col::At(at))]);
            self.push(at, Table::Conversations, conversation, Act::Update(patch));
        }
        for _ in 0..self.dice.below(4) {
            self.message(conversation, account, after);
        }
    }

    fn message(&mut self, conversation: Uuid, account: Uuid, after: chrono::DateTime<chrono::Utc>) {
        let message = self.dice.id();
        let mut at = self.strictly_later(after - Duration::days(2));
        let inbound = self.dice.chance(40);
        let sent = if self.dice.chance(75) {
            Col::At(at)
        } else {
            Col::Null
        };
        let columns = cols([
            ("conversation_id", Col::Id(conversation)),
            ("channel_account_id", Col::Id(account)),
            (
                "direction",
                text(if inbound { "INBOUND" } else { "OUTBOUND" }),
            ),
            ("template_id", Col::Null),
            ("trigger_event", Col::Null),
            ("rendered_content", text("Guten Tag")),
            ("status", text(if inbound { "RECEIVED" } else { "QUEUED" })),
            ("sent_at", sent),
            ("delivered_at", Col::Null),
            ("read_at", Col::Null),
        ]);
        self.push(at, Table::Messages, message, Act::Insert(columns.clone()));
        if !inbound && self.dice.chance(70) {
            at = self.later(at);
            let patch = cols([("status", text("DELIVERED")), ("delivered_at", Col::At(at))]);
            self.push(at, Table::Messages, message, Act::Update(patch));
        }
        if !inbound && self.dice.chance(50) {
            at = self.later(at);
            let patch = cols([("status", text("READ")), ("read_at", Col::At(at))]);
            self.push(at, Table::Messages, message, Act::Update(patch));
        }
        self.perhaps_end(Table::Messages, message, at, &columns);
    }
}
