//! A matter (风险事项): what people, units and the machine did about an alert, and what follows from it (DB33/T 980 §6.2 to §6.4).
//!
//! In: an alert's day, its sampling request and the acts on it in their order; clocks and a calendar of working days; a day. Out: the state
//! ([`Matter`]), whether a further act may be done ([`Matter::check`]), what each party owes until when ([`Matter::duties`]). Nobody writes
//! state: it follows from the acts, so that it can be replayed, proven and handed over. [`paper`] makes papers of it. Pure. Not here: the store, the
//! clock on the wall, HTTP, how a file is written, who buyers are (PRIV-2).

mod calendar;
mod check;
mod clocks;
mod duty;
mod fields;
mod handling;
mod measures;
pub mod paper;
pub mod results;
mod sample;
mod share;
mod state;
#[cfg(test)]
mod tests;
mod whom;

pub use calendar::Calendar;
pub use check::Around;
pub use clocks::{Clock, Clocks, Counting, Due};
pub use duty::{Duty, Limit, Owed, Owner};
pub use fields::{Choice, Field, Kind, fields, work_of};
pub use handling::{Handling, HandlingError};
pub use measures::Measures;
pub use sample::{Sample, SampleCounts, SampleState, Tested};
pub use share::{Part, SentSample, ToldResult};
pub use state::{Case, Correction, DrawMade, Drawing, Matter, Objection, Recipient, Scheme, Taken};
pub use whom::{Proposal, Sibling, Whom};
