//! The world's moment. It moves only when somebody sets it, so a run can be repeated to the second.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use jiff::civil::Date;

use vocabulary::{day_of, end_of_day};

/// A clock that stands until it is set. Shared by the sites and whoever lives the days.
#[derive(Debug)]
pub struct SimClock {
    seconds: AtomicI64,
}

impl SimClock {
    /// A clock that stands at the end of a day (Asia/Shanghai).
    #[must_use]
    pub fn at_day(day: Date) -> Self {
        Self { seconds: AtomicI64::new(end_of_day(day).as_second()) }
    }

    /// Moves to the last second of a day, so that all that is published on that day can be seen.
    pub fn set_day(&self, day: Date) {
        self.set(end_of_day(day));
    }

    /// Moves to a moment, to the second.
    pub fn set(&self, moment: Timestamp) {
        self.seconds.store(moment.as_second(), Ordering::Release);
    }

    /// Where the clock stands.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp::from_second(self.seconds.load(Ordering::Acquire)).unwrap_or(Timestamp::MIN)
    }

    /// The day it stands in.
    #[must_use]
    pub fn today(&self) -> Date {
        day_of(self.now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_clock_stands_until_it_is_set() {
        let clock = SimClock::at_day(date(2025, 3, 1));
        assert_eq!((clock.now(), clock.today()), (end_of_day(date(2025, 3, 1)), date(2025, 3, 1)));
        clock.set_day(date(2025, 3, 2));
        assert_eq!(clock.today(), date(2025, 3, 2));
    }
}
