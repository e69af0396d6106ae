//! The web face: server-rendered pages in Chinese, feeds, a little JSON, and the gate before all of it.
//!
//! In: a tower, of which each visitor asks a view, and a listener. Out: pages that work without
//! scripts, `/api/v1/…` with its OpenAPI document, `/feeds/…`, `/healthz`, `/readyz`, `/metrics`.
//! Not here: SQL, statistics, the query language, how text is read, the clock.
//!
//! Always: every address stands in the table of `routes` and every answer is for whoever asks (`gate`, `view`); text from outside is shown as text (escaped by askama, marked by splitting into segments, invisible controls
//! written out); addresses become links only when they are http(s); every answer carries the headers of `guard`; nothing
//! of an internal error reaches a visitor. Every number on an alert's page comes from its terms (SCORE-2), and its history
//! shows before and after (ALERT-2).

mod acts;
mod api;
mod assets;
mod docx;
mod exchange;
mod forms;
mod gate;
mod guard;
mod keep;
mod metrics;
mod openapi;
mod pages;
mod paper;
mod pdf;
mod problem;
mod push;
mod routes;
mod rules;
mod schemas;
mod stream;
mod text;
mod unchanged;
mod view;
mod words;

#[cfg(test)]
mod matrix;
#[cfg(test)]
mod records;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::future::{Future, IntoFuture};
use std::sync::Arc;
use std::time::Duration;

use axum::middleware::from_fn_with_state;
use axum::{Extension, Router};
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};

use gate::Hall;
use pipeline::Tower;
use routes::{BodyLimit, ROUTES};

/// Where an OpenID provider sends browsers back to; registered there behind the address of the pages.
pub const PROVIDER_BACK: &str = "/signin/done";

pub use gate::Gate;
pub use view::{
    ALERTS_MAX, AlertFilter, AlertPage, CITED_MAX, Change, Cited, CursorState, EventsPage, Exported, Facet, FacetValue,
    FeedForm, PushReject, Pushed, QueryExample, QueryFault, REVISIONS_MAX, Revision, SAMPLING_REQUESTS_MAX, SearchHit,
    SearchOutcome, SourceCounts, SourceHealth, Status, Trail, ViewError,
};

/// Longest wait for running answers once the service is told to stop.
pub const DRAIN_MS_MAX: u64 = 10_000;

/// Why the face stopped showing.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// The listener broke.
    #[error("the web face lost its listener")]
    Listener(#[from] std::io::Error),
}

/// Every address of the table of routes, behind its gate.
pub fn router(tower: Arc<Tower>, gate: Gate) -> Router {
    let hall = Hall::new(tower, gate);
    let check = from_fn_with_state(hall.clone(), gate::check);
    let with = |body: BodyLimit| {
        let routes = ROUTES.iter().filter(|route| route.body == body);
        let router = routes.fold(Router::new(), |router, route| router.route(route.path, route.served()));
        router.route_layer(check.clone())
    };
    let normal = with(BodyLimit::Normal).fallback(problem::no_such_page).with_state(hall.clone());
    guard::around(normal, with(BodyLimit::Large).with_state(hall))
}

/// Serves until `shutdown` resolves, then lets running answers end, for at most [`DRAIN_MS_MAX`].
///
/// # Errors
/// [`WebError::Listener`] when the listener breaks.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), WebError> {
    let (tell, told) = oneshot::channel();
    // Streams would go on for ever: they are told to end before the rest is waited for.
    let (close, closing) = watch::channel(false);
    let router = router.layer(Extension(stream::Closing(closing)));
    let stop = async move {
        shutdown.await;
        let _ = close.send(true);
        let _ = tell.send(());
    };
    let drained = async move {
        match told.await {
            Ok(()) => tokio::time::sleep(Duration::from_millis(DRAIN_MS_MAX)).await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        ended = axum::serve(listener, router).with_graceful_shutdown(stop).into_future() => ended?,
        () = drained => tracing::warn!(waited_ms = DRAIN_MS_MAX, "stopped with answers still running"),
    }
    Ok(())
}
