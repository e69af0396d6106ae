//! POLITE-1: how often one host is asked. A governor limiter without burst, beside it next-allowed instants for
//! `Crawl-delay`, `Retry-After` and back-off, because a limiter's quota cannot change, and a count of requests under way.
//! A pace only ever slows: of all sources that share a registrable host the slowest counts.
//!
//! What a server asks for itself counts for that server alone ([`server_key`](super::host::server_key)): one tenant of a shared
//! name cannot silence its neighbours. What recipes state counts for the registrable host, so the neighbours still share one rate.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use jiff::Timestamp;
use tokio::sync::Notify;

use super::bounds::{HOST_PAUSE_MAX, SERVERS_MAX};

type Limiter<C> = RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// A pause that somebody outside asks for: never longer than [`HOST_PAUSE_MAX`], whatever was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct HostPause(Duration);

impl HostPause {
    /// The longest there is.
    pub(crate) const LONGEST: Self = Self(HOST_PAUSE_MAX);

    pub(crate) fn new(wait: Duration) -> Self {
        Self(wait.min(HOST_PAUSE_MAX))
    }

    /// So many seconds; none of what is no number or lies before zero.
    pub(crate) fn of_seconds(seconds: f64) -> Option<Self> {
        match seconds {
            seconds if seconds.is_nan() || seconds < 0.0 => None,
            seconds => Some(Duration::try_from_secs_f64(seconds).map_or(Self::LONGEST, Self::new)),
        }
    }

    pub(crate) fn get(self) -> Duration {
        self.0
    }
}

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
    /// Servers that asked for something themselves.
    servers: BTreeMap<String, Server<C>>,
}

/// What one server of the host asked for.
struct Server<C: Clock> {
    /// Its `Crawl-delay`; zero = none. With one, its requests go one at a time.
    delay: Duration,
    under_way: u32,
    not_before: Option<C::Instant>,
}

impl<C: Clock> Default for Server<C> {
    fn default() -> Self {
        Self { delay: Duration::ZERO, under_way: 0, not_before: None }
    }
}

/// The pace of one registrable host. Politeness with no sleeping inside: ask, and be told to go or how long to wait.
pub(crate) struct HostPace<C: Clock + Clone = DefaultClock> {
    clock: C,
    inner: Mutex<Inner<C>>,
    ended: Notify,
}

/// The right to have one request under way; ends with it.
pub(crate) struct Turn<C: Clock + Clone = DefaultClock> {
    pace: Arc<HostPace<C>>,
    /// The server that is asked, when something is known of it.
    server: Option<String>,
}

impl<C: Clock + Clone> Drop for Turn<C> {
    fn drop(&mut self) {
        let mut inner = self.pace.lock();
        inner.under_way = inner.under_way.saturating_sub(1);
        if let Some(server) = self.server.as_ref().and_then(|name| inner.servers.get_mut(name)) {
            server.under_way = server.under_way.saturating_sub(1);
        }
        drop(inner);
        self.pace.ended.notify_one();
    }
}

impl<C: Clock + Clone> HostPace<C> {
    pub(crate) fn new(rate: Rate, clock: C) -> Self {
        let rate = Rate { at_once: rate.at_once.max(1), ..rate };
        let limiter = limiter(rate.interval, &clock);
        let inner = Inner { limiter, rate, under_way: 0, not_before: None, asked_at: None, servers: BTreeMap::new() };
        Self { clock, inner: Mutex::new(inner), ended: Notify::new() }
    }

    /// May this server of the host be asked now? `Ok` is the turn, to be held until the answer is there; `Err` says what to
    /// wait for before asking again.
    pub(crate) fn ask(self: &Arc<Self>, server: &str) -> Result<Turn<C>, Wait> {
        let mut guard = self.lock();
        let inner = &mut *guard;
        if inner.under_way >= inner.rate.at_once {
            return Err(Wait::Turn);
        }
        let now = self.clock.now();
        let mut known = inner.servers.get_mut(server);
        if known.as_ref().is_some_and(|server| !server.delay.is_zero() && server.under_way > 0) {
            return Err(Wait::Turn);
        }
        let own = known.as_ref().and_then(|server| server.not_before);
        if let Some(not_before) = inner.not_before.max(own) {
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
        if let Some(known) = &mut known {
            known.under_way += 1;
            if !known.delay.is_zero() {
                known.not_before = known.not_before.max(Some(now + known.delay.into()));
            }
        }
        let server = known.is_some().then(|| server.to_owned());
        Ok(Turn { pace: Arc::clone(self), server })
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// How long it would take, when that is longer than `wait_max`.
    pub(crate) async fn turn(self: &Arc<Self>, server: &str, wait_max: Duration) -> Result<Turn<C>, Duration> {
        loop {
            match self.ask(server) {
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
            && inner.servers.values().all(|server| server.is_idle(now))
    }

    /// From now on at least this slow. A pace only ever slows: of two sources on one host the slower counts.
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

    /// This server is not asked before this has passed.
    pub(crate) fn hold(&self, server: &str, pause: HostPause) {
        let now = self.clock.now();
        self.for_server(server, |known| {
            known.not_before = known.not_before.max(Some(now + pause.get().into()));
        });
    }

    /// This server is asked one thing at a time, and no sooner than this after the request before (`Crawl-delay`).
    pub(crate) fn delay(&self, server: &str, pause: HostPause) {
        let now = self.clock.now();
        let asked_at = self.lock().asked_at;
        self.for_server(server, |known| {
            if pause.get() > known.delay {
                known.delay = pause.get();
                // The request that fetched `robots.txt` counts as the one before.
                let resume = asked_at.map_or(now, |at| at + pause.get().into());
                known.not_before = known.not_before.max(Some(resume));
            }
        });
    }

    /// Changes what is known of a server. Where there is no room for one more, the host itself stands for it: slower than
    /// need be, never faster.
    fn for_server(&self, server: &str, change: impl FnOnce(&mut Server<C>)) {
        let now = self.clock.now();
        let mut inner = self.lock();
        if inner.servers.len() >= SERVERS_MAX && !inner.servers.contains_key(server) {
            inner.servers.retain(|_, known| !known.is_idle(now));
        }
        if inner.servers.len() < SERVERS_MAX || inner.servers.contains_key(server) {
            change(inner.servers.entry(server.to_owned()).or_default());
            return;
        }
        let mut known = Server::default();
        change(&mut known);
        inner.not_before = inner.not_before.max(known.not_before);
        if known.delay > inner.rate.interval {
            inner.limiter = limiter(known.delay, &self.clock);
            inner.rate = Rate { interval: known.delay, at_once: 1 };
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner<C>> {
        // Every write leaves a sound value, so a poisoned lock is as good as a clean one.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: Clock> Server<C> {
    /// Whether forgetting it would change nothing.
    fn is_idle(&self, now: C::Instant) -> bool {
        self.under_way == 0 && self.delay.is_zero() && self.not_before.is_none_or(|not_before| not_before <= now)
    }
}

fn limiter<C: Clock + Clone>(interval: Duration, clock: &C) -> Option<Limiter<C>> {
    let quota = Quota::with_period(interval)?;
    Some(RateLimiter::direct_with_clock(quota.allow_burst(std::num::NonZeroU32::MIN), clock.clone()))
}

/// `Retry-After` as seconds or HTTP date (RFC 9110 §10.2.3). A date is taken relative to `now`, one that has passed is no pause.
pub(crate) fn retry_after(value: &str, now: Timestamp) -> Option<HostPause> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number that no type holds is a long pause, not none.
        return Some(value.parse().map_or(HostPause::LONGEST, |seconds| HostPause::new(Duration::from_secs(seconds))));
    }
    let then = http_date(value)?;
    Some(HostPause::new(Duration::try_from(then.duration_since(now)).unwrap_or_default()))
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

    /// Asks the server `www.a.example` and ends the request at once.
    fn ask(pace: &Arc<HostPace<FakeRelativeClock>>) -> Result<(), Wait> {
        pace.ask(OURS).map(drop)
    }

    const OURS: &str = "a.example";
    const OTHER: &str = "b.a.example";

    fn pause(wait: Duration) -> HostPause {
        HostPause::new(wait)
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
        let turn = pace.ask(OURS);
        clock.advance(60 * SECOND);
        assert_eq!((ask(&pace), pace.is_idle()), (Err(Wait::Turn), false));
        drop(turn);
        assert_eq!(ask(&pace), Ok(()));
    }

    #[test]
    fn a_slower_source_slows_and_is_never_undone_by_a_faster_one() {
        let (pace, clock) = pace(SECOND);
        assert_eq!(ask(&pace), Ok(()));
        pace.slow_to(every(5 * SECOND));
        pace.slow_to(Rate { interval: SECOND, at_once: 9 });
        assert_eq!(ask(&pace), Err(Wait::For(5 * SECOND)));
        clock.advance(5 * SECOND);
        let turn = pace.ask(OURS);
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
        pace.hold(OURS, pause(60 * SECOND));
        pace.hold(OURS, pause(10 * SECOND));
        clock.advance(59 * SECOND);
        assert_eq!(ask(&pace), Err(Wait::For(SECOND)));
        clock.advance(SECOND);
        assert_eq!(ask(&pace), Ok(()));
    }

    #[test]
    fn what_one_server_asks_for_does_not_silence_its_neighbours() {
        let (pace, clock) = pace(SECOND);
        pace.hold(OURS, HostPause::LONGEST);
        pace.delay(OTHER, pause(5 * SECOND));
        assert_eq!(ask(&pace), Err(Wait::For(HOST_PAUSE_MAX)));
        let turn = pace.ask(OTHER);
        assert!(turn.is_ok(), "the neighbour is asked");
        assert!(matches!(pace.ask("c.a.example"), Err(Wait::Turn)), "and the host sees one request at a time");
        drop(turn);
        clock.advance(SECOND);
        assert_eq!(pace.ask(OTHER).map(drop), Err(Wait::For(4 * SECOND)), "its own Crawl-delay counts");
        assert!(pace.ask("c.a.example").is_ok(), "for it alone");
        clock.advance(4 * SECOND);
        assert!(pace.ask(OTHER).is_ok());
    }

    #[test]
    fn more_servers_than_are_kept_apart_slow_the_whole_host() {
        let (pace, clock) = pace(SECOND);
        for number in 0..SERVERS_MAX {
            pace.delay(&format!("{number}.a.example"), pause(SECOND));
        }
        pace.hold(OURS, pause(60 * SECOND));
        assert_eq!(pace.ask(OTHER).map(drop), Err(Wait::For(60 * SECOND)));
        clock.advance(60 * SECOND);
        pace.delay(OURS, pause(9 * SECOND));
        assert!(pace.ask(OTHER).is_ok());
        assert_eq!(pace.ask(OTHER).map(drop), Err(Wait::For(9 * SECOND)));
    }

    #[test]
    fn no_pause_is_longer_than_the_bound_and_none_panics() {
        let (pace, clock) = pace(SECOND);
        let now: Timestamp = "2024-07-05T00:00:00Z".parse().unwrap();
        for asked in [
            "99999999999",
            "18446744073709551615",
            "18446744073709551616",
            "999999999999999999999999999999999999",
            "Thu, 30 Dec 9999 12:00:00 GMT",
        ] {
            let read = retry_after(asked, now).expect("a long pause is a pause");
            assert_eq!(read, HostPause::LONGEST, "{asked}");
            pace.hold(OURS, read);
            pace.delay(OTHER, read);
        }
        for asked in [
            "-1",
            "1e9",
            "NaN",
            "",
            "Fri, 31 Dec 9999 23:59:59 GMT",
            "Sat, 01 Jan +275760 00:00:00 GMT",
            "Mon, 01 Jan 99999 00:00:00 GMT",
        ] {
            assert_eq!(retry_after(asked, now), None, "{asked}");
        }
        assert_eq!(retry_after("Thu, 30 Dec 9999 12:00:00 GMT", Timestamp::MIN), Some(HostPause::LONGEST));
        assert_eq!(retry_after("Thu, 01 Jan 1970 00:00:00 GMT", Timestamp::MAX), Some(HostPause::default()));
        for (seconds, expected) in [
            (f64::NAN, None),
            (-1.0, None),
            (f64::NEG_INFINITY, None),
            (f64::INFINITY, Some(HostPause::LONGEST)),
            (f64::MAX, Some(HostPause::LONGEST)),
            (1e12, Some(HostPause::LONGEST)),
            (1.5, Some(pause(SECOND * 3 / 2))),
            (f64::MIN_POSITIVE, Some(HostPause::default())),
        ] {
            assert_eq!(HostPause::of_seconds(seconds), expected, "{seconds}");
        }
        assert_eq!(ask(&pace), Err(Wait::For(HOST_PAUSE_MAX)));
        clock.advance(HOST_PAUSE_MAX);
        assert_eq!(ask(&pace), Ok(()));
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_every_http_date() {
        let now: Timestamp = "1994-11-06T08:49:07Z".parse().unwrap();
        for value in
            ["30", "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
        {
            assert_eq!(retry_after(value, now), Some(pause(30 * SECOND)), "{value}");
        }
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:00:00 GMT", now), Some(HostPause::default()));
        assert_eq!(retry_after("soon", now), None);
    }

    fn millis(rate: Rate) -> u64 {
        u64::try_from(rate.interval.as_millis()).unwrap_or(u64::MAX)
    }

    /// What happens to a host, in any order.
    #[derive(Debug, Clone)]
    enum Event {
        /// One of several sources asks one of several servers, after telling its own rate.
        Ask(usize, usize),
        /// The oldest request under way ends.
        End,
        /// The clock goes on.
        Pass(u64),
        /// `robots.txt` of a server wants it slower.
        Delay(usize, u64),
        /// A server wants to be left alone.
        Hold(usize, u64),
    }

    /// What the test knows of a server.
    #[derive(Default)]
    struct Known {
        delay: u64,
        next: u64,
    }

    const SERVERS: [&str; 3] = ["a.example", "b.a.example", "c.a.example"];

    proptest::proptest! {
        /// POLITE-1 under any interleaving: the requests that a host sees keep the slowest interval that its sources state, no
        /// server is asked in a pause or sooner than its `Crawl-delay`, no more requests are under way than the most modest
        /// source allows, and nobody waits without a reason of the host or of that server.
        #[test]
        fn no_host_sees_more_than_its_budget(
            rates in proptest::collection::vec((0_u64..4_000, 1_u32..4), 1..4),
            events in proptest::collection::vec(event(), 1..200),
        ) {
            let clock = FakeRelativeClock::default();
            let rates: Vec<Rate> =
                rates.iter().map(|&(ms, at_once)| Rate { interval: Duration::from_millis(ms), at_once }).collect();
            let pace = Arc::new(HostPace::new(rates[0], clock.clone()));
            let (mut at, mut last) = (0_u64, None::<u64>);
            let (mut interval_ms, mut at_once) = (millis(rates[0]), rates[0].at_once);
            let mut servers: [Known; SERVERS.len()] = Default::default();
            let mut under_way = std::collections::VecDeque::new();
            for event in events {
                match event {
                    Event::Ask(source, server) => {
                        let (rate, name) = (rates[source % rates.len()], SERVERS[server]);
                        pace.slow_to(rate);
                        interval_ms = interval_ms.max(millis(rate));
                        at_once = at_once.min(rate.at_once);
                        let own = &mut servers[server];
                        match pace.ask(name) {
                            Ok(turn) => {
                                under_way.push_back((turn, server));
                                proptest::prop_assert!(last.is_none_or(|last| at - last >= interval_ms), "too fast");
                                proptest::prop_assert!(at >= own.next, "asked in a pause");
                                proptest::prop_assert!(under_way.len() <= at_once as usize, "too many at once");
                                last = Some(at);
                                own.next = at + own.delay;
                            }
                            // No wait for ever, and none without a reason.
                            Err(Wait::Turn) => {
                                let same = under_way.iter().any(|(_, other)| *other == server) && own.delay > 0;
                                proptest::prop_assert!(under_way.len() >= at_once as usize || same);
                            }
                            Err(Wait::For(wait)) => {
                                let due = own.next.max(last.map_or(0, |last| last + interval_ms));
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
                    Event::Delay(server, ms) => {
                        pace.delay(SERVERS[server], pause(Duration::from_millis(ms)));
                        let own = &mut servers[server];
                        if ms > own.delay {
                            own.delay = ms;
                            own.next = own.next.max(last.map_or(0, |last| last + ms));
                        }
                    }
                    Event::Hold(server, ms) => {
                        pace.hold(SERVERS[server], pause(Duration::from_millis(ms)));
                        let own = &mut servers[server];
                        own.next = own.next.max(at + ms);
                    }
                }
            }
        }

        /// Whatever a host writes, the pause that is read of it is bounded, and holding for it does not panic.
        #[test]
        fn whatever_a_host_writes_is_a_bounded_pause_or_none(
            text in "[-+]?[0-9]{0,40}(\\.[0-9]{0,20})?([eE][-+]?[0-9]{1,6})?|[A-Z][a-z]{2}, [0-9]{2} (Jan|Dec) [0-9]{1,6} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT|\\PC{0,40}",
            now in proptest::prop_oneof![proptest::strategy::Just(Timestamp::MIN), proptest::strategy::Just(Timestamp::MAX)],
        ) {
            let clock = FakeRelativeClock::default();
            let pace = Arc::new(HostPace::new(every(SECOND), clock));
            let delay = text.parse().ok().and_then(HostPause::of_seconds);
            for read in [retry_after(&text, now), delay].into_iter().flatten() {
                proptest::prop_assert!(read.get() <= HOST_PAUSE_MAX);
                pace.hold(OURS, read);
                pace.delay(OTHER, read);
            }
        }
    }

    fn event() -> impl proptest::strategy::Strategy<Value = Event> {
        use proptest::prelude::*;
        let server = || 0..SERVERS.len();
        prop_oneof![
            6 => (0_usize..4, server()).prop_map(|(source, server)| Event::Ask(source, server)),
            3 => Just(Event::End),
            4 => (0_u64..3_000).prop_map(Event::Pass),
            1 => (server(), 0_u64..6_000).prop_map(|(server, ms)| Event::Delay(server, ms)),
            1 => (server(), 0_u64..8_000).prop_map(|(server, ms)| Event::Hold(server, ms)),
        ]
    }
}
