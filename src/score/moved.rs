//! Events that a supposed change moves between provinces.

use std::collections::BTreeMap;

/// Events that a change put into provinces (two digits), or took out of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Moved {
    provinces: BTreeMap<u32, i64>,
    events: i64,
}

impl Moved {
    /// Puts events into a province (two digits; 0: none); below zero takes them out.
    pub(super) fn put(&mut self, province: u32, events: i64) {
        self.events += events;
        if province > 0 {
            *self.provinces.entry(province).or_default() += events;
        }
    }

    /// Events put into a province; below zero when taken out.
    pub(super) fn of(&self, province: u32) -> i64 {
        self.provinces.get(&province).copied().unwrap_or(0)
    }

    /// Over all provinces.
    pub(super) fn placed(&self) -> i64 {
        self.provinces.values().sum()
    }

    /// Placed or not.
    pub(super) fn events(&self) -> i64 {
        self.events
    }
}
