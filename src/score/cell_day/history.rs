//! Brands and provinces of a cell's baseline events, computed when a part needs them.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::RecentMention;
use crate::days::Day;
use crate::events::{Cell, Mention};

/// Brand and province (0 = unknown) of every baseline event of a cell, looked up on first use: most cells are quiet and need only the
/// count.
#[derive(Clone)]
pub(crate) struct History<'a> {
    cell: &'a Cell,
    baseline: (Day, Day),
    as_of: Day,
    events: Arc<OnceLock<Vec<(u32, u32)>>>,
    /// Number of events by brand, and by province.
    named: Arc<OnceLock<[BTreeMap<u32, u64>; 2]>>,
}

impl<'a> History<'a> {
    pub(crate) fn of(cell: &'a Cell, baseline: (Day, Day), as_of: Day) -> Self {
        Self { cell, baseline, as_of, events: Arc::default(), named: Arc::default() }
    }

    /// Only the events that `stays` names by brand and province.
    pub(crate) fn only(&self, stays: impl Fn(u32, u32) -> bool) -> Self {
        let stay = self.iter().copied().filter(|(brand, province)| stays(*brand, *province));
        Self { events: Arc::new(OnceLock::from(stay.collect::<Vec<_>>())), named: Arc::default(), ..self.clone() }
    }

    /// Number of events.
    pub(super) fn count(&self) -> u64 {
        self.events.get().map_or_else(|| self.opening().count(), Vec::len) as u64
    }

    /// Number of events that name a brand.
    pub(super) fn of_brand(&self, brand: u32) -> u64 {
        self.named()[0].get(&brand).copied().unwrap_or(0)
    }

    /// Number of events that name a province (two digits).
    pub(super) fn of_province(&self, province: u32) -> u64 {
        self.named()[1].get(&province).copied().unwrap_or(0)
    }

    fn named(&self) -> &[BTreeMap<u32, u64>; 2] {
        self.named.get_or_init(|| {
            let mut named: [BTreeMap<u32, u64>; 2] = Default::default();
            for (brand, province) in self.iter() {
                *named[0].entry(*brand).or_default() += 1;
                *named[1].entry(*province).or_default() += 1;
            }
            named
        })
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, (u32, u32)> {
        let look = || self.opening().map(|mention| RecentMention::new(mention, self.cell, self.as_of));
        self.events.get_or_init(|| look().map(|seen| (seen.brand, seen.province)).collect()).iter()
    }

    fn opening(&self) -> impl Iterator<Item = &'a Mention> {
        let (from, to) = self.baseline;
        self.cell.known(from, to, self.as_of).filter(|mention| mention.opens)
    }
}
