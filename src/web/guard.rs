//! What surrounds every answer: bounds on the way in, strict headers and a decent look for errors on the way out.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;

use super::host::{self, Names};
use super::limits::{ADDRESS_BYTES_MAX, ANSWER_SECONDS_MAX, BODY_BYTES_MAX, PUSH_BYTES_MAX};
use super::metrics;
use super::problem::{self, Problem};

/// No scripts at all, nothing from other hosts, no framing.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

/// Puts the guard around the routes; those of `large` may bring bodies of [`PUSH_BYTES_MAX`].
pub(super) fn around(routes: Router, large: Router, names: Names) -> Router {
    let timeout = Duration::from_secs(ANSWER_SECONDS_MAX);
    let large = large.layer(DefaultBodyLimit::max(PUSH_BYTES_MAX)).layer(RequestBodyLimitLayer::new(PUSH_BYTES_MAX));
    routes
        .layer(RequestBodyLimitLayer::new(BODY_BYTES_MAX))
        .merge(large)
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, timeout))
        // Failures are logged where they are handled, with their causes; not a second time here.
        .layer(TraceLayer::new_for_http().on_failure(()))
        .layer(from_fn_with_state(names, host::check))
        .layer(from_fn(watch))
}

/// Refuses endless addresses, turns a panic into a 500, dresses errors for their reader, and sets the headers.
async fn watch(request: Request, next: Next) -> Response {
    let begun = tokio::time::Instant::now();
    let path = request.uri().path().to_owned();
    let address_bytes = request.uri().path_and_query().map_or(0, |address| address.as_str().len());
    let response = if address_bytes > ADDRESS_BYTES_MAX {
        Problem::plain(StatusCode::URI_TOO_LONG).into_response()
    } else {
        AssertUnwindSafe(next.run(request)).catch_unwind().await.unwrap_or_else(|_| {
            tracing::error!(path, "a handler panicked");
            Problem::plain(StatusCode::INTERNAL_SERVER_ERROR).into_response()
        })
    };
    let mut response = problem::dress(response, &path);
    let status = response.status().as_u16();
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    metrics::answered(status, begun.elapsed());
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-cache"));
    response
}

#[cfg(test)]
mod tests {
    use std::future::IntoFuture;

    use axum::routing::get;

    use super::*;

    #[tokio::test]
    async fn a_handler_that_panics_is_an_internal_error_that_tells_nothing() {
        async fn panics() -> &'static str {
            panic!("on purpose, with hunter2")
        }
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let home = format!("http://{}", listener.local_addr().expect("bound"));
        let router = around(
            Router::new().route("/api/panics", get(panics)).route("/panics", get(panics)),
            Router::new(),
            Names::default(),
        );
        let serving = tokio::spawn(axum::serve(listener, router).into_future());
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        for path in ["/panics", "/api/panics"] {
            let answer = client.get(format!("{home}{path}")).send().await.expect("an answer");
            assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR, "{path}");
            assert!(answer.headers().contains_key(CONTENT_SECURITY_POLICY), "{path}");
            let body = answer.text().await.expect("text");
            assert!(body.contains("服务内部出错") && !body.contains("hunter2"), "{path}: {body}");
        }
        serving.abort();
    }
}
