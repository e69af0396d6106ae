//! What came back: appended, never changed.

use vocabulary::Outcome;

/// What became of an outcome that was handed in.
#[derive(Debug, Clone, PartialEq)]
pub enum Taken {
    /// It is new.
    Kept,
    /// It was there already, the same.
    Known,
    /// One with the same id says something else; that one stays.
    Differs(Box<Outcome>),
}
