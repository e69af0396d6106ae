//! The web interface: server-rendered pages in Chinese, feeds, JSON for programs, and the gate before all of it.
//!
//! In: a tower, and a listener. Out: pages that work without scripts, `/api/v1/…` with its OpenAPI document, `/feeds/…`, `/healthz`,
//! `/readyz`, `/metrics`. Not here: SQL, statistics, the query language, how text is read.
//!
//! Layers. A file imports files of earlier lines and of its own, never of a later one, and none in a circle:
//!
//! - plain helpers: `limits`, `clock`, `text`, `display` (how values are worded), `assets`, `operation`, `office_document` (`docx`, `pdf`, `paper_files`), `stretch`,
//!   `shares`, `still_meant`;
//! - `view`: the data folder as one viewer may see it; `shell`: the frame of a page; `authentication`: who asks; `rights`: who may;
//! - `problem`: errors as visitors see them; `parameters`: what several addresses read; `feeds`: feeds as they were last written;
//! - `state`: what handlers share; `address`: where a request comes from; `gate`: the check before every handler;
//! - handlers: `pages`, `api`, `acts`, `alert_files`, `downloads`, `exchange`, `matters`, `metrics`, `papers`,
//!   `push`, `saved_searches`, `schemas`, `stream`;
//! - `routes`: the table of addresses; `openapi`: the document made of it; `guard`: bounds and headers of every answer;
//! - this file: the router and the server.
//!
//! Always: every address is an entry of the table in `routes`, and every answer is for whoever asks (`gate`, `view`); text from outside is
//! shown as text (escaped by askama, marked by splitting into segments, invisible controls written out); addresses become links only when
//! they are http(s); every answer carries the headers of `guard`; no text of an internal error reaches a visitor. Every number on an
//! alert's page comes from its terms (SCORE-2), and its history shows before and after (ALERT-2).

mod acts;
mod address;
mod alert_files;
mod api;
mod assets;
mod authentication;
mod clock;
mod display;
mod docx;
mod downloads;
mod exchange;
mod feeds;
mod gate;
mod guard;
mod host;
mod limits;
mod matters;
mod metrics;
mod office_document;
mod openapi;
mod operation;
mod pages;
mod paper_files;
mod papers;
mod parameters;
mod pdf;
mod problem;
mod push;
mod rights;
mod routes;
mod saved_searches;
mod schemas;
mod serve;
mod shares;
mod shell;
mod state;
mod still_meant;
mod stream;
mod stretch;
mod text;
mod view;

#[cfg(test)]
mod extremes;
#[cfg(test)]
mod matrix;
#[cfg(test)]
mod records;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use axum::middleware::from_fn_with_state;
use axum::{Extension, Router};
use tokio::net::TcpListener;
use tokio::sync::watch;

use pipeline::{Tower, ZIP_ROWS_MAX};
use rights::Rights;
use routes::{BodyLimit, ROUTES};
use state::{Addresses, Shared};
use still_meant::Timer;

pub use authentication::Authentication;
pub use limits::BOUNDS;
pub use paper_files::{paper_as_docx, paper_as_pdf};
pub use serve::Room;

/// Where an OpenID provider sends browsers back to; registered there behind the address of the pages.
pub const PROVIDER_BACK: &str = "/signin/done";
/// Longest wait for running answers after the service was asked to stop, in milliseconds.
pub const DRAIN_MS_MAX: u64 = 10_000;

/// Every address of the table of routes, behind the gate.
pub fn router(tower: Arc<Tower>, authentication: Authentication) -> Router {
    router_within(tower, authentication, ZIP_ROWS_MAX, Timer::of_machine())
}

/// The same, with another bound for the rows of an export and another clock for long answers.
fn router_within(tower: Arc<Tower>, authentication: Authentication, export_rows_max: u64, timer: Timer) -> Router {
    let rights = Rights::new(ROUTES.iter().map(|route| (route.method.name(), route.path, route.need)));
    let addresses = Addresses { rights: Arc::new(rights), document: openapi::document };
    let shared = Shared::new(tower, authentication, addresses, export_rows_max, timer);
    let check = from_fn_with_state(shared.clone(), gate::check);
    let with = |body: BodyLimit| {
        let routes = ROUTES.iter().filter(|route| route.body == body);
        let router = routes.fold(Router::new(), |router, route| router.route(route.path, route.served()));
        router.route_layer(check.clone())
    };
    let normal = with(BodyLimit::Normal).fallback(problem::no_such_page).with_state(shared.clone());
    let names = shared.authentication.names().clone();
    guard::around(normal, with(BodyLimit::Large).with_state(shared), names)
}

/// Serves until `shutdown` resolves, then lets running answers end, for at most [`DRAIN_MS_MAX`]. Nothing that clients do ends it.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    room: Room,
    shutdown: impl Future<Output = ()> + Send + 'static,
) {
    // Streams never end by themselves: they are closed before the other answers are waited for.
    let (close, closing) = watch::channel(false);
    let router = router.layer(Extension(stream::Closing(closing.clone())));
    let drained = async move {
        shutdown.await;
        let _ = close.send(true);
        tokio::time::sleep(Duration::from_millis(DRAIN_MS_MAX)).await;
    };
    tokio::select! {
        () = serve::serve(listener, router, room, closing) => {}
        () = drained => tracing::warn!(waited_ms = DRAIN_MS_MAX, "stopped with answers still running"),
    }
}
