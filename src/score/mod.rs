//! Judges: which product–hazard pairs are worth attention as of a day, how dangerous, how wide, and what to do about it.
//!
//! In: signals, how much was read, the criteria file's text, `as_of`. Out: assessments with every number that
//! made them. Not here: I/O, the clock, HTML, how a text was read, what an alert's life looks like.
//!
//! The way of a signal: `Events` sorts signals into stories and independent events, causally, so that the past never learns from
//! the future · `exposure` says how much was read · `prior` says what is usual, `parts` how far
//! brands and provinces scatter around it · `rise` and `detector` say how much the newest days speak for a rise, `onsets` how often
//! chance speaks so, `budget` how rare that must be · `items` says how many are in use · `danger` and `spread` say how bad and how wide · `Scorer` decides what is one
//! incident and what to do with it, `change` what would change that, `among` how much of the day is chance, and `explain` says so in
//! sentences, which `tell` words. `feedback` brings back what analysts and sampling found.
//!
//! **SCORE-1** same signals, outcomes, criteria and `as_of` give the same assessments whatever the order of arrival. **SCORE-2** every number of
//! an explanation is a stored term, and the terms recompute.

mod among;
mod began;
mod budget;
mod change;
mod criteria;
mod danger;
mod days;
mod detector;
#[cfg(test)]
mod edges;
mod events;
mod explain;
mod exposure;
mod feedback;
mod footing;
mod items;
mod moved;
pub mod onsets;
mod out_of_line;
mod parts;
mod prior;
pub mod rise;
mod scorer;
mod shared;
mod spread;
mod stories;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use criteria::{
    Basis, BudgetCriteria, ChangeCriteria, Counting, Criteria, CriteriaError, DangerCriteria, DetectorCriteria,
    DisposalRule, EvenRise, HazardClass, Rank, SingleRule, SpreadCriteria, Zone,
};
pub use events::{EventBook, Events, Tally, TooLate};
pub use explain::explain;
pub use exposure::Volume;
pub use feedback::{Feedback, FeedbackCriteria, Resolution, credibility, resolutions};
pub use footing::Footing;
pub use items::Market;
pub use scorer::Scorer;
