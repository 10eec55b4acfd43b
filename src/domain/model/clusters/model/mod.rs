//! The stored model: lasting groups of customers by days since the last booking, bookings and revenue.
//!
//! Numbers are taken as log(1 + x), so that the second booking says more than the twelfth. Training again starts from
//! the present groups, keeps the id and name of a group that moved by less than one deviation, and tells how many people
//! went where. Between trainings people are only assigned. Nothing about a person is stored.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::choose::{self, Try};
use super::fit::{self, Fit};
use super::matching::cheapest;
use super::names::{Lean, Name, name};
use super::points::{Points, Scale, apart};
use crate::domain::model::history::{DAY, History, Minutes};

/// Fewer customers are no population.
pub const CUSTOMERS_MIN: usize = 200;
/// A group whose middle moved farther (in deviations) is another group.
const SAME_WITHIN: f64 = 1.0;
/// The present groups are kept as a start unless another start is tighter by more than this share.
const TIGHTER: f64 = 0.01;
/// A region belongs to the name from this share of the group on.
const HOME: f64 = 0.5;

/// What the groups are found by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rfm {
    /// Days since the last kept booking.
    pub recency_days: f64,
    /// Kept bookings.
    pub bookings: f64,
    /// What they are worth, in units of the tenant's currency.
    pub revenue: f64,
}

impl Rfm {
    /// Of a history by an instant; none without a kept booking.
    #[must_use]
    pub fn of(history: &History, now: Minutes) -> Option<Self> {
        let kept = || history.kept().filter(|one| one.booked <= now);
        let last = kept().map(|one| one.booked).max()?;
        let cents: i64 = kept().filter_map(|one| one.value).sum();
        let bookings = u32::try_from(kept().count()).unwrap_or(u32::MAX);
        #[expect(
            clippy::cast_precision_loss,
            reason = "days and hundredths of a lifetime"
        )]
        let (recency_days, revenue) = (((now - last) / DAY) as f64, cents as f64 / 100.0);
        Some(Self {
            recency_days,
            bookings: f64::from(bookings),
            revenue,
        })
    }

    /// As the model measures it.
    #[must_use]
    pub fn logs(&self) -> [f64; 3] {
        [self.recency_days, self.bookings, self.revenue].map(|part| libm::log1p(part.max(0.0)))
    }
}

/// One customer of the training.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Customer<'a> {
    /// The numbers.
    pub rfm: Rfm,
    /// The region travelled to most, if any.
    pub region: Option<&'a str>,
}

/// One group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Lasts across trainings, never used again for another group.
    pub id: u32,
    /// What it is called.
    pub name: Name,
    /// The middle, as logarithms.
    pub centre: Vec<f64>,
    /// How many customers it had when trained.
    pub size: u32,
}

/// A trained model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Clusters {
    scale: Scale,
    groups: Vec<Group>,
    next_id: u32,
    trained_at: Minutes,
}

/// Where a customer belongs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Assigned<'m> {
    /// The nearest group.
    pub group: &'m Group,
    /// How clearly, in [0, 1]: 0 on the border to the next group, 1 in the middle of the own one.
    pub clarity: f64,
}

/// How a training went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// How many customers.
    pub customers: u32,
    /// Every number of groups that was tried.
    pub tries: Vec<Try>,
    /// Sum of squared distances in the scaled space.
    pub inertia: f64,
    /// How many went from which group of the former model to which of this one, by id; empty without a former model.
    pub moved: Vec<(u32, u32, u32)>,
    /// Share of customers whose group is another than under the former model.
    pub churn: Option<f64>,
}

/// Why there is no model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Untrainable {
    /// Fewer than [`CUSTOMERS_MIN`] customers.
    #[error("{0} customers have booked, {CUSTOMERS_MIN} are needed")]
    TooFew(usize),
    /// No number of groups comes out again in other samples.
    #[error("no number of groups is stable")]
    Unstable,
}

impl Clusters {
    /// Trains on everybody, from the present groups where there are any.
    ///
    /// # Errors
    ///
    /// [`Untrainable`], when there is nothing that would last.
    pub fn train(
        customers: &[Customer<'_>],
        present: Option<&Self>,
        seed: u64,
        now: Minutes,
    ) -> Result<(Self, Report), Untrainable> {
        if customers.len() < CUSTOMERS_MIN {
            return Err(Untrainable::TooFew(customers.len()));
        }
        let mut raw = Points::new(3);
        for customer in customers {
            raw.push(&customer.rfm.logs());
        }
        let scale = Scale::of(&raw);
        let scaled = scale.all(&raw);
        let tries = choose::tries(&scaled, seed);
        let k_now = present.and_then(|model| u32::try_from(model.groups.len()).ok());
        let k = choose::chosen(&tries, k_now).ok_or(Untrainable::Unstable)?;
        let warm = present.filter(|_| k_now == Some(k));
        let fit = fitted(
            &scaled,
            k as usize,
            warm.map(|model| model.starts(&scale)),
            seed,
        );
        let fit = fit.ok_or(Untrainable::Unstable)?;
        let model = Self {
            trained_at: now,
            ..Self::lasting(scale, &fit, customers, present)
        };
        let moved = present.map_or_else(Vec::new, |former| moved(former, &model, customers));
        let stayed = moved.iter().filter(|(from, to, _)| from == to);
        let stayed: u32 = stayed.map(|(_, _, n)| n).sum();
        let all = u32::try_from(customers.len()).unwrap_or(u32::MAX);
        let report = Report {
            customers: all,
            tries,
            inertia: fit.inertia,
            churn: present.map(|_| 1.0 - f64::from(stayed) / f64::from(all)),
            moved,
        };
        Ok((model, report))
    }

    /// The groups, by id.
    #[must_use]
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// When it was trained.
    #[must_use]
    pub const fn trained_at(&self) -> Minutes {
        self.trained_at
    }

    /// The group a customer belongs to.
    #[must_use]
    pub fn assign(&self, rfm: &Rfm) -> Option<Assigned<'_>> {
        let point = self.scale.scaled(&rfm.logs());
        let mut near: Vec<(f64, &Group)> = self
            .groups
            .iter()
            .map(|group| (apart(&point, &self.scale.scaled(&group.centre)), group))
            .collect();
        near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.id.cmp(&b.1.id)));
        let (nearest, group) = near.first().copied()?;
        let next = near.get(1).map_or(f64::INFINITY, |(distance, _)| *distance);
        let clarity = if next > 0.0 && next.is_finite() {
            1.0 - libm::sqrt(nearest / next)
        } else {
            f64::from(u8::from(next > 0.0))
        };
        Some(Assigned { group, clarity })
    }

    /// The present middles on another scale.
    fn starts(&self, scale: &Scale) -> Points {
        let mut starts = Points::new(3);
        for group in &self.groups {
            starts.push(&scale.scaled(&group.centre));
        }
        starts
    }

    /// Gives the groups of a fit their ids and names.
    fn lasting(
        scale: Scale,
        fit: &Fit,
        customers: &[Customer<'_>],
        present: Option<&Self>,
    ) -> Self {
        let centres: Vec<Vec<f64>> = fit.centres.iter().map(|one| scale.raw(one)).collect();
        let old = present.map_or(&[][..], |model| &model.groups);
        let same = same_groups(&centres, old, &scale);
        let sizes = fit::sizes(&fit.labels, centres.len());
        let mut next_id = present.map_or(1, |model| model.next_id);
        let mut taken: BTreeSet<Name> = same.iter().flatten().map(|old| old.name.clone()).collect();
        let mut groups = Vec::with_capacity(centres.len());
        for ((place, centre), (known, size)) in centres
            .into_iter()
            .enumerate()
            .zip(same.into_iter().zip(sizes))
        {
            let (id, name) = if let Some(known) = known {
                (known.id, known.name.clone())
            } else {
                next_id += 1;
                let lean = scale.scaled(&centre);
                let home = home(&fit.labels, place, customers);
                (next_id - 1, unlike(named(&lean, home), &mut taken))
            };
            groups.push(Group {
                id,
                name,
                centre,
                size,
            });
        }
        groups.sort_by_key(|group| group.id);
        Self {
            scale,
            groups,
            next_id,
            trained_at: 0,
        }
    }
}

/// The tightest fit; from the present middles when no other start is tighter by more than one in a hundred.
fn fitted(points: &Points, k: usize, present: Option<Points>, seed: u64) -> Option<Fit> {
    let cold = fit::best(points, k, fit::STARTS, seed)?;
    let warm = present.map(|starts| fit::lloyd(points, starts));
    let kept = warm.filter(|warm| warm.inertia <= cold.inertia * (1.0 + TIGHTER));
    Some(kept.unwrap_or(cold))
}

/// For each new middle the old group that it is, if it is one.
fn same_groups<'o>(
    centres: &[Vec<f64>],
    old: &'o [Group],
    scale: &Scale,
) -> Vec<Option<&'o Group>> {
    let moved = |centre: &[f64], group: &Group| {
        libm::sqrt(apart(&scale.scaled(centre), &scale.scaled(&group.centre)))
    };
    let costs: Vec<Vec<f64>> = centres
        .iter()
        .map(|centre| old.iter().map(|group| moved(centre, group)).collect())
        .collect();
    let matched = cheapest(&costs).into_iter().zip(centres);
    matched
        .map(|(place, centre)| {
            let group = old.get(place?)?;
            (moved(centre, group) <= SAME_WITHIN).then_some(group)
        })
        .collect()
}

fn named(lean: &[f64], home: Option<&str>) -> Name {
    let of = |place: usize| lean.get(place).copied().unwrap_or(0.0);
    let lean = Lean {
        recency: of(0),
        frequency: of(1),
        monetary: of(2),
    };
    name(lean, home)
}

/// The name, with a number if another group has it.
fn unlike(name: Name, taken: &mut BTreeSet<Name>) -> Name {
    let numbered = (2..).map(|number| name.numbered(number));
    let mut all = std::iter::once(name.clone()).chain(numbered);
    let free = all.find(|name| !taken.contains(name)).unwrap_or(name);
    taken.insert(free.clone());
    free
}

/// The region that at least half of a group travels to most, when not at least half of everybody does.
fn home<'c>(labels: &[u32], place: usize, customers: &[Customer<'c>]) -> Option<&'c str> {
    let of_group = customers
        .iter()
        .zip(labels)
        .filter(|(_, label)| **label as usize == place);
    let here = regions(of_group.map(|(customer, _)| customer));
    let everywhere = regions(customers.iter());
    let of = |counts: &BTreeMap<Option<&'c str>, u32>, region: &'c str| {
        let all: u32 = counts.values().sum();
        let found = counts.get(&Some(region)).copied().unwrap_or(0);
        f64::from(found) / f64::from(all.max(1))
    };
    let mut named = here.keys().copied().flatten();
    named.find(|region| of(&here, region) >= HOME && of(&everywhere, region) < HOME)
}

fn regions<'c, 'x>(
    customers: impl Iterator<Item = &'x Customer<'c>>,
) -> BTreeMap<Option<&'c str>, u32>
where
    'c: 'x,
{
    let mut counts = BTreeMap::new();
    for customer in customers {
        *counts.entry(customer.region).or_default() += 1;
    }
    counts
}

/// How many of these customers are in which group of the former model and of the present one.
fn moved(
    former: &Clusters,
    present: &Clusters,
    customers: &[Customer<'_>],
) -> Vec<(u32, u32, u32)> {
    let mut counts: BTreeMap<(u32, u32), u32> = BTreeMap::new();
    for customer in customers {
        let group = |model: &Clusters| Some(model.assign(&customer.rfm)?.group.id);
        if let Some(both) = group(former).zip(group(present)) {
            *counts.entry(both).or_default() += 1;
        }
    }
    let rows = counts.into_iter();
    rows.map(|((from, to), n)| (from, to, n)).collect()
}

#[cfg(test)]
mod tests;
