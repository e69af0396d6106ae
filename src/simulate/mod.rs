//! A small world with known truth: five kinds of sites on loopback, months of traffic in our own words, injected incidents.
//!
//! In: a seed ([`WorldSpec`]) and a moment ([`SimClock`]). Out: pages over real HTTP ([`Sites`]), recipes to collect them
//! ([`World::recipes`]), the truth ([`World::truth`]) and a [`Verdict`] on what was alerted ([`judge()`]).
//! The people who handle what was alerted act upon matters ([`People`]), so that a whole year can be lived through.
//! Not here: any other room but `vocabulary` and `matter`; the wall clock; anything that production code would import.
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
mod people;
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
pub use people::{AUTHORITY, BODY, CENTRE, People, Tried};
pub use sites::{Fault, ServeError, SiteAddresses, Sites, Tally};
pub use world::{World, WorldSpec};

#[cfg(test)]
mod tests;
