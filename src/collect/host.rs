//! Whose pace counts: the registrable host, so that `www.` and `news.` of one site, and every source that asks them, share
//! one budget.
//!
//! The Public Suffix List is not carried: a name that this file takes for one site and the list for two is only asked more
//! slowly. Suffixes are therefore named only where grouping by two labels would put a whole country's sites on one pace.

use url::{Host, Url};

use vocabulary::PROVINCES;

/// Second-level labels under which countries register names: `example.com.cn`, `example.co.uk`.
const SECOND_LEVEL: &[&str] = &[
    "ac", "asso", "co", "com", "ed", "edu", "go", "gob", "gov", "gouv", "gub", "mil", "ne", "net", "nic", "or", "org",
];

/// The key of a host's pace. Loopback keeps its port: there every port is a server of its own.
pub(crate) fn host_key(url: &Url) -> String {
    match url.host() {
        Some(Host::Domain("localhost")) => with_port(url),
        Some(Host::Domain(name)) => registrable(name.trim_end_matches('.')).to_owned(),
        Some(Host::Ipv4(ip)) if ip.is_loopback() => with_port(url),
        Some(Host::Ipv6(ip)) if ip.is_loopback() => with_port(url),
        _ => url.host_str().unwrap_or_default().to_owned(),
    }
}

fn with_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Whether a label under `.cn` is that of a province: names are registered below it as below `com.cn`.
fn is_province(label: &str) -> bool {
    PROVINCES.iter().any(|province| province.cn_label == label)
}

/// The part of a name that somebody registered: two labels, three below a suffix of two.
fn registrable(name: &str) -> &str {
    let mut ends = name.rmatch_indices('.').map(|(at, _)| at);
    let (Some(top), Some(second)) = (ends.next(), ends.next()) else { return name };
    let (top_label, second_label) = (&name[top + 1..], &name[second + 1..top]);
    let is_suffix = top_label.len() == 2
        && (SECOND_LEVEL.contains(&second_label) || (top_label == "cn" && is_province(second_label)));
    if !is_suffix {
        return &name[second + 1..];
    }
    ends.next().map_or(name, |third| &name[third + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, expected: &str) {
        assert_eq!(host_key(&Url::parse(url).unwrap()), expected);
    }

    #[test]
    fn sources_of_one_site_share_its_pace() {
        check("https://www.example.com/a", "example.com");
        check("http://news.example.com:8080/", "example.com");
        check("https://example.com./", "example.com");
        check("https://www.example.com.cn/", "example.com.cn");
        check("https://scjgj.beijing.gov.cn/", "beijing.gov.cn");
        check("https://a.b.example.zj.cn/", "example.zj.cn");
        check("https://www.example.co.uk/", "example.co.uk");
        check("https://gov.cn/", "gov.cn");
        check("https://ec.europa.eu/", "europa.eu");
        check("http://203.0.113.9:81/", "203.0.113.9");
    }

    #[test]
    fn servers_on_loopback_are_told_apart_by_port() {
        check("http://127.0.0.1:8099/x", "127.0.0.1:8099");
        check("http://[::1]:8099/x", "[::1]:8099");
        check("http://localhost/x", "localhost");
    }
}
