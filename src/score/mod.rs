//! Judges: which product–hazard pairs are worth attention as of a day, how dangerous, how wide, and what to do about it.
//!
//! In: signals, how much was read, the criteria file's text, `as_of`. Out: assessments with every number that
//! made them. Not here: I/O, the clock, HTML, how a text was read, what an alert's life looks like.
//!
//! Steps: `Events` sorts signals into stories and independent events, causally, so that the past never learns from the future ·
//! `exposure` measures how much was read · `prior` computes what is usual, `share_scatter` how far brands and provinces vary around it ·
//! `rise` and `detector` measure the evidence of the newest days for a rise, `onsets` how often chance gives as much, `budget` how rare
//! that must be · `items` estimates how many are in use · `danger` and `spread` find how bad and how wide · `cell_day` decides what is one
//! incident and what follows, `change` what would change that, `assessment` fills the terms that are shown and says why in sentences, which
//! `tell` words; of these `change_point`, `disproportion` and `false_discovery` have no effect on a level · `Scorer` runs all of it for a
//! day. `feedback` brings back what analysts and sampling found.
//!
//! **SCORE-1** same signals, outcomes, criteria and `as_of` give the same assessments whatever the order of arrival. **SCORE-2** every
//! number of an explanation is a stored term, and the terms recompute.

mod assessment;
mod budget;
mod cell_day;
mod change;
mod change_point;
mod common_cause;
mod criteria;
mod danger;
mod days;
mod detector;
mod disproportion;
#[cfg(test)]
mod edge_cases;
mod events;
mod exposure;
mod false_discovery;
mod feedback;
mod input_digest;
mod items;
mod moved;
pub mod onsets;
mod prior;
pub mod rise;
mod scorer;
mod share_scatter;
mod spread;
mod stories;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use assessment::explain;
pub use criteria::{
    Basis, BudgetCriteria, ChangeCriteria, Counting, Criteria, CriteriaError, DangerCriteria, DetectorCriteria,
    DisposalRule, EvenRise, HazardClass, Rank, SingleRule, SpreadCriteria, Zone,
};
pub use events::{EventBook, Events, SignalCounts, TooLate};
pub use exposure::Volume;
pub use feedback::{Feedback, FeedbackCriteria, Resolution, credibility, resolutions};
pub use input_digest::InputDigest;
pub use items::Market;
pub use scorer::Scorer;
