//! The web face: server-rendered pages in Chinese, two feeds, and a little JSON.
//!
//! In: a [`Desk`] that answers questions in the words of the vocabulary, and a listener. Out: pages that work without
//! scripts, `/api/v1/…` with its OpenAPI document, `/feeds/…`, `/healthz`, `/readyz`, `/metrics`.
//! Not here: SQL, statistics, the query language, how text is read, the clock.
//!
//! Always: text from outside is shown as text (escaped by askama, marked by splitting into segments, invisible controls
//! written out); addresses become links only when they are http(s); every answer carries the headers of `guard`; nothing
//! of an internal error reaches a visitor. Every number on an alert's page comes from its terms (SCORE-2), and its history
//! shows before and after (ALERT-2).

mod api;
mod assets;
mod desk;
mod guard;
mod metrics;
mod openapi;
mod pages;
mod problem;
mod push;
mod stream;
mod text;
mod tower;
mod words;

#[cfg(test)]
mod fake;
#[cfg(test)]
mod tests;

use std::future::{Future, IntoFuture};
use std::sync::Arc;
use std::time::Duration;

use axum::routing::{get, post};
use axum::{Extension, Router};
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};

pub use desk::{
    AlertFilter, AlertPage, CursorState, Desk, DeskError, Facet, FacetValue, PushReject, Pushed, QueryExample,
    QueryFault, SAMPLING_REQUESTS_MAX, SearchHit, SearchOutcome, SourceCounts, SourceHealth, Status,
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

/// Every address there is.
pub fn router(desk: Arc<dyn Desk>) -> Router {
    let routes = Router::new()
        // pages
        .route("/", get(pages::alerts::list))
        .route("/alerts/{id}", get(pages::alert::show))
        .route("/search", get(pages::search::show))
        .route("/documents/{id}", get(pages::document::show))
        .route("/sampling", get(pages::sampling::list))
        .route("/status", get(pages::status::show))
        // for other programs
        .route("/api/v1/alerts", get(api::alerts))
        .route("/api/v1/alerts/{id}", get(api::alert))
        .route("/api/v1/alerts/{id}/cap", get(api::alert_cap))
        .route("/api/v1/search", get(api::search))
        .route("/api/v1/sources", get(api::sources))
        .route("/api/v1/openapi.json", get(openapi::show))
        .route("/feeds/alerts.json", get(api::feed_json))
        .route("/feeds/alerts.atom", get(api::feed_atom))
        .route("/feeds/alerts.cap", get(api::feed_cap))
        .route("/feeds/alerts/stream", get(stream::alerts))
        // for whoever keeps it running
        .route("/healthz", get(api::health))
        .route("/readyz", get(api::ready))
        .route("/metrics", get(metrics::show))
        // what pages need
        .route("/static/style.css", get(assets::style))
        .route("/static/logo.svg", get(assets::logo))
        .fallback(problem::no_such_page)
        .with_state(Arc::clone(&desk));
    let large = Router::new().route("/api/v1/documents", post(push::documents)).with_state(desk);
    guard::around(routes, large)
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
