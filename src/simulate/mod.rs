//! A small world with known truth: five kinds of sites on loopback, months of traffic in our own words, injected incidents.
//!
//! In: a seed ([`WorldSpec`]) and a moment ([`SimClock`]). Out: pages over real HTTP ([`Sites`]), recipes to collect them
//! ([`World::recipes`]), the truth ([`World::truth`]) and a [`Verdict`] on what was alerted ([`judge()`]).
//! Not here: any other room but `vocabulary`; the wall clock; anything that production code would import.
//!
//! Invariants: same specification, same world, byte for byte ([`World::digest`]); no site shows an item before its moment;
//! brands, firms, outlets and people are invented, places and standard numbers are real.

mod clock;
mod compose;
mod document;
mod goods;
mod incident;
mod item;
mod judge;
mod pen;
mod places;
mod press;
mod recipes;
mod sites;
mod texts;
mod traffic;
mod world;

pub use clock::SimClock;
pub use goods::brand_names;
pub use incident::{Growth, InjectedIncident};
pub use item::{Item, Nature, SiteKind, Stream};
pub use judge::{FalseAlert, Found, Outcome, Verdict, judge};
pub use sites::{Fault, ServeError, SiteAddresses, Sites, Tally};
pub use world::{World, WorldSpec};

#[cfg(test)]
mod tests;
