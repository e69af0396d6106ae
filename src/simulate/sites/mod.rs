//! The five sites on loopback. Each answers purely from the world, the moment and the address asked ([`Ask`] to [`Reply`]); this
//! file binds, counts, breaks on purpose ([`Fault`]) and stops.

mod complaints;
mod fault;
mod market;
mod media;
mod page;
mod regulator;
mod standards;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::Method;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use self::fault::{Planted, broken, sound};
use self::page::{Ask, Reply};
use super::clock::SimClock;
use super::item::SiteKind;
use super::world::World;
use vocabulary::Said;

pub use self::fault::Fault;

/// How long an explicit shutdown waits for answers that are on their way before it cuts them off.
const SHUTDOWN_MS_MAX: u64 = 500;

/// Sites that cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// No port on loopback, or not the one asked for.
    #[error(
        "cannot listen on {address} for the simulated {site} site; end the program that holds it, or start afresh in another folder"
    )]
    Bind {
        /// Which site.
        site: &'static str,
        /// Where; port 0 is any free one.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
}

impl Said for ServeError {
    fn zh(&self) -> String {
        match self {
            Self::Bind { site, address, .. } => {
                format!("无法在 {address} 上为模拟网站 {site} 监听；请结束占用它的程序，或换一个目录重新开始")
            }
        }
    }
}

/// Where the sites are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteAddresses {
    ports: [SocketAddr; SiteKind::ALL.len()],
}

impl SiteAddresses {
    /// Addresses in the order of [`SiteKind::ALL`].
    #[must_use]
    pub fn new(ports: [SocketAddr; SiteKind::ALL.len()]) -> Self {
        Self { ports }
    }

    /// Where one site listens.
    #[must_use]
    pub fn of(&self, site: SiteKind) -> SocketAddr {
        self.ports[site as usize]
    }

    /// `http://127.0.0.1:PORT` of one site, without a slash at the end.
    #[must_use]
    pub fn base(&self, site: SiteKind) -> String {
        format!("http://{}", self.of(site))
    }
}

/// What one site has seen of its visitors (POLITE-1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// All requests, `robots.txt` included.
    pub requests: u64,
    /// Requests for `robots.txt`.
    pub robots: u64,
    /// Requests for what `robots.txt` forbids.
    pub forbidden: u64,
    /// Answers 404.
    pub not_found: u64,
    /// Answers broken on purpose.
    pub faults: u64,
    /// Most requests that were under way at once.
    pub at_once_max: u64,
    /// Shortest time between the arrivals of two requests, in microseconds; none before the second.
    pub closest_us: Option<u64>,
}

#[derive(Debug, Default)]
struct Book {
    tally: Tally,
    under_way: u64,
    last: Option<Instant>,
    planted: Vec<Planted>,
}

#[derive(Debug)]
struct Site {
    kind: SiteKind,
    base: String,
    world: Arc<World>,
    clock: Arc<SimClock>,
    book: Mutex<Book>,
}

impl Site {
    fn book(&self) -> MutexGuard<'_, Book> {
        // Counters stay usable when a test panicked with the lock in hand.
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn arrive(&self, path: &str) -> Option<Fault> {
        let now = Instant::now();
        let mut book = self.book();
        if let Some(last) = book.last.replace(now) {
            let gap = u64::try_from(now.duration_since(last).as_micros()).unwrap_or(u64::MAX);
            book.tally.closest_us = Some(book.tally.closest_us.map_or(gap, |closest| closest.min(gap)));
        }
        book.under_way += 1;
        book.tally.at_once_max = book.tally.at_once_max.max(book.under_way);
        book.tally.requests += 1;
        book.tally.robots += u64::from(path == page::ROBOTS_PATH);
        book.tally.forbidden += u64::from(page::is_forbidden(path));
        let fault = book.planted.iter_mut().find_map(|planted| planted.strike(path));
        book.planted.retain(Planted::is_live);
        book.tally.faults += u64::from(fault.is_some());
        fault
    }

    fn leave(&self, reply: &Reply) {
        let mut book = self.book();
        book.under_way = book.under_way.saturating_sub(1);
        book.tally.not_found += u64::from(reply.status == 404);
    }

    fn answer(&self, ask: &Ask<'_>) -> Reply {
        if ask.path == page::ROBOTS_PATH {
            return page::robots(self.kind);
        }
        if page::is_forbidden(ask.path) {
            return page::trap(ask);
        }
        match self.kind {
            SiteKind::Complaints => complaints::answer(&self.world, ask),
            SiteKind::Regulator => regulator::answer(&self.world, ask),
            SiteKind::Market => market::answer(&self.world, ask),
            SiteKind::Media => media::answer(&self.world, ask),
            SiteKind::Standards => standards::answer(&self.world, ask),
        }
    }
}

async fn answer(State(site): State<Arc<Site>>, request: Request) -> Response {
    let path = request.uri().path();
    let fault = site.arrive(path);
    let ask = Ask { path, query: request.uri().query().unwrap_or_default(), now: site.clock.now(), base: &site.base };
    let reply = match *request.method() {
        Method::GET | Method::HEAD => site.answer(&ask),
        _ => Reply::text(405, "405 method not allowed"),
    };
    site.leave(&reply);
    match fault {
        Some(fault) => broken(reply, fault),
        None => sound(reply),
    }
}

/// The running sites. They stop when this is dropped.
#[derive(Debug)]
pub struct Sites {
    all: Vec<Arc<Site>>,
    addresses: SiteAddresses,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Sites {
    /// Serves every site of a world on a free port of 127.0.0.1 each. Call it inside a tokio runtime.
    ///
    /// # Errors
    /// [`ServeError::Bind`] when there is no port.
    pub async fn serve(world: Arc<World>, clock: Arc<SimClock>) -> Result<Self, ServeError> {
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self::serve_at(SiteAddresses::new([anywhere; SiteKind::ALL.len()]), world, clock).await
    }

    /// Serves every site at the address it had before: a page keeps its address over a restart, as on real sites.
    ///
    /// # Errors
    /// [`ServeError::Bind`] when one of them is taken.
    pub async fn serve_at(wanted: SiteAddresses, world: Arc<World>, clock: Arc<SimClock>) -> Result<Self, ServeError> {
        let (stop, stopped) = watch::channel(false);
        let mut ports = wanted.ports;
        let mut bound = Vec::new();
        for kind in SiteKind::ALL {
            let address = wanted.of(kind);
            let failed = |source| ServeError::Bind { site: kind.name(), address, source };
            let listener = TcpListener::bind(address).await.map_err(failed)?;
            ports[kind as usize] = listener.local_addr().map_err(failed)?;
            bound.push((kind, listener));
        }
        let addresses = SiteAddresses { ports };
        let (mut sites, mut tasks) = (Vec::new(), Vec::new());
        for (kind, listener) in bound {
            let site = Arc::new(Site {
                kind,
                base: addresses.base(kind),
                world: Arc::clone(&world),
                clock: Arc::clone(&clock),
                book: Mutex::default(),
            });
            let router = Router::new().fallback(answer).with_state(Arc::clone(&site));
            let mut stopped = stopped.clone();
            let until = async move {
                // Ends when told, or when `Sites` is gone and with it the sender.
                let _ = stopped.wait_for(|stop| *stop).await;
            };
            tasks.push(tokio::spawn(async move {
                // Accept errors are retried inside; this ends only by `until`.
                let _ = axum::serve(listener, router).with_graceful_shutdown(until).await;
            }));
            sites.push(site);
        }
        Ok(Self { all: sites, addresses, stop, tasks })
    }

    /// Where they listen.
    #[must_use]
    pub fn addresses(&self) -> SiteAddresses {
        self.addresses
    }

    /// What a site has seen so far.
    #[must_use]
    pub fn tally(&self, site: SiteKind) -> Tally {
        self.all[site as usize].book().tally
    }

    /// Breaks answers of a site on purpose: those whose path begins with `path_prefix`, `times` times, or until healed when none.
    pub fn plant(&self, site: SiteKind, path_prefix: &str, fault: Fault, times: Option<u32>) {
        self.all[site as usize].book().planted.push(Planted::new(path_prefix, fault, times));
    }

    /// Takes all planted faults of all sites away.
    pub fn heal(&self) {
        for site in &self.all {
            site.book().planted.clear();
        }
    }

    /// Stops listening, lets answers under way finish for a moment, then cuts them off. Returns when every port is free.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        for mut task in std::mem::take(&mut self.tasks) {
            if tokio::time::timeout(Duration::from_millis(SHUTDOWN_MS_MAX), &mut task).await.is_err() {
                task.abort();
                let _ = task.await;
            }
        }
    }
}

impl Drop for Sites {
    fn drop(&mut self) {
        // Connections under way end by the signal; listeners end at once.
        self.stop.send_replace(true);
        for task in &self.tasks {
            task.abort();
        }
    }
}
