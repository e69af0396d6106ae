//! The two files that pages need, in the binary. Their addresses carry a digest, so browsers may keep them for good.

use std::sync::LazyLock;

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;

const STYLE: &str = include_str!("static/style.css");
const LOGO: &str = include_str!("static/logo.svg");

const FOR_GOOD: &str = "public, max-age=31536000, immutable";

/// Digest of the files' bytes, for their addresses.
pub(super) fn version() -> &'static str {
    static VERSION: LazyLock<String> = LazyLock::new(|| {
        let mut hasher = blake3::Hasher::new();
        hasher.update(STYLE.as_bytes()).update(LOGO.as_bytes());
        hasher.finalize().to_hex()[..10].to_owned()
    });
    &VERSION
}

pub(super) async fn style() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, FOR_GOOD)], STYLE)
}

pub(super) async fn logo() -> impl IntoResponse {
    ([(CONTENT_TYPE, "image/svg+xml"), (CACHE_CONTROL, FOR_GOOD)], LOGO)
}
