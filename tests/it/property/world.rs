//! The platform's side of the property: rows, commands that change them, and every version a row ever had.
//!
//! A history is a list of commands, each standing alone, so that any of them can be left out when a failing
//! history is made small: a command that no longer applies does nothing. Absent on purpose: deliveries.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

/// The platform's tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Table {
    Operators,
    Profiles,
    Templates,
    Points,
    Offerings,
    Bookings,
    Passengers,
    Payments,
    Ancillaries,
    Tickets,
    Sessions,
    Feedback,
    Legs,
    Boardings,
    Sales,
    Accounts,
    Contacts,
    Conversations,
    Messages,
}

impl Table {
    /// Schema and name, as Hasura spells them.
    pub(super) const fn name(self) -> (&'static str, &'static str) {
        match self {
            Self::Operators => ("backoffice", "operators"),
            Self::Profiles => ("backoffice", "person_profiles"),
            Self::Templates => ("backoffice", "tour_templates"),
            Self::Points => ("backoffice", "boarding_points"),
            Self::Offerings => ("commerce", "tour_offerings"),
            Self::Bookings => ("commerce", "bookings"),
            Self::Passengers => ("commerce", "passengers"),
            Self::Payments => ("commerce", "payments"),
            Self::Ancillaries => ("commerce", "ancillaries"),
            Self::Tickets => ("commerce", "tickets"),
            Self::Sessions => ("commerce", "checkout_sessions"),
            Self::Feedback => ("commerce", "trip_feedback"),
            Self::Legs => ("operations", "service_legs"),
            Self::Boardings => ("operations", "boarding_events"),
            Self::Sales => ("operations", "onboard_sales"),
            Self::Accounts => ("communications", "channel_accounts"),
            Self::Contacts => ("communications", "contacts"),
            Self::Conversations => ("communications", "conversations"),
            Self::Messages => ("communications", "messages"),
        }
    }

    /// A DELETE of a link or reference row changes nothing; these rows end.
    pub(super) const fn can_end(self) -> bool {
        matches!(
            self,
            Self::Profiles
                | Self::Bookings
                | Self::Passengers
                | Self::Payments
                | Self::Ancillaries
                | Self::Sessions
                | Self::Feedback
                | Self::Boardings
                | Self::Sales
                | Self::Messages
        )
    }
}

/// A column's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Col {
    Null,
    Bool(bool),
    Int(i64),
    Cents(i64),
    Id(Uuid),
    At(DateTime<Utc>),
    Day(NaiveDate),
    Text(String),
}

/// Columns by name.
pub(super) type Cols = BTreeMap<&'static str, Col>;

/// A row as it stands in the table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Row(pub(super) Cols);

impl Row {
    pub(super) fn id(&self, name: &str) -> Option<Uuid> {
        match self.0.get(name) {
            Some(Col::Id(id)) => Some(*id),
            _ => None,
        }
    }

    pub(super) fn at(&self, name: &str) -> Option<DateTime<Utc>> {
        match self.0.get(name) {
            Some(Col::At(at)) => Some(*at),
            _ => None,
        }
    }

    pub(super) fn day(&self, name: &str) -> Option<NaiveDate> {
        match self.0.get(name) {
            Some(Col::Day(day)) => Some(*day),
            _ => None,
        }
    }

    pub(super) fn cents(&self, name: &str) -> Option<i64> {
        match self.0.get(name) {
            Some(Col::Cents(cents)) => Some(*cents),
            _ => None,
        }
    }

    pub(super) fn int(&self, name: &str) -> Option<i64> {
        match self.0.get(name) {
            Some(Col::Int(int)) => Some(*int),
            _ => None,
        }
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.0.get(name) {
            Some(Col::Text(text)) => Some(text),
            _ => None,
        }
    }

    pub(super) fn is(&self, name: &str, word: &str) -> bool {
        self.text(name) == Some(word)
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.0.get(name) == Some(&Col::Bool(true))
    }
}

/// Something that happens to one row at one instant.
#[derive(Debug, Clone)]
pub(super) struct Command {
    pub(super) at: DateTime<Utc>,
    pub(super) table: Table,
    pub(super) id: Uuid,
    pub(super) act: Act,
}

/// What happens.
#[derive(Debug, Clone)]
pub(super) enum Act {
    /// The row appears (again); nothing if it is there.
    Insert(Cols),
    /// These columns change; nothing if the row is not there.
    Update(Cols),
    /// The row goes; nothing if it is not there.
    Delete,
    /// A canonical `BookingNoShow` names for each passenger whether they boarded: nothing in any row says it.
    Said(Vec<(Uuid, bool)>),
}

/// A row changed, as a trigger sees it.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) table: Table,
    pub(super) id: Uuid,
    pub(super) old: Option<Arc<Row>>,
    pub(super) new: Option<Arc<Row>>,
    /// The version's time.
    pub(super) at: DateTime<Utc>,
    /// The index of the row's version that this change made (or ended) in [`World::rows`].
    pub(super) version: usize,
}

/// One version a row ever had.
#[derive(Debug, Clone)]
pub(super) struct Ver {
    pub(super) at: DateTime<Utc>,
    /// The next version has the same time: it was, but its values never count.
    pub(super) superseded: bool,
    /// Not a version but the end of the row.
    pub(super) tombstone: bool,
    pub(super) row: Arc<Row>,
}

/// What a canonical event said about a passenger.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub(super) at: DateTime<Utc>,
    pub(super) booking: Uuid,
    pub(super) passengers: Vec<(Uuid, bool)>,
}

/// Everything that ever was.
#[derive(Debug, Clone, Default)]
pub(super) struct World {
    pub(super) tenant: Uuid,
    /// Whether persons may be erased; otherwise only the profile of a merged duplicate can go.
    pub(super) erasing: bool,
    pub(super) rows: BTreeMap<(Table, Uuid), Vec<Ver>>,
    pub(super) said: Vec<Said>,
    pub(super) changes: Vec<Change>,
}

impl World {
    /// Runs the commands in the order of their time.
    pub(super) fn run(tenant: Uuid, erasing: bool, commands: &[Command]) -> Self {
        let mut sorted: Vec<&Command> = commands.iter().collect();
        sorted.sort_by_key(|command| command.at);
        let mut world = Self {
            tenant,
            erasing,
            ..Self::default()
        };
        for command in sorted {
            world.apply(command);
        }
        world
    }

    fn apply(&mut self, command: &Command) {
        let key = (command.table, command.id);
        let current = self.current(command.table, command.id);
        let last_at = self
            .rows
            .get(&key)
            .and_then(|all| all.last())
            .map(|ver| ver.at);
        match (&command.act, current) {
            (Act::Insert(cols), None) if last_at.is_none_or(|at| at < command.at) => {
                self.put(command, None, cols.clone());
            }
            (Act::Update(patch), Some(old)) => {
                let mut cols = old.0.clone();
                cols.extend(patch.iter().map(|(name, col)| (*name, col.clone())));
                if cols != old.0 && !self.was_at(key, command.at, &cols) {
                    self.put(command, Some(old), cols);
                }
            }
            (Act::Delete, Some(old)) if self.may_end(command, &old, last_at) => {
                self.end(command, old);
            }
            (Act::Said(passengers), Some(row)) if row.is("status", "NO_SHOW") => {
                self.say(command, last_at.unwrap_or(command.at), passengers);
            }
            _ => {}
        }
    }

    /// The row as it stands at the end of what has run so far.
    pub(super) fn current(&self, table: Table, id: Uuid) -> Option<Arc<Row>> {
        let last = self.rows.get(&(table, id))?.last()?;
        (!last.tombstone).then(|| Arc::clone(&last.row))
    }

    fn put(&mut self, command: &Command, old: Option<Arc<Row>>, mut cols: Cols) {
        cols.insert("id", Col::Id(command.id));
        if command.table != Table::Operators {
            cols.insert("tenant_id", Col::Id(self.tenant));
        }
        cols.insert(version_column(command.table, &cols), Col::At(command.at));
        let new = Arc::new(Row(cols));
        let versions = self.rows.entry((command.table, command.id)).or_default();
        if let Some(last) = versions.last_mut() {
            last.superseded = last.at == command.at && old.is_some();
        }
        let row = Arc::clone(&new);
        versions.push(Ver {
            at: command.at,
            superseded: false,
            tombstone: false,
            row,
        });
        let version = versions.len() - 1;
        let (table, id, at) = (command.table, command.id, command.at);
        self.changes.push(Change {
            table,
            id,
            old,
            new: Some(new),
            at,
            version,
        });
    }

    /// The end is ordered just after the version that ends.
    fn end(&mut self, command: &Command, old: Arc<Row>) {
        let (table, id) = (command.table, command.id);
        let versions = self.rows.entry((table, id)).or_default();
        let at = versions.last().map_or(command.at, |ver| ver.at);
        let row = Arc::clone(&old);
        versions.push(Ver {
            at,
            superseded: false,
            tombstone: true,
            row,
        });
        let version = versions.len() - 1;
        self.changes.push(Change {
            table,
            id,
            old: Some(old),
            new: None,
            at,
            version,
        });
    }

    fn may_end(&self, command: &Command, old: &Row, last_at: Option<DateTime<Utc>>) -> bool {
        let erases = command.table == Table::Profiles && old.id("merged_into_id").is_none();
        (self.erasing || !erases) && !self.was_said(command.id, last_at)
    }

    /// Only passengers that stand on that booking at that moment can be spoken about.
    fn say(&mut self, command: &Command, at: DateTime<Utc>, passengers: &[(Uuid, bool)]) {
        let on_it = |id: Uuid| {
            let row = self.current(Table::Passengers, id)?;
            (row.id("booking_id") == Some(command.id)).then_some(())
        };
        let known = passengers
            .iter()
            .filter(|(id, _)| on_it(*id).is_some())
            .copied();
        let passengers: Vec<_> = known.collect();
        if !passengers.is_empty() && !self.was_said(command.id, Some(at)) {
            self.said.push(Said {
                at,
                booking: command.id,
                passengers,
            });
        }
    }

    /// Whether a canonical event spoke about this row: its end could then not be told from its version.
    fn was_said(&self, id: Uuid, at: Option<DateTime<Utc>>) -> bool {
        let about = |said: &Said| {
            said.passengers
                .iter()
                .any(|(passenger, _)| *passenger == id)
        };
        self.said
            .iter()
            .any(|said| (said.booking == id && Some(said.at) == at) || about(said))
    }

    /// Whether the row had exactly these columns at exactly this time before.
    fn was_at(&self, key: (Table, Uuid), at: DateTime<Utc>, cols: &Cols) -> bool {
        let same = |ver: &Ver| {
            let differs = |(name, col): (&&'static str, &Col)| {
                *name != "updated_at" && ver.row.0.get(*name) != Some(col)
            };
            ver.at == at && !cols.iter().any(differs)
        };
        self.rows.get(&key).is_some_and(|all| all.iter().any(same))
    }
}

/// Tables without `updated_at` are versioned by `synced_at`, else by when it happened.
fn version_column(table: Table, cols: &Cols) -> &'static str {
    let synced = matches!(cols.get("synced_at"), Some(Col::At(_)));
    match table {
        Table::Feedback => "submitted_at",
        Table::Boardings | Table::Sales if synced => "synced_at",
        Table::Boardings => "boarded_at",
        Table::Sales => "sold_at",
        _ => "updated_at",
    }
}
