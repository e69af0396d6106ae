//! Which names this service answers to.
//!
//! A page of another site can make a browser ask this machine under the other site's own name (DNS rebinding); then the browser takes what is
//! answered for that site's. So only names that are ours are answered: addresses in figures, names of this machine's loopback, and those of
//! the settings (`home`, `hosts`).

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::header::HOST;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::problem::Problem;

/// The names a service answers to, beside addresses in figures and `localhost`.
#[derive(Debug, Clone, Default)]
pub(super) struct Names(Vec<String>);

impl Names {
    pub(super) fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self(names.into_iter().map(|name| name.trim_end_matches('.').to_ascii_lowercase()).collect())
    }

    /// Whether a `Host` header names this service. `host`: with or without a port.
    pub(super) fn includes(&self, host: &str) -> bool {
        let Some(name) = name_of(host) else { return false };
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        name.parse::<IpAddr>().is_ok() || name == "localhost" || name.ends_with(".localhost") || self.0.contains(&name)
    }
}

/// The name in a `Host` header, without its port and brackets; none where it is no host.
fn name_of(host: &str) -> Option<&str> {
    if let Some(inner) = host.strip_prefix('[') {
        let (name, port) = inner.split_once(']')?;
        return (port.is_empty() || is_port(port.strip_prefix(':')?)).then_some(name);
    }
    match host.split_once(':') {
        None => Some(host),
        Some((name, port)) => is_port(port).then_some(name),
    }
    .filter(|name| !name.is_empty())
}

fn is_port(port: &str) -> bool {
    port.parse::<u16>().is_ok()
}

/// Answers only requests to one of our names; others get 421 and are told how to add one.
pub(super) async fn check(State(names): State<Names>, request: Request, next: Next) -> Response {
    let mut hosts = request.headers().get_all(HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok(),
        // HTTP/1.0 without a name: no browser sends that.
        (None, _) => return next.run(request).await,
        (Some(_), Some(_)) => None,
    };
    if host.is_some_and(|host| names.includes(host)) {
        return next.run(request).await;
    }
    tracing::debug!(?host, "asked under a name that is not ours");
    let text = "本服务不以这个域名提供：请在设置文件中把它写入 home 或 hosts 后重新启动。";
    Problem::misdirected(text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_ours_are_answered_and_never_one_that_another_site_could_have() {
        let names = Names::new(["Watch.example.cn".to_owned()]);
        for ours in [
            "127.0.0.1",
            "127.0.0.1:8787",
            "192.168.1.5:80",
            "[::1]:8787",
            "[::1]",
            "localhost",
            "LOCALHOST:8787",
            "demo.localhost:1",
            "watch.example.cn",
            "WATCH.example.cn.:443",
        ] {
            assert!(names.includes(ours), "{ours}");
        }
        for other in [
            "evil.example",
            "evil.example:8787",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "xwatch.example.cn",
            "watch.example.cn.evil",
            "127.0.0.1:99999",
            "watch.example.cn:80:80",
            "",
            ":80",
            "[::1",
            "[::1]x",
            "a@localhost",
        ] {
            assert!(!names.includes(other), "{other}");
        }
    }
}
