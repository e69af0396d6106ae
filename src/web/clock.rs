//! The one place where the room reads the clock of the machine.

use jiff::Timestamp;

/// The current moment.
#[expect(clippy::disallowed_methods, reason = "the edge where the clock comes in")]
pub(super) fn now() -> Timestamp {
    Timestamp::now()
}
