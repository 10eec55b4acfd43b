//! What the simulated operator sells: German tours, boarding points, and their dated departures with service legs.

use chrono::{DateTime, Datelike as _, NaiveDate, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;

use super::ledger::{Ledger, later, time};

/// A tour template.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tour {
    pub(super) title: &'static str,
    pub(super) region: &'static str,
    pub(super) category: &'static str,
    pub(super) days: u32,
    /// First and last month of its season.
    pub(super) season: (u32, u32),
    pub(super) price_euros: i64,
    /// How much people like it, 1 to 5.
    pub(super) rating: f64,
}

const fn tour(
    title: &'static str,
    region: &'static str,
    category: &'static str,
    days: u32,
    season: (u32, u32),
    price: (i64, f64),
) -> Tour {
    Tour {
        title,
        region,
        category,
        days,
        season,
        price_euros: price.0,
        rating: price.1,
    }
}

/// The catalogue.
pub(super) const TOURS: &[Tour] = &[
    tour(
        "Nordsee-Inselhüpfen 5 Tage",
        "Nordsee",
        "RUNDREISE",
        5,
        (5, 9),
        (649, 4.6),
    ),
    tour(
        "Büsum und Helgoland 4 Tage",
        "Nordsee",
        "KURZREISE",
        4,
        (4, 10),
        (489, 4.3),
    ),
    tour(
        "Sylt zum Kennenlernen 3 Tage",
        "Nordsee",
        "KURZREISE",
        3,
        (4, 10),
        (379, 4.1),
    ),
    tour(
        "Rügen und Hiddensee 6 Tage",
        "Ostsee",
        "RUNDREISE",
        6,
        (5, 9),
        (729, 4.7),
    ),
    tour(
        "Usedom Wellness 4 Tage",
        "Ostsee",
        "WELLNESS",
        4,
        (1, 12),
        (459, 4.2),
    ),
    tour(
        "Südtirol im Apfelblütenmeer 6 Tage",
        "Südtirol",
        "RUNDREISE",
        6,
        (4, 5),
        (699, 4.8),
    ),
    tour(
        "Törggelen in Südtirol 5 Tage",
        "Südtirol",
        "GENUSS",
        5,
        (9, 11),
        (599, 4.7),
    ),
    tour(
        "Gardasee und Verona 7 Tage",
        "Italien",
        "RUNDREISE",
        7,
        (4, 10),
        (849, 4.5),
    ),
    tour(
        "Toskana für Genießer 8 Tage",
        "Italien",
        "GENUSS",
        8,
        (4, 10),
        (1_099, 4.6),
    ),
    tour(
        "Wien und die Wachau 5 Tage",
        "Österreich",
        "STÄDTEREISE",
        5,
        (3, 11),
        (589, 4.4),
    ),
    tour(
        "Salzburger Advent 3 Tage",
        "Österreich",
        "ADVENT",
        3,
        (11, 12),
        (329, 4.5),
    ),
    tour(
        "Almabtrieb im Zillertal 4 Tage",
        "Österreich",
        "RUNDREISE",
        4,
        (9, 10),
        (449, 4.3),
    ),
    tour(
        "Prag – die goldene Stadt 3 Tage",
        "Tschechien",
        "STÄDTEREISE",
        3,
        (1, 12),
        (299, 4.0),
    ),
    tour(
        "Kur in Marienbad 8 Tage",
        "Tschechien",
        "WELLNESS",
        8,
        (1, 12),
        (679, 4.1),
    ),
    tour(
        "Breslau und das Riesengebirge 5 Tage",
        "Polen",
        "RUNDREISE",
        5,
        (4, 10),
        (499, 4.2),
    ),
    tour(
        "Masurische Seen 8 Tage",
        "Polen",
        "RUNDREISE",
        8,
        (5, 9),
        (899, 4.6),
    ),
    tour(
        "Elsass und die Vogesen 4 Tage",
        "Frankreich",
        "GENUSS",
        4,
        (4, 10),
        (529, 4.3),
    ),
    tour(
        "Paris für Einsteiger 4 Tage",
        "Frankreich",
        "STÄDTEREISE",
        4,
        (3, 11),
        (459, 3.8),
    ),
    tour(
        "Tulpenblüte in Holland 3 Tage",
        "Niederlande",
        "KURZREISE",
        3,
        (4, 5),
        (349, 4.4),
    ),
    tour(
        "Weihnachtsmarkt Dresden 2 Tage",
        "Sachsen",
        "ADVENT",
        2,
        (11, 12),
        (199, 4.2),
    ),
    tour(
        "Tagesfahrt Spreewald",
        "Brandenburg",
        "TAGESFAHRT",
        1,
        (4, 10),
        (49, 4.0),
    ),
    tour(
        "Tagesfahrt Hamburg mit Hafenrundfahrt",
        "Hamburg",
        "TAGESFAHRT",
        1,
        (3, 11),
        (59, 4.1),
    ),
    tour(
        "Allgäu und Schloss Neuschwanstein 5 Tage",
        "Bayern",
        "RUNDREISE",
        5,
        (5, 10),
        (569, 4.5),
    ),
    tour(
        "Silvester am Bodensee 4 Tage",
        "Bodensee",
        "FESTTAGE",
        4,
        (12, 12),
        (699, 4.4),
    ),
    tour(
        "Winterzauber im Erzgebirge 4 Tage",
        "Sachsen",
        "KURZREISE",
        4,
        (1, 2),
        (389, 4.2),
    ),
];

/// Stops of the operator's library, with their zone.
const POINTS: &[(&str, &str)] = &[
    ("Leipzig, Hauptbahnhof Ostseite", "Leipzig"),
    ("Leipzig, Messe", "Leipzig"),
    ("Halle (Saale), ZOB", "Halle"),
    ("Merseburg, Bahnhof", "Halle"),
    ("Dresden, Bayrische Straße", "Dresden"),
    ("Chemnitz, Omnibusbahnhof", "Chemnitz"),
    ("Zwickau, Platz der Völkerfreundschaft", "Chemnitz"),
    ("Gera, Hauptbahnhof", "Thüringen"),
    ("Jena, Busbahnhof", "Thüringen"),
    ("Erfurt, Busbahnhof", "Thüringen"),
    ("Magdeburg, ZOB", "Magdeburg"),
    ("Dessau, Hauptbahnhof", "Magdeburg"),
];

/// How many departures a year has.
const DEPARTURES_A_YEAR: i64 = 60;

/// A stop.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    pub(super) id: Uuid,
}

/// A dated departure and what the trip needs of it.
#[derive(Clone, Debug)]
pub(super) struct Departure {
    pub(super) offering: Uuid,
    pub(super) id: Uuid,
    pub(super) tour: Tour,
    pub(super) start: NaiveDate,
    pub(super) end: NaiveDate,
    pub(super) price_cents: i64,
    /// When the operator called it off.
    pub(super) called_off: Option<DateTime<Utc>>,
    /// Pickup legs with the index of their stop.
    pub(super) pickups: Vec<(Uuid, usize)>,
    pub(super) seats: super::seats::Seats,
    /// Whether the driver scans tickets at all.
    pub(super) scans: bool,
    /// Hours until the driver's device is online again.
    pub(super) sync_hours: i64,
}

/// Everything on sale.
#[derive(Debug)]
pub(super) struct Catalogue {
    pub(super) points: Vec<Point>,
    pub(super) departures: Vec<Departure>,
}

/// The first day of the simulated history.
pub(super) fn first_day(now: DateTime<Utc>) -> NaiveDate {
    let today = now.date_naive();
    today.with_year(today.year() - 3).unwrap_or(today)
}

/// Writes tours, stops, departures and legs; `coaches` scales the seats of each departure.
pub(super) fn open(ledger: &mut Ledger, coaches: usize) -> Catalogue {
    let opening = time(first_day(ledger.now), 6, 0);
    let mut templates = Vec::new();
    for tour in TOURS {
        let id = ledger.id("tour_template");
        let tags = [tour.region.to_lowercase(), tour.category.to_lowercase()];
        ledger.insert(
            "backoffice.tour_templates",
            opening,
            id,
            json!({
                "title": tour.title, "region": tour.region, "category": tour.category,
                "duration_days": tour.days, "tags": tags,
            }),
        );
        templates.push((id, *tour));
    }
    let mut points = Vec::new();
    for (label, zone) in POINTS {
        let id = ledger.id("boarding_point");
        ledger.insert(
            "backoffice.boarding_points",
            opening,
            id,
            json!({ "label": label, "zone_label": zone }),
        );
        points.push(Point { id });
    }
    let mut departures = Vec::new();
    let count = DEPARTURES_A_YEAR * 3 + DEPARTURES_A_YEAR * 9 / 12;
    for number in 0..count {
        let offset = 20 + number * 365 / DEPARTURES_A_YEAR;
        let start = later(first_day(ledger.now), u32::try_from(offset).unwrap_or(0));
        let month = start.month();
        let running: Vec<_> = templates
            .iter()
            .filter(|(_, t)| (t.season.0..=t.season.1).contains(&month))
            .collect();
        let chosen = ledger.index(running.len());
        if let Some((template, tour)) = running.get(chosen) {
            departures.push(depart(ledger, *template, *tour, start, coaches));
        }
    }
    Catalogue { points, departures }
}

fn depart(
    ledger: &mut Ledger,
    template: Uuid,
    tour: Tour,
    start: NaiveDate,
    coaches: usize,
) -> Departure {
    let (offering, id) = (ledger.id("tour_offering"), ledger.id("tour_departure"));
    let end = later(start, tour.days - 1);
    let price_cents = (tour.price_euros + ledger.between(-2, 6) * 10) * 100;
    let opening = time(first_day(ledger.now), 7, 0);
    let published = (time(start, 8, 0) - TimeDelta::days(ledger.between(280, 340))).max(opening);
    ledger.insert("commerce.tour_offerings", published, offering, json!({
        "tour_departure_id": id, "tour_template_id": template, "title": tour.title, "region": tour.region,
        "start_date": start, "end_date": end, "list_price": super::ledger::euros(price_cents),
        "currency": "EUR", "seats_available": 76 * coaches, "status": "SCHEDULED",
    }));
    let called_off = ledger
        .chance(0.025)
        .then(|| time(start, 10, 30) - TimeDelta::days(18));
    let (at, status) = match called_off {
        Some(at) => (at, "CANCELLED"),
        None => (time(end, 20, 0) + TimeDelta::days(1), "COMPLETED"),
    };
    ledger.update(
        "commerce.tour_offerings",
        at,
        offering,
        json!({ "status": status }),
    );
    let pickups = legs(ledger, offering, id, (start, end), called_off.is_some());
    let numbered = ledger.chance(0.1);
    let seats = super::seats::Seats::new(coaches, numbered);
    let scans = ledger.chance(0.96);
    let sync_hours = if ledger.chance(0.2) {
        ledger.between(4, 40)
    } else {
        0
    };
    Departure {
        offering,
        id,
        tour,
        start,
        end,
        price_cents,
        called_off,
        pickups,
        seats,
        scans,
        sync_hours,
    }
}

/// Four pickups, the drive, and the final leg back.
fn legs(
    ledger: &mut Ledger,
    offering: Uuid,
    departure: Uuid,
    (start, end): (NaiveDate, NaiveDate),
    called_off: bool,
) -> Vec<(Uuid, usize)> {
    let planned = (time(start, 5, 0) - TimeDelta::days(21)).max(time(first_day(ledger.now), 8, 0));
    let first = ledger.index(POINTS.len());
    let mut pickups = Vec::new();
    for number in 0..6_usize {
        let (kind, begin) = match number {
            0..=3 => (
                "PICKUP",
                time(start, 5, 20 * i64::try_from(number).unwrap_or(0)),
            ),
            4 => ("TRANSIT", time(start, 7, 0)),
            _ => ("DROPOFF", time(end, 17, 0)),
        };
        let finish = begin + TimeDelta::minutes(if number < 4 { 15 } else { 180 });
        let id = ledger.id("service_leg");
        ledger.insert(
            "operations.service_legs",
            planned,
            id,
            json!({
                "tour_offering_id": offering, "tour_departure_id": departure, "leg_type": kind,
                "is_final_leg": number == 5, "status": "SCHEDULED",
                "scheduled_start": begin, "scheduled_end": finish,
            }),
        );
        if number < 4 {
            pickups.push((id, (first + number) % POINTS.len()));
        }
        if called_off {
            let at = time(start, 10, 40) - TimeDelta::days(18);
            ledger.update(
                "operations.service_legs",
                at,
                id,
                json!({ "status": "CANCELLED" }),
            );
        } else {
            let delay = TimeDelta::minutes(ledger.between(0, 25));
            ledger.update("operations.service_legs", finish + delay, id, json!({
                "status": "COMPLETED", "actual_start": begin + delay, "actual_end": finish + delay,
            }));
        }
    }
    pickups
}
