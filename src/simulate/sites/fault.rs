//! Answers broken on purpose.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use futures_util::{StreamExt as _, stream};

use super::page::Reply;

/// Bytes of one slow drop.
const DROP_BYTES: usize = 64;
/// Where even an endless page ends, should nobody hang up.
const ENDLESS_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Bytes of one piece of an endless page.
const ENDLESS_PIECE_BYTES: usize = 16 * 1024;

/// Time that the first half of a truncated body has to leave.
const CUT_AFTER: Duration = Duration::from_millis(5);

/// What can be wrong with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The body drips, 64 bytes at a time.
    SlowBytes {
        /// Pause between two drops.
        pause: Duration,
    },
    /// The connection closes after half of the promised length.
    TruncatedBody,
    /// 429 with `Retry-After`.
    Http429 {
        /// Seconds asked for.
        retry_after_s: u32,
    },
    /// The header names a charset that the bytes are not in.
    WrongCharset,
    /// A body without length or end.
    EndlessPage,
    /// 503 with a page of apology.
    ServerError,
}

/// A fault that waits for its path.
#[derive(Debug)]
pub(super) struct Planted {
    prefix: String,
    fault: Fault,
    left: Option<u32>,
}

impl Planted {
    pub(super) fn new(prefix: &str, fault: Fault, times: Option<u32>) -> Self {
        Self { prefix: prefix.to_owned(), fault, left: times }
    }

    pub(super) fn is_live(&self) -> bool {
        self.left != Some(0)
    }

    /// The fault, when it is this path's turn.
    pub(super) fn strike(&mut self, path: &str) -> Option<Fault> {
        if !self.is_live() || !path.starts_with(&self.prefix) {
            return None;
        }
        self.left = self.left.map(|left| left - 1);
        Some(self.fault)
    }
}

/// The answer as it should be.
pub(super) fn sound(reply: Reply) -> Response {
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
    response
}

/// The answer with a fault.
pub(super) fn broken(reply: Reply, fault: Fault) -> Response {
    match fault {
        Fault::SlowBytes { pause } => {
            let body = Bytes::copy_from_slice(&reply.body);
            let drops = stream::unfold(body, move |mut left| async move {
                if left.is_empty() {
                    return None;
                }
                tokio::time::sleep(pause).await;
                let drop = left.split_to(left.len().min(DROP_BYTES));
                Some((Ok::<_, Infallible>(drop), left))
            });
            with_body(&reply, Body::from_stream(drops))
        }
        Fault::TruncatedBody => {
            let promised = reply.body.len();
            let half = Bytes::copy_from_slice(&reply.body[..promised / 2]);
            let cut = stream::once(async {
                // Head and half a body leave first; an error at once would take them along.
                tokio::time::sleep(CUT_AFTER).await;
                Err(std::io::Error::other("cut on purpose"))
            });
            let mut response = with_body(&reply, Body::from_stream(stream::iter([Ok(half)]).chain(cut)));
            response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(promised));
            response
        }
        Fault::Http429 { retry_after_s } => {
            let mut response = sound(Reply::text(429, "请求过于频繁，请稍后再试"));
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after_s));
            response
        }
        Fault::WrongCharset => {
            let lie = if reply.content_type.contains("utf-8") {
                "text/html; charset=gb2312"
            } else {
                "text/html; charset=utf-8"
            };
            sound(Reply { content_type: lie, ..reply })
        }
        Fault::EndlessPage => {
            let piece = Bytes::from("<p>没完没了</p>".repeat(ENDLESS_PIECE_BYTES / "<p>没完没了</p>".len()));
            let pieces =
                stream::iter(std::iter::repeat_n(Ok::<_, Infallible>(piece), ENDLESS_BYTES_MAX / ENDLESS_PIECE_BYTES));
            with_body(&reply, Body::from_stream(pieces))
        }
        Fault::ServerError => {
            sound(Reply::html("<!doctype html><title>503</title><p>系统繁忙</p>".to_owned()).with_status(503))
        }
    }
}

fn with_body(reply: &Reply, body: Body) -> Response {
    let mut response = sound(Reply { body: Vec::new(), ..reply.clone() });
    *response.body_mut() = body;
    response
}
