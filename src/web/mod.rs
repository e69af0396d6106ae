//! The web face: server-rendered pages in Chinese, feeds, a little JSON, and the gate before all of it.
//!
//! In: a tower, of which each visitor asks a view, and a listener. Out: pages that work without
//! scripts, `/api/v1/…` with its OpenAPI document, `/feeds/…`, `/healthz`, `/readyz`, `/metrics`.
//! Not here: SQL, statistics, the query language, how text is read, the clock.
//!
//! Always: every address stands in the table of `rules` and every answer is for whoever asks (`gate`, `view`); text from outside is shown as text (escaped by askama, marked by splitting into segments, invisible controls
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
mod testing;
#[cfg(test)]
mod tests;

use std::future::{Future, IntoFuture};
use std::sync::Arc;
use std::time::Duration;

use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use axum::{Extension, Router};
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};

use crate::pipeline::Tower;
use gate::Hall;

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

/// Every address there is, behind its gate. What each needs stands in `rules`.
pub fn router(tower: Arc<Tower>, gate: Gate) -> Router {
    let hall = Hall::new(tower, gate);
    let check = from_fn_with_state(hall.clone(), gate::check);
    let routes = Router::new()
        // pages
        .route("/", get(pages::alerts::list))
        .route("/alerts/{id}", get(pages::alert::show))
        .route("/search", get(pages::search::show))
        .route("/search/export", get(keep::export))
        .route("/searches", get(pages::searches::list).post(keep::save_by_form))
        .route("/searches/remove", post(keep::remove_by_form))
        .route("/documents/{id}", get(pages::document::show))
        .route("/documents/{id}/raw", get(keep::raw))
        .route("/sampling", get(pages::sampling::list))
        .route("/subscriptions", get(pages::subscriptions::list).post(pages::subscriptions::add))
        .route("/subscriptions/remove", post(pages::subscriptions::remove))
        .route("/status", get(pages::status::show))
        .route("/deliveries", get(pages::deliveries::list))
        .route("/signin", get(pages::signin::show).post(pages::signin::sign_in))
        .route("/signin/provider", get(pages::provider::depart))
        .route("/signin/done", get(pages::provider::arrive))
        .route("/signout", post(pages::signin::sign_out))
        .route("/alerts/{id}/acts", post(acts::by_form))
        .route("/alerts/{id}/sheet", get(forms::sheet))
        .route("/alerts/{id}/notice", get(forms::notice))
        // for other programs
        .route("/api/v1/alerts", get(api::alerts))
        .route("/api/v1/alerts/{id}", get(api::alert))
        .route("/api/v1/alerts/{id}/cap", get(api::alert_cap))
        .route("/api/v1/alerts/{id}/acts", post(acts::by_json))
        .route("/api/v1/events", get(forms::events))
        .route("/api/v1/search", get(api::search))
        .route("/api/v1/search/export", get(keep::export))
        .route("/api/v1/searches", get(keep::searches).post(keep::save_by_json))
        .route("/api/v1/searches/{name}", get(keep::saved).delete(keep::remove))
        .route("/api/v1/sources", get(api::sources))
        .route("/api/v1/openapi.json", get(openapi::show))
        .route("/api/v1/schemas", get(schemas::list))
        .route("/api/v1/schemas/{name}", get(schemas::show))
        .route("/feeds/alerts.json", get(api::feed_json))
        .route("/feeds/alerts.atom", get(api::feed_atom))
        .route("/feeds/alerts.cap", get(api::feed_cap))
        .route("/feeds/alerts.csv", get(forms::csv))
        .route("/feeds/alerts/stream", get(stream::alerts))
        // for whoever keeps it running
        .route("/healthz", get(api::health))
        .route("/readyz", get(api::ready))
        .route("/metrics", get(metrics::show))
        // what pages need
        .route("/static/style.css", get(assets::style))
        .route("/static/logo.svg", get(assets::logo))
        .route_layer(check.clone())
        .fallback(problem::no_such_page)
        .with_state(hall.clone());
    let large = Router::new()
        .route("/api/v1/documents", post(push::documents))
        .route("/api/v1/exchange", get(exchange::take_away).post(exchange::hand_in))
        .route_layer(check)
        .with_state(hall);
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
