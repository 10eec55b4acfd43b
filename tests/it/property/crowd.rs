//! Many histories told to one tenant: what tests of faults deliver, and who is spoken about in it.

use std::ops::Range;

use uuid::Uuid;

use super::deliveries::{tell, tell_plainly};
use super::history::history;
use super::world::{Table, World};

/// Deliveries about many persons of one tenant.
#[derive(Debug, Clone)]
pub(crate) struct Crowd {
    pub(crate) tenant: Uuid,
    /// Everybody who is named, with or without a profile.
    pub(crate) persons: Vec<Uuid>,
    /// Bodies as Hasura posts them.
    pub(crate) bodies: Vec<String>,
}

/// Every row change of these histories once, in the platform's own order.
pub(crate) fn plainly(tenant: Uuid, seeds: Range<u64>) -> Crowd {
    let (persons, world) = world(tenant, seeds, false);
    let bodies = tell_plainly(&world);
    let bodies = bodies.into_iter().map(|told| told.body).collect();
    Crowd {
        tenant,
        persons,
        bodies,
    }
}

/// The same, shuffled, some of it told two or three times, that many of a hundred changes by canonical events; persons may be erased in it.
pub(crate) fn shuffled(
    tenant: Uuid,
    seeds: Range<u64>,
    percent_canonical: usize,
    erasing: bool,
) -> Crowd {
    let (persons, world) = world(tenant, seeds.clone(), erasing);
    let bodies = tell(&world, seeds.start, percent_canonical);
    let bodies = bodies.into_iter().map(|told| told.body).collect();
    Crowd {
        tenant,
        persons,
        bodies,
    }
}

fn world(tenant: Uuid, seeds: Range<u64>, erasing: bool) -> (Vec<Uuid>, World) {
    let (mut persons, mut commands) = (Vec::new(), Vec::new());
    for one in seeds.map(|seed| history(seed, erasing)) {
        persons.extend(one.persons);
        commands.extend(one.commands);
    }
    let operators = commands
        .iter_mut()
        .filter(|command| command.table == Table::Operators);
    operators.for_each(|command| command.id = tenant);
    (persons, World::run(tenant, erasing, &commands))
}

#[test]
fn a_crowd_is_told_to_its_tenant_alone() {
    let crowd = plainly(Uuid::from_u128(7), 0..20);
    assert!(crowd.persons.len() > 20 && crowd.bodies.len() > 200);
    for body in &crowd.bodies {
        let delivery = customer_intelligence::contracts::read(body.as_bytes());
        assert_eq!(
            delivery.expect("a delivery that is understood").tenant_id,
            crowd.tenant
        );
    }
}
