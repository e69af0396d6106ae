//! How well the watch does: replays beside incidents that are known to have happened, alerts beside what came of them.
//!
//! In: the lines of alerts' lives, incidents, outcomes, matters. Out: reports as values, text and pages. Not here: the replay itself (`pipeline`).

// A replay judged by incidents that are known to have happened.
pub mod backtest;
mod compared;
// What became of matters.
pub mod handled;
// How well the watch does, as plan, do, check, act.
pub mod quality;
mod share;
mod sheets;

pub use compared::{Compared, compare};
pub use sheets::{quality_of_folder, quality_of_run};
