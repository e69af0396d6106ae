//! POLITE-1: how often one host is asked. A governor limiter without burst, beside it a next-allowed instant for
//! `Crawl-delay`, `Retry-After` and back-off, because a limiter's quota cannot change, and a count of requests under way.
//! A pace only ever slows: of all sources that share a host, and of what the host itself asks for, the slowest counts.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use jiff::Timestamp;
use tokio::sync::Notify;

type Limiter<C> = RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// What a recipe asks of one host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate {
    /// Least time between the beginnings of two requests; zero = none.
    pub(crate) interval: Duration,
    /// Most requests under way at the same time.
    pub(crate) at_once: u32,
}

/// Why a request has to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    /// For this long.
    For(Duration),
    /// Until a request that is under way has ended.
    Turn,
}

struct Inner<C: Clock> {
    limiter: Option<Limiter<C>>,
    rate: Rate,
    under_way: u32,
    not_before: Option<C::Instant>,
    asked_at: Option<C::Instant>,
}

/// The pace of one host. Politeness with no sleeping inside: ask, and be told to go or how long to wait.
pub(crate) struct HostPace<C: Clock + Clone = DefaultClock> {
    clock: C,
    inner: Mutex<Inner<C>>,
    ended: Notify,
}

/// The right to have one request under way; ends with it.
pub(crate) struct Turn<C: Clock + Clone = DefaultClock> {
    pace: Arc<HostPace<C>>,
}

impl<C: Clock + Clone> Drop for Turn<C> {
    fn drop(&mut self) {
        let mut inner = self.pace.lock();
        inner.under_way = inner.under_way.saturating_sub(1);
        drop(inner);
        self.pace.ended.notify_one();
    }
}

impl<C: Clock + Clone> HostPace<C> {
    pub(crate) fn new(rate: Rate, clock: C) -> Self {
        let rate = Rate { at_once: rate.at_once.max(1), ..rate };
        let limiter = limiter(rate.interval, &clock);
        let inner = Inner { limiter, rate, under_way: 0, not_before: None, asked_at: None };
        Self { clock, inner: Mutex::new(inner), ended: Notify::new() }
    }

    /// May the host be asked now? `Ok` is the turn, to be held until the answer is there; `Err` says what to wait for
    /// before asking again.
    pub(crate) fn ask(self: &Arc<Self>) -> Result<Turn<C>, Wait> {
        let mut inner = self.lock();
        if inner.under_way >= inner.rate.at_once {
            return Err(Wait::Turn);
        }
        let now = self.clock.now();
        if let Some(not_before) = inner.not_before {
            let wait = Duration::from(not_before.duration_since(now));
            if !wait.is_zero() {
                return Err(Wait::For(wait));
            }
        }
        if let Some(limiter) = &inner.limiter {
            limiter
                .check()
                .map_err(|not_yet| Wait::For(not_yet.wait_time_from(now).max(Duration::from_micros(100))))?;
        }
        inner.asked_at = Some(now);
        inner.under_way += 1;
        Ok(Turn { pace: Arc::clone(self) })
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// How long it would take, when that is longer than `wait_max`.
    pub(crate) async fn turn(self: &Arc<Self>, wait_max: Duration) -> Result<Turn<C>, Duration> {
        loop {
            match self.ask() {
                Ok(turn) => return Ok(turn),
                Err(Wait::For(wait)) if wait > wait_max => return Err(wait),
                Err(Wait::For(wait)) => tokio::time::sleep(wait).await,
                // A permit is stored when nobody waits yet, so an end between asking and waiting is not missed.
                Err(Wait::Turn) => self.ended.notified().await,
            }
        }
    }

    /// Whether forgetting this pace would change nothing.
    pub(crate) fn is_idle(&self) -> bool {
        let inner = self.lock();
        let now = self.clock.now();
        let rested = |asked_at: C::Instant| Duration::from(now.duration_since(asked_at)) >= inner.rate.interval;
        inner.under_way == 0
            && inner.not_before.is_none_or(|not_before| not_before <= now)
            && inner.asked_at.is_none_or(rested)
    }

    /// From now on at least this slow. A pace only ever slows: of two sources on one host and the host's own
    /// `Crawl-delay`, the slowest counts.
    pub(crate) fn slow_to(&self, rate: Rate) {
        let mut inner = self.lock();
        inner.rate.at_once = inner.rate.at_once.min(rate.at_once.max(1));
        if rate.interval > inner.rate.interval {
            inner.limiter = limiter(rate.interval, &self.clock);
            inner.rate.interval = rate.interval;
            // The fresh limiter would let one through at once, however lately the old one did.
            if let Some(asked_at) = inner.asked_at {
                let resume = asked_at + rate.interval.into();
                inner.not_before = inner.not_before.max(Some(resume));
            }
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

fn limiter<C: Clock + Clone>(interval: Duration, clock: &C) -> Option<Limiter<C>> {
    let quota = Quota::with_period(interval)?;
    Some(RateLimiter::direct_with_clock(quota.allow_burst(std::num::NonZeroU32::MIN), clock.clone()))
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

    fn every(interval: Duration) -> Rate {
        Rate { interval, at_once: 1 }
    }

    fn pace(interval: Duration) -> (Arc<HostPace<FakeRelativeClock>>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        (Arc::new(HostPace::new(every(interval), clock.clone())), clock)
    }

    /// Asks and ends the request at once.
    fn ask(pace: &Arc<HostPace<FakeRelativeClock>>) -> Result<(), Wait> {
        pace.ask().map(drop)
    }

    #[test]
    fn there_is_no_burst_and_the_wait_is_told() {
        let (pace, clock) = pace(2 * SECOND);
        assert_eq!(ask(&pace), Ok(()));
        assert_eq!(ask(&pace), Err(Wait::For(2 * SECOND)));
        clock.advance(SECOND);
        assert_eq!((ask(&pace), pace.is_idle()), (Err(Wait::For(SECOND)), false));
        clock.advance(SECOND);
        assert!(pace.is_idle());
        assert_eq!(ask(&pace), Ok(()));
    }

    #[test]
    fn a_slow_answer_keeps_the_next_request_waiting() {
        let (pace, clock) = pace(SECOND);
        let turn = pace.ask();
        clock.advance(60 * SECOND);
        assert_eq!((ask(&pace), pace.is_idle()), (Err(Wait::Turn), false));
        drop(turn);
        assert_eq!(ask(&pace), Ok(()));
    }

    #[test]
    fn a_crawl_delay_slows_and_is_never_undone_by_a_faster_source() {
        let (pace, clock) = pace(SECOND);
        assert_eq!(ask(&pace), Ok(()));
        pace.slow_to(every(5 * SECOND));
        pace.slow_to(Rate { interval: SECOND, at_once: 9 });
        assert_eq!(ask(&pace), Err(Wait::For(5 * SECOND)));
        clock.advance(5 * SECOND);
        let turn = pace.ask();
        assert!(turn.is_ok());
        clock.advance(5 * SECOND);
        assert_eq!(ask(&pace), Err(Wait::Turn), "one at a time, whatever the second source would do");
        drop(turn);
        assert_eq!(ask(&pace), Ok(()));
        assert_eq!(ask(&pace), Err(Wait::For(5 * SECOND)));
    }

    #[test]
    fn a_hold_outlasts_the_limiter() {
        let (pace, clock) = pace(SECOND);
        pace.hold(60 * SECOND);
        pace.hold(10 * SECOND);
        clock.advance(59 * SECOND);
        assert_eq!(ask(&pace), Err(Wait::For(SECOND)));
        clock.advance(SECOND);
        assert_eq!(ask(&pace), Ok(()));
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

    fn millis(rate: Rate) -> u64 {
        u64::try_from(rate.interval.as_millis()).unwrap_or(u64::MAX)
    }

    /// What happens to a host, in any order.
    #[derive(Debug, Clone)]
    enum Event {
        /// One of several sources asks, after telling its own rate.
        Ask(usize),
        /// The oldest request under way ends.
        End,
        /// The clock goes on.
        Pass(u64),
        /// `robots.txt` of the host wants it slower.
        Delay(u64),
        /// The host wants to be left alone.
        Hold(u64),
    }

    proptest::proptest! {
        /// POLITE-1 under any interleaving: the requests that a host sees keep the slowest interval stated by then, none
        /// begins in a pause that the host asked for, and no more are under way than the most modest source allows.
        #[test]
        fn no_host_sees_more_than_its_budget(
            rates in proptest::collection::vec((0_u64..4_000, 1_u32..4), 1..4),
            events in proptest::collection::vec(event(), 1..200),
        ) {
            let clock = FakeRelativeClock::default();
            let rates: Vec<Rate> =
                rates.iter().map(|&(ms, at_once)| Rate { interval: Duration::from_millis(ms), at_once }).collect();
            let pace = Arc::new(HostPace::new(rates[0], clock.clone()));
            let (mut at, mut last, mut held_until) = (0_u64, None::<u64>, 0_u64);
            let (mut interval_ms, mut at_once) = (millis(rates[0]), rates[0].at_once);
            let mut under_way = std::collections::VecDeque::new();
            for event in events {
                match event {
                    Event::Ask(source) => {
                        let rate = rates[source % rates.len()];
                        pace.slow_to(rate);
                        interval_ms = interval_ms.max(millis(rate));
                        at_once = at_once.min(rate.at_once);
                        match pace.ask() {
                            Ok(turn) => {
                                under_way.push_back(turn);
                                proptest::prop_assert!(last.is_none_or(|last| at - last >= interval_ms), "too fast");
                                proptest::prop_assert!(at >= held_until, "asked in a pause");
                                proptest::prop_assert!(under_way.len() <= at_once as usize, "too many at once");
                                last = Some(at);
                            }
                            // No wait for ever, and none without a reason.
                            Err(Wait::Turn) => proptest::prop_assert!(under_way.len() >= at_once as usize),
                            Err(Wait::For(wait)) => {
                                let due = held_until.max(last.map_or(0, |last| last + interval_ms));
                                proptest::prop_assert!(due > at, "made to wait for nothing");
                                proptest::prop_assert!(wait <= Duration::from_millis(due - at), "waits too long");
                            }
                        }
                    }
                    Event::End => drop(under_way.pop_front()),
                    Event::Pass(ms) => {
                        clock.advance(Duration::from_millis(ms));
                        at += ms;
                    }
                    Event::Delay(ms) => {
                        pace.slow_to(Rate { interval: Duration::from_millis(ms), at_once: u32::MAX });
                        interval_ms = interval_ms.max(ms);
                    }
                    Event::Hold(ms) => {
                        pace.hold(Duration::from_millis(ms));
                        held_until = held_until.max(at + ms);
                    }
                }
            }
        }
    }

    fn event() -> impl proptest::strategy::Strategy<Value = Event> {
        use proptest::prelude::*;
        prop_oneof![
            6 => (0_usize..4).prop_map(Event::Ask),
            3 => Just(Event::End),
            4 => (0_u64..3_000).prop_map(Event::Pass),
            1 => (0_u64..6_000).prop_map(Event::Delay),
            1 => (0_u64..8_000).prop_map(Event::Hold),
        ]
    }
}
