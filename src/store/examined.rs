//! What was found of a store that was looked at without being opened.

use vocabulary::Refused;

/// What [`Store::examine`](crate::Store::examine) found.
#[derive(Debug, Default)]
pub struct Examined {
    /// Rows that were held against the checksums of their tables.
    pub rows: u64,
    /// Tables that do not hold what was written.
    pub tables: Vec<String>,
    /// Everything wrong.
    pub problems: Vec<Refused>,
    /// Whether opening it would fail, or give up what was committed.
    pub unreadable: bool,
    /// Whether an earlier version of this program wrote it last: its tables have no checksums yet.
    pub earlier: bool,
}
