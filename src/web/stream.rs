//! The alert stream: server-sent events, one per event in an alert's life, resumable by `Last-Event-ID`.
//!
//! In: the numbered events that a viewer may see. Out: `text/event-stream`. A client that comes back with the last id it saw gets what it missed, in
//! order and once; one that comes without gets what happens from now on. Streams end when the service does.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Extension;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Deserialize;
use tokio::sync::watch;
use tokio::time::Instant;

use super::display;
use super::limits::{ASK_AGAIN_SECONDS, STREAM_SECONDS_MAX, STREAMS_MAX, STREAMS_PER_PARTY_MAX};
use super::problem::Problem;
use super::state::Shared;
use super::view::View;
use access::Viewer;
use tell::{self, Language};

/// Pause between two looks for something new.
const LOOK_MS: u64 = 500;
/// Silence after which a comment is sent, so that proxies keep the line.
const KEEP_ALIVE_SECONDS: u64 = 15;
/// Events read at once.
const EVENTS_AT_ONCE: usize = 100;

/// Streams that are open, by organisation.
static OPEN: Mutex<BTreeMap<String, usize>> = Mutex::new(BTreeMap::new());

fn held() -> MutexGuard<'static, BTreeMap<String, usize>> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tells long answers that the service ends.
#[derive(Debug, Clone)]
pub(super) struct Closing(pub(super) watch::Receiver<bool>);

/// One of the open streams; closed when it is dropped.
struct OpenStream(String);

impl OpenStream {
    /// A stream for this organisation.
    ///
    /// # Errors
    /// 503 when too many are open, 429 when too many are its own.
    fn begin(viewer: &Viewer) -> Result<Self, Problem> {
        let party = viewer.party().map_or_else(String::new, |party| party.name.clone());
        let mut open = held();
        if open.values().sum::<usize>() >= STREAMS_MAX {
            return Err(Problem::plain(StatusCode::SERVICE_UNAVAILABLE));
        }
        let own = open.entry(party.clone()).or_default();
        if *own >= STREAMS_PER_PARTY_MAX {
            return Err(Problem::busy(format!("贵单位已打开 {STREAMS_PER_PARTY_MAX} 个预警流：请先关闭不用的。")));
        }
        *own += 1;
        Ok(Self(party))
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let mut open = held();
        if let Some(own) = open.get_mut(&self.0) {
            *own -= 1;
            if *own == 0 {
                open.remove(&self.0);
            }
        }
    }
}

/// Streams open now.
pub(super) fn open() -> usize {
    held().values().sum()
}

/// Where a stream goes on.
#[derive(Debug, Deserialize)]
#[derive(schemars::JsonSchema)]
pub(super) struct StreamQuery {
    /// As `Last-Event-ID`, for clients that cannot set headers. The header wins.
    after: Option<u64>,
}

struct EventReader {
    shared: Shared,
    /// What the client showed when it began, and who that was.
    headers: HeaderMap,
    viewer: Viewer,
    asked: Instant,
    view: View,
    last: u64,
    waiting: std::collections::VecDeque<Event>,
    closing: Option<watch::Receiver<bool>>,
    ends: Instant,
    _open: OpenStream,
}

impl EventReader {
    /// The next event; none when the service ends or reading fails (the client comes back with what it saw last).
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some((Ok(event), self));
            }
            if self.closing.as_ref().is_some_and(|closing| *closing.borrow()) {
                return None;
            }
            if self.ends.elapsed() > Duration::ZERO || !self.is_still_meant().await {
                return None;
            }
            if self.shared.newest_event().await.is_ok_and(|newest| newest <= self.last) {
                self.pause().await;
                continue;
            }
            let found = self.view.events_after(self.last, EVENTS_AT_ONCE).await;
            let found = found.inspect_err(|error| tracing::warn!("an alert stream ends: {error}")).ok()?;
            self.last = found.reached;
            for (number, line) in &found.events {
                let event = Event::default().id(number.to_string()).event(display::event_code(line.event));
                match event.json_data(tell::written(line.clone(), Language::Chinese)) {
                    Ok(event) => self.waiting.push_back(event),
                    Err(error) => tracing::warn!("an alert event cannot be shown: {error}"),
                }
            }
            if self.waiting.is_empty() {
                self.pause().await;
            }
        }
    }

    /// Waits until it is time to look again, or the service ends.
    async fn pause(&mut self) {
        let pause = tokio::time::sleep(Duration::from_millis(LOOK_MS));
        match &mut self.closing {
            Some(closing) => {
                tokio::select! {
                    () = pause => {}
                    _ = closing.wait_for(|closing| *closing) => {}
                }
            }
            None => pause.await,
        }
    }

    /// Whether what the client showed still makes it whom it was: not when its token was revoked, its user disabled, its session ended.
    async fn is_still_meant(&mut self) -> bool {
        if self.asked.elapsed() < Duration::from_secs(ASK_AGAIN_SECONDS) {
            return true;
        }
        self.asked = Instant::now();
        let now = self.shared.authentication.viewer(&self.headers).await;
        let now = now.inspect_err(|error| tracing::warn!("an alert stream ends: {error}"));
        now.is_ok_and(|now| now.as_ref() == Some(&self.viewer))
    }
}

/// `/feeds/alerts/stream`.
pub(super) async fn alerts(
    State(shared): State<Shared>,
    Extension(viewer): Extension<Viewer>,
    view: View,
    closing: Option<Extension<Closing>>,
    query: Result<Query<StreamQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = match headers.get("last-event-id") {
        None => query?.0.after,
        Some(value) => {
            let id = value.to_str().ok().and_then(|text| text.trim().parse().ok());
            let Some(id) = id else {
                return Err(Problem::bad_request("Last-Event-ID 应为本流发出过的编号（整数）。"));
            };
            Some(id)
        }
    };
    let last = match asked {
        Some(id) => id,
        None => view.last_event().await?,
    };
    let open = OpenStream::begin(&viewer)?;
    let closing = closing.map(|Extension(Closing(closing))| closing);
    let ends = Instant::now() + Duration::from_secs(STREAM_SECONDS_MAX);
    let waiting = std::collections::VecDeque::new();
    let asked = Instant::now();
    let reader = EventReader { shared, headers, viewer, asked, view, last, waiting, closing, ends, _open: open };
    let keep = KeepAlive::new().interval(Duration::from_secs(KEEP_ALIVE_SECONDS));
    Ok(Sse::new(stream::unfold(reader, EventReader::next)).keep_alive(keep).into_response())
}
