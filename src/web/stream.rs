//! The alert stream: server-sent events, one per event in an alert's life, resumable by `Last-Event-ID`.
//!
//! In: the numbered events that a viewer may see. Out: `text/event-stream`. A client that comes back with the last id it saw gets what it missed, in
//! order and once; one that comes without gets what happens from now on. Streams end when the service does, and when whoever opened one
//! may no longer (`still_meant`).

use std::convert::Infallible;
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
use super::limits::{STREAM_SECONDS_MAX, STREAMS_PER_PARTY_MAX};
use super::problem::Problem;
use super::shares::{Full, Place};
use super::state::{Shared, share_of};
use super::view::View;
use access::Viewer;
use tell::{self, Language};

/// Pause between two looks for something new.
const LOOK_MS: u64 = 500;
/// Silence after which a comment is sent, so that proxies keep the line.
const KEEP_ALIVE_SECONDS: u64 = 15;
/// Events read at once.
const EVENTS_AT_ONCE: usize = 100;

/// Tells long answers that the service ends.
#[derive(Debug, Clone)]
pub(super) struct Closing(pub(super) watch::Receiver<bool>);

/// Where a stream goes on.
#[derive(Debug, Deserialize)]
#[derive(schemars::JsonSchema)]
pub(super) struct StreamQuery {
    /// As `Last-Event-ID`, for clients that cannot set headers. The header wins.
    after: Option<u64>,
}

struct EventReader {
    shared: Shared,
    view: View,
    last: u64,
    waiting: std::collections::VecDeque<Event>,
    closing: Option<watch::Receiver<bool>>,
    ends: Instant,
    _place: Place,
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
            if self.ends.elapsed() > Duration::ZERO {
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
    let place = shared.streams.take(share_of(&viewer)).map_err(|full| match full {
        Full::All => Problem::plain(StatusCode::SERVICE_UNAVAILABLE),
        Full::OfOne => Problem::busy(format!("贵单位已打开 {STREAMS_PER_PARTY_MAX} 个预警流：请先关闭不用的。")),
    })?;
    let closing = closing.map(|Extension(Closing(closing))| closing);
    let ends = Instant::now() + Duration::from_secs(STREAM_SECONDS_MAX);
    let waiting = std::collections::VecDeque::new();
    let reader = EventReader { shared, view, last, waiting, closing, ends, _place: place };
    let keep = KeepAlive::new().interval(Duration::from_secs(KEEP_ALIVE_SECONDS));
    Ok(Sse::new(stream::unfold(reader, EventReader::next)).keep_alive(keep).into_response())
}
