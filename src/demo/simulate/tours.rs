//! The tours and stops of the simulated operator.

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

/// Tours whose travellers take the other one as well: in another year, or in the other half of the year.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    /// Titles in [`TOURS`].
    pub(super) titles: [&'static str; 2],
    /// The middle of the months in which people travel each.
    pub(super) months: [u32; 2],
}

const fn pair(titles: [&'static str; 2], months: [u32; 2]) -> Pair {
    Pair { titles, months }
}

/// For those who travel once a year, always around the same month.
pub(super) const YEARLY: &[Pair] = &[
    pair(
        ["Nordsee-Inselhüpfen 5 Tage", "Rügen und Hiddensee 6 Tage"],
        [7, 7],
    ),
    pair(
        ["Gardasee und Verona 7 Tage", "Toskana für Genießer 8 Tage"],
        [6, 6],
    ),
    pair(
        [
            "Prag – die goldene Stadt 3 Tage",
            "Breslau und das Riesengebirge 5 Tage",
        ],
        [8, 8],
    ),
];

/// For those who travel twice a year, in spring and in autumn.
pub(super) const TWICE: &[Pair] = &[
    pair(
        [
            "Südtirol im Apfelblütenmeer 6 Tage",
            "Törggelen in Südtirol 5 Tage",
        ],
        [4, 10],
    ),
    pair(
        ["Tulpenblüte in Holland 3 Tage", "Salzburger Advent 3 Tage"],
        [5, 11],
    ),
];

/// Whether a tour belongs to a pair.
pub(super) fn is_paired(tour: &Tour) -> bool {
    let mut pairs = YEARLY.iter().chain(TWICE);
    pairs.any(|pair| pair.titles.contains(&tour.title))
}

/// Stops of the operator's library, with their zone.
pub(super) const POINTS: &[(&str, &str)] = &[
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
