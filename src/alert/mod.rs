//! Turns days of assessments into episodes (预警): one stable id per incident, raised at once, lowered and closed only after a while,
//! ranked, and published as feeds.
//!
//! In: the assessments of a day, the `[alert]` table of the criteria file, a way to look up evidence. Out: the events of every alert's
//! life, the ranked list, JSON Feed, Atom and a terminal table. Not here: how a text was read, statistics, I/O, the clock.
//!
//! **ALERT-1** a rerun or a retry never opens a second alert for one episode: ids follow from what the alert is about and the day it
//! opened, and a day that was already taken in changes nothing. **ALERT-2** every change of level keeps before and after.

/// Alerts as messages of the Common Alerting Protocol.
pub mod cap;
mod casework;
mod episodes;
/// The ranked list for other programs and for the terminal.
pub mod feed;
/// Other forms: CSV, CloudEvents, the draft of a notice.
pub mod forms;
/// Pages that stand alone.
pub mod page;
mod policy;
/// Two criteria files over the same evidence.
pub mod sidebyside;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use casework::{Casework, may, verdict};
pub use episodes::Episodes;
pub use policy::{AlertError, AlertPolicy};
