//! The one gate through which every request goes: address, `robots.txt`, pace, bounds, archive. Redirects pass it again.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::DefaultClock;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, DATE, ETAG, HOST, HeaderMap, HeaderValue,
    IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, LOCATION, RETRY_AFTER, TRANSFER_ENCODING, USER_AGENT,
};
use reqwest::{Client, Method, Request, Response, redirect};
use tokio::sync::{OnceCell, Semaphore};
use url::Url;

use super::address::{Names, Reach, Refused, SafeResolver};
use super::archivist::{Archivist, Capture, Dropped};
use super::barrier::Barrier;
use super::bounds::{
    ADDRESS_BYTES_MAX, BODY_ROOM_BYTES_MAX, HEADER_BYTES_MAX, HEADERS_MAX, HOST_PAUSE_TOLD, HOSTS_MAX, RATIO_BYTES_MIN,
    RATIO_MAX, REDIRECTS_MAX, ROBOTS_BYTES_MAX, VALIDATOR_BYTES_MAX,
};
use super::headers::{self, Missing, Resolved};
use super::host::{host_key, is_within, server_key};
use super::pace::{HostPace, HostPause, Rate, http_date, retry_after};
use super::robots::Robots;
use super::schedule::later;
use super::{CollectError, CollectorSettings, Recipe};
use archive::{BodyError, Truncated, WarcError, WarcWriter, decode_body};
use store::StoreError;
use store::frontier::Frontier;
use vocabulary::{RawRef, day_of, start_of_day};

/// Idle connections kept per host; no more than were in use at once.
const IDLE_PER_HOST_MAX: usize = 64;
/// How a gzip file begins (RFC 1952).
const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b, 8];
/// Requests of a daily budget that are taken from the store at once; a crash loses what is left of them.
const DAY_PIECE: u64 = 20;
/// How long a host's `robots.txt` counts.
const ROBOTS_KEPT: SignedDuration = SignedDuration::from_hours(24);
/// How long a `robots.txt` that leads where nobody asks counts as such, for the recipe that met it, before it is asked for again.
const ROBOTS_ASTRAY_KEPT: SignedDuration = SignedDuration::from_hours(1);

/// Sends requests for all sources.
pub(crate) struct Gate {
    public: Client,
    with_loopback: Client,
    paces: Mutex<BTreeMap<String, Arc<HostPace>>>,
    /// By origin, with the moment it was asked.
    robots: Mutex<BTreeMap<String, (Timestamp, Arc<Robots>)>>,
    /// Origins whose `robots.txt` is being asked for: whoever comes second waits for the answer.
    asking_robots: Mutex<BTreeMap<String, Arc<tokio::sync::Mutex<()>>>>,
    /// Recipes and origins whose `robots.txt` leads astray, since when.
    astray: Mutex<BTreeMap<(String, String), (Timestamp, Astray)>>,
    budgets: Mutex<BTreeMap<String, Arc<DayBudget>>>,
    frontier: Frontier,
    archivist: Archivist,
    readers: Semaphore,
    pub(crate) settings: CollectorSettings,
}

/// What is left of a host's day.
struct DayBudget {
    max: AtomicU64,
    /// Requests that were taken from the store for this day and not sent yet.
    taken: tokio::sync::Mutex<(Option<Date>, u64)>,
}

impl Default for DayBudget {
    fn default() -> Self {
        Self { max: AtomicU64::new(u64::MAX), taken: tokio::sync::Mutex::default() }
    }
}

/// Validators of an earlier answer.
#[derive(Debug, Default, Clone)]
pub(crate) struct Validators {
    pub(crate) etag: Option<String>,
    pub(crate) last_modified: Option<String>,
}

/// A whole page, content coding undone.
#[derive(Debug)]
pub(crate) struct Page {
    /// Where it lay after redirects.
    pub(crate) url: Url,
    pub(crate) charset: Option<String>,
    pub(crate) body: Vec<u8>,
    pub(crate) raw: RawRef,
    pub(crate) validators: Validators,
}

pub(crate) enum Answer {
    Page(Box<Page>),
    NotModified,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{0}")]
    Refused(#[from] Refused),
    #[error("robots.txt of the host does not allow it")]
    Robots,
    #[error("robots.txt redirects to another host `{0}`, which is not followed, so the host is not asked for now")]
    RobotsElsewhere(String),
    #[error("robots.txt redirects to an address that is not asked, so the host is not asked for now: {0}")]
    RobotsRefused(Refused),
    #[error("robots.txt of {0} could not be had, so the host is not asked for now")]
    RobotsUnknown(String),
    #[error("{host} is left alone for {} seconds: it asked for a pause, or its day or hours are used up", .wait.as_secs())]
    Held { host: String, wait: Duration },
    #[error("the server answers {0}")]
    Status(u16),
    #[error("{} (the server answers {status})", .barrier.told())]
    Barrier { status: u16, barrier: Barrier },
    #[error("header `{}` needs the variable `{}` of the environment, which is not set or cannot be sent, so nothing is asked", .0.header, .0.variable)]
    Unset(Missing),
    #[error("no answer: {0}")]
    Transport(String),
    #[error("no answer: out of time after {} seconds", .0.as_secs_f64())]
    Slow(Duration),
    #[error("more than {REDIRECTS_MAX} redirects")]
    Redirects,
    #[error("redirect without a usable address")]
    BadRedirect,
    #[error("the redirect leads to another host `{0}` and is not followed")]
    Elsewhere(String),
    #[error("the page is not whole: {0}")]
    Cut(String),
    #[error("{0}")]
    Body(#[from] BodyError),
    #[error("{sent} bytes unpack to {decoded}, more than {RATIO_MAX} to one")]
    Bomb { sent: usize, decoded: usize },
    /// Ends the round.
    #[error("archive")]
    Archive(WarcError),
    /// Ends the round.
    #[error("store")]
    Store(StoreError),
}

impl Failure {
    /// Whether the host asked for so long a pause that somebody should look.
    pub(crate) fn is_long_pause(&self) -> bool {
        matches!(self, Self::Held { wait, .. } if *wait > HOST_PAUSE_TOLD)
    }

    /// Whether the site did not answer at all.
    pub(crate) fn is_silence(&self) -> bool {
        matches!(self, Self::Transport(_) | Self::Slow(_))
    }

    /// Whether the whole host is left alone for the rest of the round.
    pub(crate) fn stops_host(&self) -> bool {
        match self {
            Self::Held { .. }
            | Self::Barrier { .. }
            | Self::Unset(_)
            | Self::RobotsUnknown(_)
            | Self::RobotsElsewhere(_)
            | Self::RobotsRefused(_) => true,
            Self::Refused(_)
            | Self::Robots
            | Self::Status(_)
            | Self::Transport(_)
            | Self::Slow(_)
            | Self::Redirects
            | Self::BadRedirect
            | Self::Elsewhere(_)
            | Self::Cut(_)
            | Self::Body(_)
            | Self::Bomb { .. }
            | Self::Archive(_)
            | Self::Store(_) => false,
        }
    }
}

impl Gate {
    pub(crate) fn new(
        settings: CollectorSettings,
        warc: WarcWriter,
        frontier: Frontier,
        names: &Arc<dyn Names>,
    ) -> Result<Self, CollectError> {
        let client = |reach| {
            Client::builder()
                .redirect(redirect::Policy::none())
                .no_proxy()
                .referer(false)
                .retry(reqwest::retry::never())
                .dns_resolver(SafeResolver { reach, names: Arc::clone(names) })
                .connect_timeout(settings.connect_timeout)
                .timeout(settings.request_timeout)
                .http1_max_headers(HEADERS_MAX)
                .http2_max_header_list_size(HEADER_BYTES_MAX)
                .pool_max_idle_per_host(IDLE_PER_HOST_MAX)
                .build()
                .map_err(CollectError::Client)
        };
        let readers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Ok(Self {
            public: client(Reach::Public)?,
            with_loopback: client(Reach::WithLoopback)?,
            paces: Mutex::default(),
            robots: Mutex::default(),
            asking_robots: Mutex::default(),
            astray: Mutex::default(),
            budgets: Mutex::default(),
            frontier,
            archivist: Archivist::new(warc).map_err(CollectError::Thread)?,
            readers: Semaphore::new(readers),
            settings,
        })
    }

    /// Everything archived so far is on the disk when this returns (RAW-1).
    pub(crate) async fn sync(&self) -> Result<(), WarcError> {
        self.archivist.sync().await
    }

    /// Archives a file that somebody dropped; answers with its place and the bytes (RAW-1).
    pub(crate) async fn keep_file(&self, file: Dropped) -> Result<(RawRef, Vec<u8>), WarcError> {
        self.archivist.keep_file(file).await
    }

    /// Runs a parser beside the waiting, no more of them at a time than there are cores; none when it gave up.
    pub(crate) async fn read<T: Send + 'static>(&self, parse: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let _permit = self.readers.acquire().await.ok()?;
        tokio::task::spawn_blocking(parse).await.ok()
    }

    /// The pace of a host, as slow as this rate at least.
    pub(crate) fn pace(&self, host: &str, rate: Rate) -> Arc<HostPace> {
        let mut paces = lock(&self.paces);
        if paces.len() >= HOSTS_MAX && !paces.contains_key(host) {
            paces.retain(|_, pace| !pace.is_idle());
        }
        let pace =
            paces.entry(host.to_owned()).or_insert_with(|| Arc::new(HostPace::new(rate, DefaultClock::default())));
        pace.slow_to(rate);
        Arc::clone(pace)
    }

    /// A host's daily budget is the smallest that any recipe names for it.
    pub(crate) fn learn_budget(&self, host: &str, per_day: Option<u64>) {
        let Some(per_day) = per_day else { return };
        let mut budgets = lock(&self.budgets);
        let budget = budgets.entry(host.to_owned()).or_default();
        budget.max.fetch_min(per_day, Ordering::Relaxed);
    }

    /// Takes one request from what is left of the host's day; when nothing is, says when the next one begins.
    async fn take_of_day(&self, host: &str, day: Date) -> Result<Option<Timestamp>, Failure> {
        let Some(budget) = lock(&self.budgets).get(host).cloned() else { return Ok(None) };
        // Held while asking the store, so that two requests do not both take the last one.
        let mut taken = budget.taken.lock().await;
        if taken.0 != Some(day) {
            *taken = (Some(day), 0);
        }
        if taken.1 == 0 {
            let max = budget.max.load(Ordering::Relaxed);
            taken.1 = self.frontier.take_of_day(host, day, DAY_PIECE, max).await.map_err(Failure::Store)?;
        }
        if taken.1 == 0 {
            return Ok(Some(day.tomorrow().map_or(Timestamp::MAX, start_of_day)));
        }
        taken.1 -= 1;
        Ok(None)
    }

    /// What an origin's `robots.txt` said, when it was asked within the last day (RFC 9309 §2.4).
    fn known_robots(&self, origin: &str, now: Timestamp) -> Option<Arc<Robots>> {
        let robots = lock(&self.robots);
        let (at, known) = robots.get(origin)?;
        let age = now.duration_since(*at);
        (!age.is_negative() && age < ROBOTS_KEPT).then(|| Arc::clone(known))
    }

    /// The turn to ask for an origin's `robots.txt`.
    fn robots_turn(&self, origin: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = lock(&self.asking_robots);
        turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        Arc::clone(turns.entry(origin.to_owned()).or_default())
    }

    fn keep_robots(&self, origin: &str, now: Timestamp, robots: Arc<Robots>) {
        let mut all = lock(&self.robots);
        if all.len() >= HOSTS_MAX {
            all.retain(|_, (at, _)| now.duration_since(*at) < ROBOTS_KEPT);
        }
        if all.len() < HOSTS_MAX {
            all.insert(origin.to_owned(), (now, robots));
        }
    }

    /// Where an origin's `robots.txt` led a recipe within the last hour, when nobody may follow there. What one recipe may not follow,
    /// another one may.
    fn known_astray(&self, recipe: &str, origin: &str, now: Timestamp) -> Option<Astray> {
        let astray = lock(&self.astray);
        let (at, where_to) = astray.get(&(recipe.to_owned(), origin.to_owned()))?;
        let age = now.duration_since(*at);
        (!age.is_negative() && age < ROBOTS_ASTRAY_KEPT).then(|| where_to.clone())
    }

    fn keep_astray(&self, recipe: &str, origin: &str, now: Timestamp, where_to: Astray) {
        let mut all = lock(&self.astray);
        if all.len() >= HOSTS_MAX {
            all.retain(|_, (at, _)| now.duration_since(*at) < ROBOTS_ASTRAY_KEPT);
        }
        if all.len() < HOSTS_MAX {
            all.insert((recipe.to_owned(), origin.to_owned()), (now, where_to));
        }
    }
}

/// What an origin allows.
#[derive(Debug, Clone)]
enum Leave {
    /// What its file says.
    Known(Arc<Robots>),
    /// It could not be asked.
    Unknown,
    /// Its file leads where nobody asks.
    Astray(Astray),
}

/// Where a `robots.txt` leads that is not followed.
#[derive(Debug, Clone)]
enum Astray {
    /// To a host that the recipe does not name.
    Elsewhere(String),
    /// To an address that this recipe may not reach (SAFE-1).
    Refused(Refused),
}

/// One round's requests: the recipe, its moment, what `robots.txt` said.
pub(crate) struct Session<'a> {
    gate: &'a Gate,
    recipe: &'a Recipe,
    now: Timestamp,
    began: tokio::time::Instant,
    reach: Reach,
    headers: Resolved,
    robots: Mutex<BTreeMap<String, Arc<OnceCell<Leave>>>>,
    requests: AtomicU64,
    bytes: AtomicU64,
}

/// What is asked for.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) url: &'a Url,
    /// Sent by POST, with its content type.
    pub(crate) body: Option<(&'a str, &'static str)>,
    pub(crate) validators: &'a Validators,
    /// Without the headers of the recipe.
    pub(crate) is_plain: bool,
}

struct Reply {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
    cut: Option<String>,
    truncated: Option<Truncated>,
    raw: RawRef,
}

impl<'a> Session<'a> {
    pub(crate) fn new(gate: &'a Gate, recipe: &'a Recipe, now: Timestamp) -> Self {
        let reach = if recipe.allow_loopback { Reach::WithLoopback } else { Reach::Public };
        let (requests, bytes) = (AtomicU64::new(0), AtomicU64::new(0));
        let began = tokio::time::Instant::now();
        let headers = headers::resolve(&recipe.headers, gate.settings.variable);
        Self { gate, recipe, now, began, reach, headers, robots: Mutex::default(), requests, bytes }
    }

    /// The moment of the round, and as much later as it has taken so far.
    fn at(&self) -> Timestamp {
        later(self.now, self.began.elapsed())
    }

    /// How long that is, counted from the round's moment.
    fn wait_until(&self, until: Timestamp) -> Duration {
        Duration::try_from(until.duration_since(self.now)).unwrap_or_default()
    }

    pub(crate) fn gate(&self) -> &'a Gate {
        self.gate
    }

    /// Requests sent so far and body bytes received.
    pub(crate) fn traffic(&self) -> (u64, u64) {
        (self.requests.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed))
    }

    /// Fetches a page through every check.
    pub(crate) async fn get(&self, call: Call<'_>) -> Result<Answer, Failure> {
        let (mut at, mut call) = (call.url.clone(), call);
        if let Err(missing) = &self.headers {
            return Err(Failure::Unset(missing.clone()));
        }
        for hop in 0..=REDIRECTS_MAX {
            self.reach.check_url(&at)?;
            self.check_own(hop, &at)?;
            self.check_robots(&at).await?;
            let reply = self.ask(&at, call, self.recipe.bounds.page_bytes_max).await?;
            match reply.status {
                200..=299 => return self.page(at, reply).map(|page| Answer::Page(Box::new(page))),
                304 => return Ok(Answer::NotModified),
                status @ (301 | 302 | 303 | 307 | 308) => {
                    at = redirect_target(&at, &reply.headers)?;
                    if matches!(status, 301..=303) {
                        // As browsers do: only 307 and 308 ask again with the body (RFC 9110 §15.4).
                        call.body = None;
                    }
                }
                status => {
                    let barrier = Barrier::of_answer(status, &reply.body);
                    return Err(barrier.map_or(Failure::Status(status), |barrier| Failure::Barrier { status, barrier }));
                }
            }
        }
        Err(Failure::Redirects)
    }

    /// A redirect may not lead to a host that the recipe does not name: what another host says is not this source's word.
    fn check_own(&self, hop: usize, at: &Url) -> Result<(), Failure> {
        let host = at.host_str().unwrap_or_default();
        if hop == 0 || is_within(&self.recipe.hosts, host) {
            return Ok(());
        }
        Err(Failure::Elsewhere(host.to_owned()))
    }

    fn page(&self, url: Url, reply: Reply) -> Result<Page, Failure> {
        if let Some(cut) = reply.cut {
            return Err(Failure::Cut(cut));
        }
        let header = |name| reply.headers.get(name).map(text_of_header);
        let max = self.recipe.bounds.page_bytes_max;
        let sent = reply.body.len();
        let body = match header(CONTENT_ENCODING) {
            None => reply.body,
            coding => decode_body(coding.as_deref(), &reply.body, max)?.into_owned(),
        };
        let bomb = |body: &[u8]| body.len() > RATIO_BYTES_MIN && body.len() / sent.max(1) > RATIO_MAX;
        if bomb(&body) {
            return Err(Failure::Bomb { sent, decoded: body.len() });
        }
        // `sitemap.xml.gz`, `list.csv.gz`: a packed file, whatever the headers say of it.
        let body =
            if body.starts_with(GZIP_MAGIC) { decode_body(Some("gzip"), &body, max)?.into_owned() } else { body };
        if bomb(&body) {
            return Err(Failure::Bomb { sent, decoded: body.len() });
        }
        let charset = header(CONTENT_TYPE).as_deref().and_then(charset_of);
        let kept = |name| header(name).filter(|value| value.len() <= VALIDATOR_BYTES_MAX);
        let validators = Validators { etag: kept(ETAG), last_modified: kept(LAST_MODIFIED) };
        Ok(Page { url, charset, body, raw: reply.raw, validators })
    }

    async fn check_robots(&self, url: &Url) -> Result<(), Failure> {
        let origin = url.origin().ascii_serialization();
        let cell = Arc::clone(lock(&self.robots).entry(origin.clone()).or_default());
        let leave = cell.get_or_try_init(|| self.robots_of(url, &origin)).await?;
        let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
        match leave {
            Leave::Unknown => Err(Failure::RobotsUnknown(server_key(url))),
            Leave::Astray(Astray::Elsewhere(host)) => Err(Failure::RobotsElsewhere(host.clone())),
            Leave::Astray(Astray::Refused(why)) => Err(Failure::RobotsRefused(why.clone())),
            Leave::Known(robots) if robots.allows(path) => Ok(()),
            Leave::Known(_) => Err(Failure::Robots),
        }
    }

    async fn robots_of(&self, url: &Url, origin: &str) -> Result<Leave, Failure> {
        let recipe = self.recipe.id.as_str();
        let turn = self.gate.robots_turn(origin);
        let _turn = turn.lock().await;
        let leave = match (self.gate.known_robots(origin, self.now), self.gate.known_astray(recipe, origin, self.now)) {
            (Some(known), _) => Leave::Known(known),
            (None, Some(astray)) => Leave::Astray(astray),
            (None, None) => {
                let fetched = self.fetch_robots(url).await?;
                match &fetched {
                    Leave::Unknown => {}
                    Leave::Astray(astray) => self.gate.keep_astray(recipe, origin, self.now, astray.clone()),
                    Leave::Known(robots) => self.gate.keep_robots(origin, self.now, Arc::clone(robots)),
                }
                fetched
            }
        };
        if let Leave::Known(robots) = &leave
            && let Some(pause) = robots.pause()
        {
            // However fast a recipe may go: what the server itself asks for counts.
            self.gate.pace(&host_key(url), self.recipe.rate_for(url)).delay(&server_key(url), pause);
        }
        Ok(leave)
    }

    /// Asks for the file. It is unknown when the host cannot say what it allows (§2.3.1.4 of RFC 9309): nothing, then.
    async fn fetch_robots(&self, url: &Url) -> Result<Leave, Failure> {
        let known = |robots| Ok(Leave::Known(Arc::new(robots)));
        let Ok(mut at) = url.join("/robots.txt") else { return Ok(Leave::Unknown) };
        at.set_query(None);
        for hop in 0..=REDIRECTS_MAX {
            let host = || at.host_str().unwrap_or_default().to_owned();
            // What is refused on the way is a property of this file; at its own address, of the page.
            match self.reach.check_url(&at) {
                Err(why) if hop > 0 => return Ok(Leave::Astray(Astray::Refused(why))),
                checked => checked?,
            }
            if self.check_own(hop, &at).is_err() {
                return Ok(Leave::Astray(Astray::Elsewhere(host())));
            }
            let call = Call { url: &at, body: None, validators: &Validators::default(), is_plain: true };
            match self.ask(&at, call, ROBOTS_BYTES_MAX).await {
                Err(Failure::Refused(why)) if hop > 0 => return Ok(Leave::Astray(Astray::Refused(why))),
                // Held hosts and a broken archive end more than this file.
                Err(
                    failure @ (Failure::Held { .. } | Failure::Archive(_) | Failure::Store(_) | Failure::Refused(_)),
                ) => {
                    return Err(failure);
                }
                Err(_) => return Ok(Leave::Unknown),
                Ok(reply) => match reply.status {
                    // Half a file may lack the line that forbids.
                    200..=299 if reply.truncated.is_some_and(|why| why != Truncated::Length) => {
                        return Ok(Leave::Unknown);
                    }
                    200..=299 => {
                        let coding = reply.headers.get(CONTENT_ENCODING).map(text_of_header);
                        // What lies beyond the limit is not read, so a cut file is a whole one here.
                        let body = decode_body(coding.as_deref(), &reply.body, ROBOTS_BYTES_MAX * 4);
                        let Ok(body) = body else { return Ok(Leave::Unknown) };
                        return known(Robots::parse(&body, &self.gate.settings.robots_token));
                    }
                    301 | 302 | 303 | 307 | 308 => match redirect_target(&at, &reply.headers) {
                        Ok(target) => at = target,
                        Err(_) => return known(Robots::allow_all()),
                    },
                    400..=499 => return known(Robots::allow_all()),
                    _ => return Ok(Leave::Unknown),
                },
            }
        }
        // More than five redirects may be taken as no file (§2.3.1.2).
        known(Robots::allow_all())
    }

    /// Asks one address at the host's pace, again after a bounded number of failures, never before its time.
    async fn ask(&self, url: &Url, call: Call<'_>, bytes_max: usize) -> Result<Reply, Failure> {
        let (host, server) = (host_key(url), server_key(url));
        let pace = self.gate.pace(&host, self.recipe.rate_for(url));
        self.gate.learn_budget(&host, self.recipe.per_day);
        let settings = &self.gate.settings;
        let mut tries = 0;
        loop {
            let turn = pace.turn(&server, settings.wait_max).await;
            let turn = turn.map_err(|wait| Failure::Held { host: server.clone(), wait })?;
            let at = self.at();
            if let Some(until) = self.recipe.schedule.quiet_until(at) {
                return Err(Failure::Held { host, wait: self.wait_until(until) });
            }
            if let Some(until) = self.gate.take_of_day(&host, day_of(at)).await? {
                return Err(Failure::Held { host, wait: self.wait_until(until) });
            }
            let outcome = self.exchange(url, call, bytes_max).await;
            let backoff = HostPause::new(settings.retry_wait.saturating_mul(1 << tries.min(10)));
            let wait = match &outcome {
                Ok(reply) if reply.status == 429 || reply.status == 503 => {
                    let asked = reply.headers.get(RETRY_AFTER).map(text_of_header);
                    // The host's own clock counts for a date.
                    let there = reply.headers.get(DATE).and_then(|date| http_date(&text_of_header(date)));
                    let asked = asked.and_then(|value| retry_after(&value, there.unwrap_or(self.now)));
                    let pause = asked.unwrap_or(HostPause::new(settings.retry_after_default));
                    if pause.get() > settings.wait_max || tries >= settings.retries_max {
                        pace.hold(&server, pause);
                        return Err(Failure::Held { host: server, wait: pause.get() });
                    }
                    pause.max(backoff)
                }
                Ok(reply) if reply.status >= 500 && tries < settings.retries_max => backoff,
                Err(Failure::Transport(_)) if tries < settings.retries_max => backoff,
                _ => return outcome,
            };
            // Before the turn ends, so that nobody slips in between.
            pace.hold(&server, wait);
            drop(turn);
            tries += 1;
        }
    }

    /// One request and its answer, archived as it came.
    async fn exchange(&self, url: &Url, call: Call<'_>, bytes_max: usize) -> Result<Reply, Failure> {
        let request = self.request(url, call);
        let request_head = show_request(&request);
        let client = if self.reach == Reach::WithLoopback { &self.gate.with_loopback } else { &self.gate.public };
        self.requests.fetch_add(1, Ordering::Relaxed);
        // A head may be preceded by others without an end (1xx, RFC 9110 §15.2): the time bounds them.
        let wait = self.gate.settings.head_timeout;
        let head = tokio::time::timeout(wait, client.execute(request)).await;
        let mut response = head.map_err(|_| Failure::Slow(wait))?.map_err(|error| match error {
            // No head in the time of the whole request.
            error if error.is_timeout() && !error.is_connect() => Failure::Slow(self.gate.settings.request_timeout),
            error => transport(&error),
        })?;
        let ip = response.remote_addr().map(|address| address.ip());
        if let Some(ip) = ip {
            // The resolver has checked already; a client that connects elsewhere must not go unseen.
            self.reach.check_ip(ip)?;
        }
        let (body, truncated, cut) = read_body(&mut response, bytes_max, &self.gate.settings).await;
        self.bytes.fetch_add(body.len() as u64, Ordering::Relaxed);
        let status = response.status().as_u16();
        let response_head = show_response(&response);
        let headers = std::mem::take(response.headers_mut());
        let (url, at) = (url.to_string(), self.now);
        let capture = Capture { url, at, ip, request: request_head, response_head, body, truncated };
        let (raw, body) = self.gate.archivist.keep(capture).await.map_err(Failure::Archive)?;
        Ok(Reply { status, headers, body, cut, truncated, raw })
    }

    fn request(&self, url: &Url, call: Call<'_>) -> Request {
        let method = if call.body.is_some() { Method::POST } else { Method::GET };
        let mut request = Request::new(method, url.clone());
        let headers = request.headers_mut();
        let mut put = |name, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        };
        put(USER_AGENT, &self.gate.settings.user_agent);
        put(ACCEPT, "text/html,application/xhtml+xml,application/json,application/xml;q=0.9,*/*;q=0.5");
        put(ACCEPT_ENCODING, "gzip, identity");
        if let Some((_, kind)) = call.body {
            put(CONTENT_TYPE, kind);
        }
        if let Some(etag) = &call.validators.etag {
            put(IF_NONE_MATCH, etag);
        }
        if let Some(date) = &call.validators.last_modified {
            put(IF_MODIFIED_SINCE, date);
        }
        for (name, value) in self.headers.iter().flatten().filter(|_| !call.is_plain) {
            if headers::is_sent(value, url, &self.recipe.hosts, self.reach == Reach::WithLoopback) {
                request.headers_mut().insert(name, value.clone());
            }
        }
        if let Some((body, _)) = call.body {
            *request.body_mut() = Some(body.to_owned().into());
        }
        request
    }
}

/// The body up to the bound; what cut it short for the archive, and in words.
async fn read_body(
    response: &mut Response,
    bytes_max: usize,
    settings: &CollectorSettings,
) -> (Vec<u8>, Option<Truncated>, Option<String>) {
    let promised = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
    let mut body = Vec::with_capacity(promised.min(bytes_max).min(BODY_ROOM_BYTES_MAX));
    // A server that drips bytes must not hold its connection for the whole of the time that a large page may take.
    let (mut window_ends, mut window_from) = (tokio::time::Instant::now() + settings.slow_window, 0);
    loop {
        let Ok(chunk) = tokio::time::timeout_at(window_ends, response.chunk()).await else {
            if body.len() - window_from < settings.slow_bytes_min {
                let seconds = settings.slow_window.as_secs_f64();
                let cut = format!("slower than {} bytes in {seconds} seconds", settings.slow_bytes_min);
                return (body, Some(Truncated::Time), Some(cut));
            }
            (window_ends, window_from) = (window_ends + settings.slow_window, body.len());
            continue;
        };
        match chunk {
            Ok(None) => return (body, None, None),
            Ok(Some(chunk)) => {
                let room = bytes_max - body.len();
                body.extend_from_slice(&chunk[..chunk.len().min(room)]);
                if chunk.len() > room {
                    let cut = format!("longer than {bytes_max} bytes, reading stopped there");
                    return (body, Some(Truncated::Length), Some(cut));
                }
            }
            Err(error) if error.is_timeout() => {
                let cut = format!("out of time after {} bytes", body.len());
                return (body, Some(Truncated::Time), Some(cut));
            }
            Err(_) => {
                let promised = response.headers().get(CONTENT_LENGTH).map(text_of_header);
                let promised = promised.map(|length| format!(" of {length}")).unwrap_or_default();
                let cut = format!("the connection ended after {}{promised} bytes", body.len());
                return (body, Some(Truncated::Disconnect), Some(cut));
            }
        }
    }
}

/// The `charset` of a `Content-Type`.
pub(crate) fn charset_of(content_type: &str) -> Option<String> {
    content_type.split(';').skip(1).find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"').to_owned())
    })
}

fn redirect_target(at: &Url, headers: &HeaderMap) -> Result<Url, Failure> {
    let location = headers.get(LOCATION).map(text_of_header).filter(|location| location.len() <= ADDRESS_BYTES_MAX);
    let target = location.and_then(|location| at.join(&location).ok());
    target.filter(|target| target.as_str().len() <= ADDRESS_BYTES_MAX).ok_or(Failure::BadRedirect)
}

fn transport(error: &reqwest::Error) -> Failure {
    let mut cause = error.source();
    let mut deepest = error.to_string();
    while let Some(inner) = cause {
        if let Some(refused) = inner.downcast_ref::<Refused>() {
            return Failure::Refused(refused.clone());
        }
        deepest = inner.to_string();
        cause = inner.source();
    }
    let what = if error.is_timeout() {
        "out of time"
    } else if error.is_connect() {
        "cannot connect"
    } else {
        "request failed"
    };
    Failure::Transport(format!("{what} ({deepest})"))
}

/// Header bytes are not always ASCII.
fn text_of_header(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

fn show_request(request: &Request) -> Vec<u8> {
    let url = request.url();
    let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
    let mut head = format!("{} {path} HTTP/1.1\r\n{HOST}: {host}\r\n", request.method()).into_bytes();
    show_headers(&mut head, request.headers());
    if let Some(body) = request.body().and_then(reqwest::Body::as_bytes) {
        head.extend_from_slice(body);
    }
    head
}

fn show_response(response: &Response) -> Vec<u8> {
    let status = response.status();
    let reason = status.canonical_reason().unwrap_or_default();
    let mut head = format!("HTTP/1.1 {} {reason}\r\n", status.as_u16()).into_bytes();
    show_headers(&mut head, response.headers());
    head
}

fn show_headers(head: &mut Vec<u8>, headers: &HeaderMap) {
    for (name, value) in headers {
        // The body was joined by the client: a reader that saw the coding named would try to undo it again.
        if name == TRANSFER_ENCODING {
            head.extend_from_slice(b"x-orig-");
        }
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        // A secret of the operator's stands in no archive.
        head.extend_from_slice(if value.is_sensitive() { b"***" } else { value.as_bytes() });
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
