//! The metrics themselves: variant, name in the answer, place, how it is read, what it means in German and English.
//!
//! One line a metric, in the order of the answer's parts. The sentences say what the fold does, not what it could do.

use chrono::{DateTime, Utc};

use super::value::{MetricValue as V, favourites};
use super::{Language, Section};
use crate::domain::insight::{Favourite, Insight, Measured};
use crate::domain::money::Purse;

/// A part of an insight, with the instant at which it is read.
struct Read<'a>(&'a Insight, DateTime<Utc>);

impl Read<'_> {
    /// The part of a purse in the tenant's currency.
    fn amount(&self, of: impl Fn(&Insight) -> &Purse) -> V {
        let currency = &self.0.behavior.currency;
        V::Amount(of(self.0).of(currency), currency.clone())
    }
}

fn mean<T: Clone>(of: Option<&Measured<T>>) -> V
where
    V: From<T>,
{
    of.map(|mean| mean.value.clone()).into()
}

fn rests<T>(of: Option<&Measured<T>>) -> V {
    of.map_or(0, |mean| mean.based_on).into()
}

fn liked<T: Clone>(of: Option<&Favourite<T>>) -> V
where
    V: From<T>,
{
    of.map(|favourite| favourite.value.clone()).into()
}

fn share<T>(of: Option<&Favourite<T>>) -> V {
    of.map(|favourite| favourite.share).into()
}

fn seen<T>(of: Option<&Favourite<T>>) -> V {
    of.map_or(0, |favourite| favourite.based_on).into()
}

macro_rules! metrics {
    ($($metric:ident $name:literal $section:ident |$it:ident| $value:expr, $german:literal, $english:literal;)*
     => $($judged:ident $judged_name:literal $judged_section:ident $judged_german:literal, $judged_english:literal;)*) => {
        /// A value that is shown about a person.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Metric {
            $(#[doc = concat!("`", $name, "`.")] $metric,)*
            $(#[doc = concat!("`", $judged_name, "`, which a model says.")] $judged,)*
        }

        impl Metric {
            /// Every metric that an insight holds, in the order of the answer's parts.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$metric),*];

            /// Every metric that a model says; an insight alone does not hold them.
            pub const JUDGED: [Self; [$($judged_name),*].len()] = [$(Self::$judged),*];

            /// Its name in the answer.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$metric => $name,)* $(Self::$judged => $judged_name,)* }
            }

            /// Where it stands in the answer.
            #[must_use]
            pub const fn section(self) -> Section {
                match self { $(Self::$metric => Section::$section,)* $(Self::$judged => Section::$judged_section,)* }
            }

            /// What it means and how it is found, in one sentence.
            #[must_use]
            pub const fn formula(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Self::$metric, Language::German) => $german,
                      (Self::$metric, Language::English) => $english,)*
                    $((Self::$judged, Language::German) => $judged_german,
                      (Self::$judged, Language::English) => $judged_english,)*
                }
            }

            /// Its value; nothing for what a model says. `read_at` is the instant of reading: a rate per year goes on changing by itself.
            #[must_use]
            pub fn value(self, insight: &Insight, read_at: DateTime<Utc>) -> V {
                match self { $(Self::$metric => { let $it = Read(insight, read_at); $value })* $(Self::$judged => V::Nothing,)* }
            }
        }
    };
}

metrics! {
    Currency "currency" Behavior |r| V::from(&r.0.behavior.currency.0),
        "Die Währung des Veranstalters, EUR solange sie nicht bekannt ist.",
        "The operator's currency, EUR as long as it is not known.";
    LifetimeRevenue "lifetime_revenue" Behavior |r| r.amount(|i| &i.behavior.revenue.lifetime),
        "Summe der Bruttowerte aller bestätigten Buchungen als Bucher in der Währung des Veranstalters, bei Stornierten das Einbehaltene.",
        "Sum of the gross values of all confirmed bookings as booker in the operator's currency, of cancelled ones what the operator kept.";
    LifetimeRevenueBasedOn "lifetime_revenue_based_on" Behavior |r| r.0.behavior.confirmed_bookings.into(),
        "Anzahl der bestätigten Buchungen als Bucher, was auch immer aus ihnen wurde.",
        "Number of confirmed bookings as booker, whatever became of them.";
    RevenueRealised "revenue_realised" Behavior |r| r.amount(|i| &i.behavior.revenue.realised),
        "Der Teil des Umsatzes, dessen Reise nach dem Kalender des Veranstalters beendet ist.",
        "The part of the lifetime revenue whose tour has ended by the operator's calendar.";
    RevenueUpcoming "revenue_upcoming" Behavior |r| r.amount(|i| &i.behavior.revenue.upcoming),
        "Der Teil des Umsatzes, dessen Reise noch nicht beendet ist oder deren Ende nicht bekannt ist.",
        "The part of the lifetime revenue whose tour has not ended yet or has no known end.";
    RevenueByCurrency "revenue_by_currency" Behavior |r| V::from(&r.0.behavior.revenue.lifetime),
        "Summe der Bruttowerte aller bestätigten Buchungen als Bucher, je Währung, nie über Währungen addiert.",
        "Sum of the gross values of all confirmed bookings as booker, per currency, never added across currencies.";
    PaidToDate "paid_to_date" Behavior |r| r.amount(|i| &i.behavior.revenue.paid),
        "Summe der abgeschlossenen Zahlungen auf bestätigte Buchungen, in der Währung der Buchung und des Veranstalters.",
        "Sum of completed payments on confirmed bookings, in the booking's and the operator's currency.";
    PaidByCurrency "paid_by_currency" Behavior |r| V::from(&r.0.behavior.revenue.paid),
        "Summe der abgeschlossenen Zahlungen auf bestätigte Buchungen in der Währung der Buchung, je Währung.",
        "Sum of completed payments on confirmed bookings in the booking's currency, per currency.";
    Outstanding "outstanding" Behavior |r| r.amount(|i| &i.behavior.revenue.outstanding),
        "Wert minus Zahlungen der bestehenden Buchungen ohne Wiederverkäufer, nie unter 0; war eine Buchung je voll bezahlt, nur ihre offenen Zusatzleistungen.",
        "Value minus payments of kept bookings without reseller, not below 0; a booking ever fully paid owes only its unpaid extras.";
    OutstandingByCurrency "outstanding_by_currency" Behavior |r| V::from(&r.0.behavior.revenue.outstanding),
        "Wert minus Zahlungen der bestehenden Buchungen ohne Wiederverkäufer, nie unter 0, je Währung.",
        "Value minus payments of kept bookings without reseller, not below 0, per currency.";
    CreditBalance "credit_balance" Behavior |r| r.amount(|i| &i.behavior.revenue.credit),
        "Zahlungen, die bei stornierten Buchungen über deren Wert liegen, in der Währung des Veranstalters.",
        "Payments above the value of cancelled bookings, in the operator's currency.";
    CreditBalanceByCurrency "credit_balance_by_currency" Behavior |r| V::from(&r.0.behavior.revenue.credit),
        "Zahlungen, die bei stornierten Buchungen über deren Wert liegen, je Währung.",
        "Payments above the value of cancelled bookings, per currency.";
    OnboardSpend "onboard_spend" Behavior |r| r.amount(|i| &i.behavior.revenue.onboard),
        "Summe der Käufe dieser Person an Bord in der Währung des Veranstalters, nie Teil des Umsatzes.",
        "Sum of what this person bought on board in the operator's currency, never part of the lifetime revenue.";
    OnboardSpendByCurrency "onboard_spend_by_currency" Behavior |r| V::from(&r.0.behavior.revenue.onboard),
        "Summe der Käufe dieser Person an Bord, je Währung.",
        "Sum of what this person bought on board, per currency.";
    OpenReservationsValue "open_reservations_value" Behavior |r| r.amount(|i| &i.behavior.revenue.open_reservations),
        "Summe der Beträge der Reservierungen, die auf Zahlung warten, in der Währung des Veranstalters, außerhalb aller anderen Beträge.",
        "Sum of the totals of reservations that await payment, in the operator's currency, outside all other amounts.";
    AverageBookingValue "average_booking_value" Behavior |r| {
            let (mean, currency) = (&r.0.behavior.average_booking_value, &r.0.behavior.currency);
            mean.as_ref().map_or(V::Nothing, |mean| V::Amount(mean.value.into(), currency.clone()))
        },
        "Mittlerer Wert der bestehenden Buchungen in der Währung des Veranstalters.",
        "Mean value of the kept bookings in the operator's currency.";
    AverageBookingValueBasedOn "average_booking_value_based_on" Behavior |r| rests(r.0.behavior.average_booking_value.as_ref()),
        "Anzahl der bestehenden Buchungen in der Währung des Veranstalters.",
        "Number of kept bookings in the operator's currency.";

    TotalBookings "total_bookings" Behavior |r| r.0.behavior.total_bookings.into(),
        "Anzahl der bestehenden Buchungen als Bucher: bestätigt und nicht storniert.",
        "Number of kept bookings as booker: confirmed and not cancelled.";
    CancelledBookings "cancelled_bookings" Behavior |r| r.0.behavior.cancelled_bookings.into(),
        "Anzahl der bestätigten Buchungen, die der Kunde storniert hat, ohne umgebuchte.",
        "Number of confirmed bookings that the customer cancelled, without rebooked ones.";
    CalledOffBookings "called_off_bookings" Behavior |r| r.0.behavior.called_off_bookings.into(),
        "Anzahl der bestätigten Buchungen, die der Veranstalter storniert hat.",
        "Number of confirmed bookings that the operator cancelled.";
    LapsedBookings "lapsed_bookings" Behavior |r| r.0.behavior.lapsed_bookings.into(),
        "Anzahl der bestätigten Buchungen, die das System storniert hat.",
        "Number of confirmed bookings that the system cancelled.";
    RebookedBookings "rebooked_bookings" Behavior |r| r.0.behavior.rebooked_bookings.into(),
        "Anzahl der stornierten Buchungen, die eine andere bestätigte Buchung ersetzt.",
        "Number of cancelled bookings that another confirmed booking replaces.";
    OpenReservations "open_reservations" Behavior |r| r.0.behavior.open_reservations.into(),
        "Anzahl der Buchungen, die nie bestätigt wurden und zuletzt auf Zahlung warten, außerhalb aller anderen Zahlen.",
        "Number of bookings that were never confirmed and await payment, outside all other counts.";
    SeatsBooked "seats_booked" Behavior |r| r.0.behavior.seats_booked.into(),
        "Summe der Plätze über die bestehenden Buchungen.",
        "Sum of the seats over the kept bookings.";
    AveragePartySize "average_party_size" Behavior |r| mean(r.0.behavior.average_party_size.as_ref()),
        "Mittlere Zahl der Plätze über die bestehenden Buchungen, deren Zahl bekannt ist.",
        "Mean number of seats over the kept bookings that know it.";
    AveragePartySizeBasedOn "average_party_size_based_on" Behavior |r| rests(r.0.behavior.average_party_size.as_ref()),
        "Anzahl der bestehenden Buchungen, deren Platzzahl bekannt ist.",
        "Number of kept bookings whose number of seats is known.";
    BookingsPerYear "bookings_per_year" Behavior |r| r.0.behavior.bookings_per_year(r.1).into(),
        "Anzahl der bestehenden Buchungen geteilt durch die Jahre seit der ersten, mindestens ein Jahr.",
        "Number of kept bookings divided by the years since the first one, at least one year.";
    AverageDaysBetweenBookings "average_days_between_bookings" Behavior |r| mean(r.0.behavior.average_days_between_bookings.as_ref()),
        "Mittlere Zahl der Tage zwischen aufeinanderfolgenden bestehenden Buchungen.",
        "Mean number of days between consecutive kept bookings.";
    AverageDaysBetweenBookingsBasedOn "average_days_between_bookings_based_on" Behavior |r| rests(r.0.behavior.average_days_between_bookings.as_ref()),
        "Anzahl der Abstände zwischen aufeinanderfolgenden bestehenden Buchungen.",
        "Number of gaps between consecutive kept bookings.";
    AverageBookingLeadTime "average_booking_lead_time" Behavior |r| mean(r.0.behavior.average_booking_lead_time.as_ref()),
        "Mittlere Zahl ganzer Tage vom Tag der Buchung bis zum ersten Tag der zuerst gebuchten Reise, über die bestehenden Buchungen.",
        "Mean number of whole days from the day of booking to the first day of the tour first booked, over the kept bookings.";
    MedianBookingLeadTime "median_booking_lead_time" Behavior |r| r.0.behavior.median_booking_lead_time.into(),
        "Median der ganzen Tage vom Tag der Buchung bis zum ersten Tag der zuerst gebuchten Reise, über die bestehenden Buchungen.",
        "Median of the whole days from the day of booking to the first day of the tour first booked, over the kept bookings.";
    AverageBookingLeadTimeBasedOn "average_booking_lead_time_based_on" Behavior |r| rests(r.0.behavior.average_booking_lead_time.as_ref()),
        "Anzahl der bestehenden Buchungen, deren Buchungstag auf oder vor dem ersten Reisetag liegt.",
        "Number of kept bookings that were booked on or before the first day of the tour.";
    BookerKind "booker_kind" Behavior |r| r.0.behavior.booker_kind.into(),
        "AGENCY, wenn die meisten bestätigten Buchungen über einen Wiederverkäufer kamen, GROUP_ORGANISER bei einer mittleren Gruppe (Median) ab 8 Personen, sonst PRIVATE.",
        "AGENCY when most confirmed bookings carry a reseller, GROUP_ORGANISER when the median party is 8 or more, else PRIVATE.";
    CustomerSince "customer_since" Behavior |r| r.0.behavior.customer_since.into(),
        "Zeitpunkt der ersten bestätigten Buchung, auch wenn sie später storniert wurde.",
        "Instant of the first confirmed booking, also if it was cancelled later.";
    FirstBookingAt "first_booking_at" Behavior |r| r.0.behavior.first_booking_at.into(),
        "Zeitpunkt der ersten bestehenden Buchung.",
        "Instant of the first kept booking.";
    LastBookingAt "last_booking_at" Behavior |r| r.0.behavior.last_booking_at.into(),
        "Zeitpunkt der letzten bestehenden Buchung.",
        "Instant of the last kept booking.";
    LastActivityAt "last_activity_at" Behavior |r| r.0.behavior.last_activity_at.into(),
        "Zeitpunkt des Letzten, was die Person getan hat: gebucht, bezahlt, eine Zusatzleistung gekauft, eingestiegen, an Bord gekauft, bewertet, geschrieben, gelesen oder einen Kauf abgebrochen.",
        "Instant of the latest thing the person did: booked, paid, bought an extra, boarded, bought on board, gave feedback, wrote, read or abandoned a checkout.";
    NoShowBookings "no_show_bookings" Behavior |r| r.0.behavior.no_show_bookings.into(),
        "Anzahl der bestehenden Buchungen als Bucher, zu denen niemand erschien, auf Abfahrten, bei denen gescannt wurde.",
        "Number of kept bookings as booker on which nobody appeared, on departures where somebody was scanned.";
    CheckoutsAbandoned "checkouts_abandoned" Behavior |r| r.0.behavior.checkouts_abandoned.into(),
        "Anzahl der eigenen Bestellvorgänge, die abgelaufen sind.",
        "Number of own checkouts that expired.";
    LastCheckoutAbandonedAt "last_checkout_abandoned_at" Behavior |r| r.0.behavior.last_checkout_abandoned_at.into(),
        "Zeitpunkt, zu dem der letzte eigene Bestellvorgang ablief.",
        "Instant at which the last own checkout expired.";
    Messages "messages" Behavior |r| r.0.behavior.messages.into(),
        "Anzahl der Nachrichten in beide Richtungen, deren Kontakt rechtzeitig dieser Person zugeordnet wurde.",
        "Number of messages in both directions whose contact was linked to this person in time.";
    ProfileCompleteness "profile_completeness" Behavior |r| r.0.behavior.profile_completeness.into(),
        "Anteil des Vorhandenen an fünf Teilen: bestätigte Buchung, Reise, Nachricht, Bewertung, erfragte Einwilligung.",
        "Share that is present of five parts: confirmed booking, trip, message, feedback, consent asked for.";

    TripsTaken "trips_taken" Behavior |r| r.0.behavior.trips_taken.into(),
        "Anzahl der Abfahrten, an denen die Person mitgereist ist und die beendet sind.",
        "Number of departures that the person travelled on and that have ended.";
    DayTripsTaken "day_trips_taken" Behavior |r| r.0.behavior.day_trips_taken.into(),
        "Anzahl der beendeten Reisen, die am selben Tag begannen und endeten.",
        "Number of ended trips that started and ended on the same day.";
    MultiDayTripsTaken "multi_day_trips_taken" Behavior |r| r.0.behavior.multi_day_trips_taken.into(),
        "Anzahl der beendeten Reisen, die länger als einen Tag dauerten.",
        "Number of ended trips that lasted longer than a day.";
    UpcomingTrips "upcoming_trips" Behavior |r| r.0.behavior.upcoming_trips.into(),
        "Anzahl der Abfahrten ab heute, auf denen die Person mit einer bestehenden Buchung einen Platz hat.",
        "Number of departures from today on that the person has a seat on by a kept booking.";
    NextDeparture "next_departure" Behavior |r| r.0.behavior.next_departure.as_ref().into(),
        "Die früheste Abfahrt ab heute, auf der die Person mit einer bestehenden Buchung einen Platz hat.",
        "The earliest departure from today on that the person has a seat on by a kept booking.";
    NoShowCount "no_show_count" Behavior |r| r.0.behavior.no_show_count.into(),
        "Anzahl der Abfahrten, zu denen weder die Person noch jemand ihrer Buchung erschien, obwohl dort gescannt wurde, oder zu denen sie ausdrücklich als nicht erschienen gemeldet ist.",
        "Number of departures on which neither the person nor anybody of the booking appeared although somebody was scanned there, or for which the person was reported absent by name.";
    NoShowRate "no_show_rate" Behavior |r| r.0.behavior.no_show_rate().into(),
        "Versäumte Abfahrten geteilt durch Reisen plus versäumte Abfahrten.",
        "Departures missed, divided by trips plus departures missed.";
    NoShowRateBasedOn "no_show_rate_based_on" Behavior |r| r.0.behavior.trips.saturating_add(r.0.behavior.no_show_count).into(),
        "Anzahl der Reisen und der versäumten Abfahrten.",
        "Number of trips and of departures missed.";
    NotMeasuredDepartures "not_measured_departures" Behavior |r| r.0.behavior.not_measured_departures.into(),
        "Anzahl der Abfahrten, zu denen niemand erschienen sein soll, bei denen aber gar nicht gescannt wurde.",
        "Number of departures on which nobody is said to have appeared but nobody at all was scanned.";

    PreferredSeatPosition "preferred_seat_position" Behavior |r| liked(r.0.behavior.preferred_seat_position.as_ref()),
        "Die häufigste Sitzposition über die Reisen, bei Gleichstand die der jüngsten Reise, ab zwei Beobachtungen.",
        "The most frequent seat position over trips, ties to the latest trip, from two observations on.";
    PreferredSeatPositionShare "preferred_seat_position_share" Behavior |r| share(r.0.behavior.preferred_seat_position.as_ref()),
        "Reisen mit der häufigsten Sitzposition geteilt durch Reisen mit bekannter Position.",
        "Trips with the most frequent seat position divided by trips with a known position.";
    PreferredSeatPositionBasedOn "preferred_seat_position_based_on" Behavior |r| seen(r.0.behavior.preferred_seat_position.as_ref()),
        "Anzahl der Reisen mit bekannter Sitzposition, ab zwei.",
        "Number of trips with a known seat position, from two on.";
    PreferredSeatLabel "preferred_seat_label" Behavior |r| liked(r.0.behavior.preferred_seat_label.as_ref()),
        "Die häufigste Platznummer über die Reisen, bei Gleichstand die der jüngsten Reise, ab zwei Beobachtungen.",
        "The most frequent seat label over trips, ties to the latest trip, from two observations on.";
    PreferredSeatLabelShare "preferred_seat_label_share" Behavior |r| share(r.0.behavior.preferred_seat_label.as_ref()),
        "Reisen mit der häufigsten Platznummer geteilt durch Reisen mit bekannter Nummer.",
        "Trips with the most frequent seat label divided by trips with a known label.";
    PreferredSeatLabelBasedOn "preferred_seat_label_based_on" Behavior |r| seen(r.0.behavior.preferred_seat_label.as_ref()),
        "Anzahl der Reisen mit bekannter Platznummer, ab zwei.",
        "Number of trips with a known seat label, from two on.";
    PreferredBoardingPoint "preferred_boarding_point" Behavior |r| r.0.behavior.preferred_boarding_point.as_ref().into(),
        "Der häufigste Zustieg über die Reisen, erst der gescannte, sonst Haustürabholung, sonst der gebuchte, ab zwei Beobachtungen.",
        "The most frequent boarding point over trips, the scanned one first, else door pickup, else the booked one, from two observations on.";
    FavouriteTours "favourite_tours" Behavior |r| favourites("tour_template_id", &r.0.behavior.favourite_tours),
        "Die bis zu drei häufigsten Touren über die Reisen, bei Gleichstand die jüngste, ab zwei Beobachtungen.",
        "The up to three most frequent tours over trips, ties to the latest, from two observations on.";
    FavouriteRegions "favourite_regions" Behavior |r| favourites("region", &r.0.behavior.favourite_regions),
        "Die bis zu drei häufigsten Regionen über die Reisen, bei Gleichstand die jüngste, ab zwei Beobachtungen.",
        "The up to three most frequent regions over trips, ties to the latest, from two observations on.";
    FavouriteMonths "favourite_months" Behavior |r| favourites("month", &r.0.behavior.favourite_months),
        "Die bis zu drei häufigsten Monate des ersten Reisetags über die Reisen, bei Gleichstand der jüngste, ab zwei Beobachtungen.",
        "The up to three most frequent months of the first day over trips, ties to the latest, from two observations on.";
    FavouritePartySize "favourite_party_size" Behavior |r| liked(r.0.behavior.favourite_party_size.as_ref()),
        "Die häufigste Platzzahl über die bestehenden Buchungen, bei Gleichstand die der jüngsten, ab zwei Beobachtungen.",
        "The most frequent number of seats over the kept bookings, ties to the latest, from two observations on.";
    FavouritePartySizeShare "favourite_party_size_share" Behavior |r| share(r.0.behavior.favourite_party_size.as_ref()),
        "Bestehende Buchungen mit der häufigsten Platzzahl geteilt durch solche mit bekannter Zahl.",
        "Kept bookings with the most frequent number of seats divided by those with a known one.";
    FavouritePartySizeBasedOn "favourite_party_size_based_on" Behavior |r| seen(r.0.behavior.favourite_party_size.as_ref()),
        "Anzahl der bestehenden Buchungen mit bekannter Platzzahl, ab zwei.",
        "Number of kept bookings with a known number of seats, from two on.";
    FavouriteSalesChannel "favourite_sales_channel" Behavior |r| liked(r.0.behavior.favourite_sales_channel.as_ref()),
        "Der häufigste Verkaufskanal über die bestehenden Buchungen, bei Gleichstand der der jüngsten, ab zwei Beobachtungen.",
        "The most frequent sales channel over the kept bookings, ties to the latest, from two observations on.";
    FavouriteSalesChannelShare "favourite_sales_channel_share" Behavior |r| share(r.0.behavior.favourite_sales_channel.as_ref()),
        "Bestehende Buchungen über den häufigsten Verkaufskanal geteilt durch solche mit bekanntem Kanal.",
        "Kept bookings over the most frequent sales channel divided by those with a known one.";
    FavouriteSalesChannelBasedOn "favourite_sales_channel_based_on" Behavior |r| seen(r.0.behavior.favourite_sales_channel.as_ref()),
        "Anzahl der bestehenden Buchungen mit bekanntem Verkaufskanal, ab zwei.",
        "Number of kept bookings with a known sales channel, from two on.";
    Ancillaries "ancillaries" Behavior |r| V::List(r.0.behavior.ancillaries.iter().map(V::from).collect()),
        "Je Art der Zusatzleistung der Anteil der bestehenden Buchungen, die sie enthalten, und die Beträge je Währung.",
        "For each type of extra the share of kept bookings that have it, and the amounts per currency.";

    NpsScore "nps_score" Engagement |r| mean(r.0.feedback.nps_score.as_ref()),
        "Die letzte Antwort der Person auf die Frage nach der Weiterempfehlung, von 0 bis 10.",
        "The person's latest answer to whether they would recommend the operator, from 0 to 10.";
    NpsBasedOn "nps_based_on" Engagement |r| rests(r.0.feedback.nps_score.as_ref()),
        "Anzahl der Antworten auf die Frage nach der Weiterempfehlung.",
        "Number of answers to whether the person would recommend the operator.";
    Satisfaction "satisfaction" Engagement |r| mean(r.0.feedback.satisfaction.as_ref()),
        "Mittel der letzten fünf Bewertungen der Person, von 1 bis 5.",
        "Mean of the person's last five ratings, from 1 to 5.";
    SatisfactionBasedOn "satisfaction_based_on" Engagement |r| rests(r.0.feedback.satisfaction.as_ref()),
        "Anzahl der Bewertungen, auf denen das Mittel ruht, höchstens fünf.",
        "Number of ratings that the mean rests on, at most five.";

    MarketingConsent "marketing_consent" Standing |r| r.0.standing.marketing_consent.into(),
        "Die Werbeeinwilligung, wie sie das Profil zuletzt sagt, immer nach heutigem Stand.",
        "The consent to marketing as the profile last told it, always as of today.";
    ProfilingObjection "profiling_objection" Standing |r| r.0.standing.profiling_objection.into(),
        "Ob irgendein Profil der Person der Profilbildung widerspricht, immer nach heutigem Stand.",
        "Whether any profile of the person objects to profiling, always as of today.";
    IsMinor "is_minor" Standing |r| r.0.standing.minor.into(),
        "Ob die Person nach ihrem zuletzt geänderten Platz als Kind oder Kleinkind reist.",
        "Whether the person travels as child or infant by the seat that changed last.";
    Locale "locale" Standing |r| r.0.standing.locale.as_ref().into(),
        "Sprache und Region, wie sie das Profil zuletzt sagt.",
        "Language and region as the profile last told them.";

    =>
    Score "score" Engagement
        "Rhythmus, Trend, Resonanz, Urteil und Zuverlässigkeit, jedes von 0 bis 1, gewichtet gemittelt über die bekannten Teile, mal 100.",
        "Rhythm, trend, response, feedback and reliability, each from 0 to 1, their weighted mean over the parts that are known, times 100.";
    Coverage "coverage" Engagement
        "Der Anteil des vollen Gewichts, für den es Daten gab.",
        "The share of the full weight that had data.";
    Parts "parts" Engagement
        "Die Teile der Bewertung, für die es Daten gab, mit Wert und Gewicht.",
        "The parts of the score that had data, with value and weight.";
    WeightsVersion "weights_version" Engagement
        "Welche Fassung der Gewichte des Veranstalters galt, 0 für die üblichen.",
        "Which version of the operator's weights held, 0 for the usual ones.";
    ChurnRisk "churn_risk" Forecast
        "Die kalibrierte Wahrscheinlichkeit, innerhalb des Horizonts weder zu buchen noch zu reisen, 0 bei bevorstehender Reise.",
        "The calibrated probability of neither booking nor travelling within the horizon, 0 with a departure to come.";
    ChurnBand "churn_band" Forecast
        "Das Abwanderungsrisiko als Wort: unter einem Drittel niedrig, über zwei Dritteln hoch.",
        "The churn risk in one word: low below a third, high above two thirds.";
    ChurnForecast "churn_forecast" Forecast
        "Was mit 85 Prozent Treffern im Rückvergleich gesagt werden darf: bleibt, geht oder unentschieden.",
        "What may be said with 85 percent right in the back-test: stays, leaves or undecided.";
    NextBooking "next_booking" Forecast
        "Der Tag, vor dem die Hälfte derer zurückkommt, die so lange schweigen und zurückkommen, mit dem Bereich für acht von zehn.",
        "The day before which half of those come back who were silent for so long and do, with the range of eight in ten.";
    PredictedValue "predicted_value" Forecast
        "Die erwartete Zahl eigener Buchungen mal dem erwarteten Wert einer Buchung, im Verhältnis zur Wahrscheinlichkeit wiederzukommen, wo das im Rückvergleich genauer war, und berichtigt um das, was dort fehlte.",
        "The expected number of own bookings times the expected value of one, in proportion to the probability of coming back where the back-test was closer with it, and corrected by what it was off.";
    ChannelPreference "channel_preference" Conclusion
        "Der Kanal, den die Person wünscht, sonst der erlaubte und erreichbare, auf dem sie am häufigsten liest und antwortet, Altes zählt weniger.",
        "The channel that the person asked for, else the allowed and reachable one on which they most often read and answer, old messages counting less.";
    Cluster "cluster" Conclusion
        "Die Kundengruppe, deren Mitte nach Tagen seit der letzten Buchung, Buchungen und Umsatz am nächsten liegt.",
        "The group of customers whose middle is nearest by days since the last booking, bookings and revenue.";
}
