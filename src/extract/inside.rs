//! The reader's steps one by one, for the laboratory: it teaches the judge, tags names and surveys rules. Production reads by
//! [`super::read`].

pub use super::analysis::{Analysis, Fate, FoundHazard};
pub use super::hits::{Hit, Hits};
pub use super::judge::{Candidate, candidates, decide, features, traits_of, words};
pub use super::matching::{Find, find};
pub use super::normalise::Folded;
pub use super::reading_of;
pub use super::scan::scan;
