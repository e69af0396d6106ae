//! POLITE-1: how often one host is asked. A governor limiter without burst, and beside it a next-allowed instant for
//! `Crawl-delay`, `Retry-After` and back-off, because a limiter's quota cannot change.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use jiff::Timestamp;

/// Shortest interval between two requests to one host; a recipe may not ask faster.
pub(crate) const INTERVAL_MS_MIN: u64 = 1;

type Limiter<C> = RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<<C as Clock>::Instant>>;

struct Inner<C: Clock> {
    limiter: Limiter<C>,
    interval: Duration,
    not_before: Option<C::Instant>,
    asked_at: Option<C::Instant>,
}

/// The pace of one host. Politeness with no sleeping inside: ask, and be told to go or how long to wait.
pub(crate) struct HostPace<C: Clock + Clone = DefaultClock> {
    clock: C,
    inner: Mutex<Inner<C>>,
}

impl<C: Clock + Clone> HostPace<C> {
    pub(crate) fn new(interval: Duration, clock: C) -> Self {
        let interval = interval.max(Duration::from_millis(INTERVAL_MS_MIN));
        let limiter = limiter(interval, &clock);
        Self { clock, inner: Mutex::new(Inner { limiter, interval, not_before: None, asked_at: None }) }
    }

    /// May the host be asked now? `Ok` takes the turn; `Err` says how long to wait before asking again.
    pub(crate) fn ask(&self) -> Result<(), Duration> {
        let mut inner = self.lock();
        let now = self.clock.now();
        if let Some(not_before) = inner.not_before {
            let wait = Duration::from(not_before.duration_since(now));
            if !wait.is_zero() {
                return Err(wait);
            }
        }
        inner.limiter.check().map_err(|not_yet| not_yet.wait_time_from(now).max(Duration::from_micros(100)))?;
        inner.asked_at = Some(now);
        Ok(())
    }

    /// Whether forgetting this pace would change nothing.
    pub(crate) fn is_idle(&self) -> bool {
        let inner = self.lock();
        let now = self.clock.now();
        let rested = |asked_at: C::Instant| Duration::from(now.duration_since(asked_at)) >= inner.interval;
        inner.not_before.is_none_or(|not_before| not_before <= now) && inner.asked_at.is_none_or(rested)
    }

    /// From now on at least this long between two requests. A pace only ever slows: of two sources on one host and the
    /// host's own `Crawl-delay`, the slowest counts.
    pub(crate) fn slow_to(&self, interval: Duration) {
        let mut inner = self.lock();
        if interval > inner.interval {
            inner.limiter = limiter(interval, &self.clock);
            inner.interval = interval;
            // The fresh limiter would let one through at once.
            let resume = self.clock.now() + interval.into();
            inner.not_before = inner.not_before.max(Some(resume));
        }
    }

    /// Nothing before this has passed.
    pub(crate) fn hold(&self, wait: Duration) {
        let mut inner = self.lock();
        let resume = self.clock.now() + wait.into();
        inner.not_before = inner.not_before.max(Some(resume));
    }

    fn lock(&self) -> MutexGuard<'_, Inner<C>> {
        // Every write leaves a sound value, so a poisoned lock is as good as a clean one.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn limiter<C: Clock + Clone>(interval: Duration, clock: &C) -> Limiter<C> {
    let quota = Quota::with_period(interval).unwrap_or_else(|| Quota::per_hour(std::num::NonZeroU32::MIN));
    RateLimiter::direct_with_clock(quota.allow_burst(std::num::NonZeroU32::MIN), clock.clone())
}

/// `Retry-After` as seconds or HTTP date (RFC 9110 §10.2.3). A date is taken relative to `now`.
pub(crate) fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let then = http_date(value)?;
    Some(Duration::try_from(then.duration_since(now)).unwrap_or_default())
}

/// The date format of HTTP headers; the two obsolete spellings of RFC 9110 §5.6.7 are read too.
pub(crate) fn http_date(value: &str) -> Option<Timestamp> {
    if let Ok(zoned) = jiff::fmt::rfc2822::parse(value) {
        return Some(zoned.timestamp());
    }
    ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"].iter().find_map(|format| {
        let civil = jiff::civil::DateTime::strptime(format, value).ok()?;
        Some(civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use governor::clock::FakeRelativeClock;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn there_is_no_burst_and_the_wait_is_told() {
        let clock = FakeRelativeClock::default();
        let pace = HostPace::new(2 * SECOND, clock.clone());
        assert_eq!(pace.ask(), Ok(()));
        assert_eq!(pace.ask(), Err(2 * SECOND));
        clock.advance(SECOND);
        assert_eq!((pace.ask(), pace.is_idle()), (Err(SECOND), false));
        clock.advance(SECOND);
        assert!(pace.is_idle());
        assert_eq!(pace.ask(), Ok(()));
    }

    #[test]
    fn a_crawl_delay_slows_and_is_never_undone_by_a_faster_source() {
        let clock = FakeRelativeClock::default();
        let pace = HostPace::new(SECOND, clock.clone());
        pace.slow_to(5 * SECOND);
        pace.slow_to(SECOND);
        assert_eq!(pace.ask(), Err(5 * SECOND));
        clock.advance(5 * SECOND);
        assert_eq!(pace.ask(), Ok(()));
        assert_eq!(pace.ask(), Err(5 * SECOND));
    }

    #[test]
    fn a_hold_outlasts_the_limiter() {
        let clock = FakeRelativeClock::default();
        let pace = HostPace::new(SECOND, clock.clone());
        pace.hold(60 * SECOND);
        pace.hold(10 * SECOND);
        clock.advance(59 * SECOND);
        assert_eq!(pace.ask(), Err(SECOND));
        clock.advance(SECOND);
        assert_eq!(pace.ask(), Ok(()));
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_every_http_date() {
        let now: Timestamp = "1994-11-06T08:49:07Z".parse().unwrap();
        for value in
            ["30", "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
        {
            assert_eq!(retry_after(value, now), Some(30 * SECOND), "{value}");
        }
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:00:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", now), None);
    }
}
