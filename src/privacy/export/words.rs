//! What is done with the data, for the person to read. It describes this service; the operator adds what is theirs.

use super::document::{Category, Table};
use crate::domain::metric::Language;

/// Topic, German, English.
const WORDS: [(&str, &str, &str); 11] = [
    (
        "controller",
        "Verantwortlich ist der Reiseveranstalter; dieser Dienst verarbeitet die Daten in seinem Auftrag.",
        "The controller is the tour operator; this service processes the data on the operator's behalf.",
    ),
    (
        "purposes",
        "Kundenbetreuung: Wer anruft oder schreibt, soll mit Kenntnis der eigenen Buchungen beraten werden. Werbung, Auswertung und persönliche Empfehlungen nur nach dem, was unter consents steht.",
        "Customer care: whoever calls or writes is to be advised with their own bookings at hand. Marketing, analytics and personalisation only as listed under consents.",
    ),
    (
        "data",
        "Pseudonyme Kennungen, Buchungen, Zahlungen, Fahrten, Sitzplätze, Einstiege, Käufe an Bord, Zeiten und Kanäle von Nachrichten (nie ihr Inhalt), Bewertungen als Zahl, Sprache und Einwilligungen. Namen, Anschriften, E-Mail-Adressen, Telefonnummern, Geburtsdaten und Ernährungsangaben werden hier nie gespeichert.",
        "Pseudonymous ids, bookings, payments, trips, seats, boardings, purchases on board, times and channels of messages (never their content), ratings as numbers, language and consents. Names, addresses, e-mail addresses, telephone numbers, dates of birth and dietary needs are never stored here.",
    ),
    (
        "source_of_data",
        "Die Buchungsplattform des Veranstalters: Stammdaten, Verkauf, Betrieb und Kommunikation. Wie und wann jede Angabe kam, steht in log (provenance, recorded_at).",
        "The operator's booking platform: back office, commerce, operations and communications. How and when each fact came is told in log (provenance, recorded_at).",
    ),
    (
        "recipients",
        "Die Disposition und Leitung des Veranstalters, die Plattform, die ihnen die Daten zeigt, und die Systeme des Veranstalters, denen dieser Dienst etwas meldet. Wann gelesen wurde und in welcher Rolle, steht unter access, was gemeldet wurde und wem, unter messages.",
        "The operator's dispatchers and managers, the platform that shows them the data, and those systems of the operator's that this service tells something. When the data were read and in which role stands under access, what was told and to whom under messages.",
    ),
    (
        "transfers",
        "Keine Übermittlung in ein Drittland durch diesen Dienst; wo er läuft, bestimmt der Veranstalter.",
        "No transfer to a third country by this service; where it runs is the operator's choice.",
    ),
    (
        "retention",
        "Bis die Person gelöscht wird: auf eigenen Antrag oder sobald die Plattform ihr Profil löscht oder unkenntlich macht. Unverständliche Lieferungen bleiben, bis sie erneut versucht oder verworfen werden; was auf ein Profil wartet, 400 Tage. Wer die Daten gelesen hat, 24 Monate, soweit nicht anders eingestellt; wer sie geändert, ausgegeben oder gelöscht hat, auf Dauer, ohne den Namen der Person.",
        "Until the person is erased: at their own request, or when the platform deletes or redacts the profile. Deliveries that could not be understood stay until they are tried again or dropped; what waits for a profile, 400 days. Who read the data, 24 months unless set otherwise; who changed, handed out or erased them, for good and without naming the person.",
    ),
    (
        "logic",
        "Jede Zahl unter metrics ist eine Summe, Zählung, Häufigkeit oder ein Mittel der eigenen Aktivitäten oder, wo formula das sagt, die Schätzung eines statistischen Modells aus ihnen; formula sagt, welche, observations, auf wie vielen sie beruht.",
        "Every number under metrics is a sum, count, frequency or mean of the person's own activities or, where formula says so, a statistical model's estimate from them; formula says which, observations on how many it rests.",
    ),
    (
        "automated_decisions",
        "Keine: Alles wird Menschen gezeigt, die entscheiden.",
        "None: everything is shown to people, who decide.",
    ),
    (
        "rights",
        "Berichtigung und Löschung über den Veranstalter, Einschränkung, Widerspruch gegen Profilbildung, Widerruf jeder Einwilligung, Übertragbarkeit (diese Datei), Beschwerde bei einer Aufsichtsbehörde.",
        "Rectification and erasure through the operator, restriction, objection to profiling, withdrawal of any consent, portability (this file), complaint to a supervisory authority.",
    ),
    (
        "other_people",
        "Wer sonst noch auf einer Buchung reist, steht nicht in dieser Datei; deren Zeilen tragen eine Prüfsumme statt einer Kennung.",
        "Whoever else travels on a booking is not in this file; their rows carry a digest in place of an id.",
    ),
];

pub(super) fn processing(language: Language) -> Table {
    let rows = WORDS.iter().map(|(topic, german, english)| {
        let text = match language {
            Language::German => *german,
            Language::English => *english,
        };
        vec![(*topic).into(), text.into()]
    });
    Table {
        name: "processing",
        category: Category::Processing,
        columns: &["topic", "text"],
        rows: rows.collect(),
    }
}
