//! The laboratory: measures, compares and teaches. The daily program does not need it.
//!
//! In: labelled texts, archives, replays, known incidents, seeds. Out: tables, reports, a taught model. Not here: anything that the service
//! calls; no room but `cli` imports this one.
//!
//! `reader` measures how texts are read and teaches the judge, `watch` measures alerts against known incidents and outcomes, `trials` sets
//! detectors and levels beside each other in simulated worlds.

pub mod reader;
pub mod trials;
pub mod watch;
