//! What happens to identities and carts besides: abandoned checkouts, merged duplicates, an objection, one erased person.

use chrono::TimeDelta;
use serde_json::json;

use super::World;
use super::demand::{Traveller, Wish};
use super::ledger::euros;
use super::people::{duplicate, introduce};

/// A cart that expired before the booking was made after all; half of the carts know their person.
pub(super) fn abandoned_checkout(world: &mut World, wish: &Wish) {
    let Some(departure) = world.catalogue.departures.get(wish.departure) else {
        return;
    };
    let (offering, price) = (departure.offering, departure.price_cents);
    let started = wish.at - TimeDelta::minutes(world.ledger.between(120, 2_000));
    let expires = started + TimeDelta::minutes(30);
    let linked = world.ledger.chance(0.5);
    if let Some(booker) = world.people.get_mut(wish.booker) {
        introduce(&mut world.ledger, booker, started);
    }
    let booker = world
        .people
        .get(wish.booker)
        .map(|p| p.id)
        .filter(|_| linked);
    let count = i64::try_from(wish.travellers.len()).unwrap_or(1);
    let step = world.ledger.pick(&["SEATS", "PASSENGERS", "PAYMENT"]);
    let id = world.ledger.id("checkout_session");
    world.ledger.insert("commerce.checkout_sessions", started, id, json!({
        "tour_offering_id": offering, "booker_profile_id": booker, "status": "ACTIVE", "step": step,
        "passenger_count": count, "cart_amount": euros(price * count), "currency": "EUR",
        "started_at": started, "expires_at": expires,
    }));
    let swept = expires + TimeDelta::minutes(world.ledger.between(0, 5));
    world.ledger.update(
        "commerce.checkout_sessions",
        swept,
        id,
        json!({ "status": "EXPIRED" }),
    );
}

/// Gives every hundredth booker a second profile for one of their bookings; returns which twin is whose.
pub(super) fn split_identities(world: &mut World, wishes: &mut [Wish]) -> Vec<(usize, usize)> {
    let mut twins = Vec::new();
    let mut taken = std::collections::HashSet::new();
    for wish in wishes
        .iter_mut()
        .filter(|w| !w.agency && w.travellers.len() < 5)
    {
        if !world.ledger.chance(0.012) || !taken.insert(wish.booker) {
            continue;
        }
        let Some(person) = world.people.get(wish.booker) else {
            continue;
        };
        let twin = duplicate(&mut world.ledger, person);
        let index = world.people.len();
        world.people.push(twin);
        for traveller in &mut wish.travellers {
            if matches!(traveller, Traveller::Known(known) if *known == wish.booker) {
                *traveller = Traveller::Known(index);
            }
        }
        twins.push((index, wish.booker));
        wish.booker = index;
    }
    twins
}

/// Merges the twins a few weeks before now; every tenth merge was a mistake and is undone.
pub(super) fn merge(world: &mut World, twins: &[(usize, usize)]) {
    for (number, (twin, survivor)) in twins.iter().enumerate() {
        let (Some(twin), Some(survivor)) = (world.people.get(*twin), world.people.get(*survivor))
        else {
            continue;
        };
        let (Some(a), Some(b)) = (twin.since, survivor.since) else {
            continue;
        };
        let (id, into) = (twin.id, survivor.id);
        let at = world.ledger.now - TimeDelta::hours(world.ledger.between(200, 900));
        let at = at.max(a.max(b) + TimeDelta::hours(30));
        world.ledger.update(
            "backoffice.person_profiles",
            at,
            id,
            json!({ "merged_into_id": into }),
        );
        if number % 10 == 9 {
            let undone = at + TimeDelta::hours(20);
            world.ledger.update(
                "backoffice.person_profiles",
                undone,
                id,
                json!({ "merged_into_id": null }),
            );
        }
    }
}

/// One person is erased, one objects to profiling, one is under a legal hold.
pub(super) fn rights(world: &mut World) {
    let at = world.ledger.now - TimeDelta::days(9);
    let adults = world.people.iter().skip(1).filter(|p| p.age > 17);
    let known: Vec<_> = adults
        .filter(|p| p.since.is_some_and(|s| s < at))
        .map(|p| p.id)
        .collect();
    if let Some(id) = known.get(known.len() / 3) {
        world.ledger.update("backoffice.person_profiles", at, *id, json!({
            "first_name": null, "last_name": null, "email": null, "phone": null, "date_of_birth": null,
            "dietary_needs": null, "pii_redacted_at": at,
        }));
    }
    if let Some(id) = known.get(known.len() / 2) {
        world.ledger.update(
            "backoffice.person_profiles",
            at,
            *id,
            json!({ "profiling_objection_at": at }),
        );
    }
    if let Some(person) = known.get(known.len() / 4) {
        let id = world.ledger.id("legal_hold");
        world.ledger.insert("backoffice.legal_holds", at, id, json!({
            "entity_type": "person", "entity_id": person, "reason_code": "DISPUTE", "created_at": at,
        }));
    }
}
