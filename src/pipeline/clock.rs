//! Where a service takes the moment from: real time at the edge, a simulated world in the demo, a moment that a test sets.

use std::sync::Arc;

use jiff::Timestamp;

/// A source of moments. Clones tell the same time.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// A clock that asks `now` each time.
    #[must_use]
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// A clock that does not move.
    #[must_use]
    pub fn standing(at: Timestamp) -> Self {
        Self::new(move || at)
    }

    /// The moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}
