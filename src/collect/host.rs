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

/// The key of a server: what one host asks for itself (`Retry-After`, `Crawl-delay`, a `robots.txt` that cannot be had) counts
/// for it alone. A name with and without `www.` is one.
pub(crate) fn server_key(url: &Url) -> String {
    match url.host() {
        Some(Host::Domain(name)) if name != "localhost" => plain(name).to_owned(),
        _ => host_key(url),
    }
}

/// Whether a host is one of these, or lies below one: `news.example.com` below `example.com`. A name with and without `www.`
/// is one.
pub(crate) fn is_within(hosts: &[String], host: &str) -> bool {
    let host = plain(host);
    hosts
        .iter()
        .map(|known| plain(known))
        .any(|known| host.strip_suffix(known).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
}

fn plain(name: &str) -> &str {
    let name = name.trim_end_matches('.');
    name.strip_prefix("www.").filter(|rest| rest.contains('.')).unwrap_or(name)
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
    fn tenants_of_one_name_are_servers_of_their_own() {
        let key = |url: &str| server_key(&Url::parse(url).unwrap());
        assert_eq!(key("https://www.example.com/a"), key("http://example.com.:8080/"));
        assert_ne!(key("https://one.example.com/"), key("https://two.example.com/"));
        assert_ne!(key("http://127.0.0.1:1/"), key("http://127.0.0.1:2/"));
        assert_eq!(key("https://www.cn/"), "www.cn");
    }

    #[test]
    fn a_host_is_within_what_a_recipe_names_and_all_below_it() {
        let hosts = ["example.com".to_owned(), "www.b.example".to_owned(), "127.0.0.1".to_owned()];
        for (host, within) in [
            ("example.com", true),
            ("www.example.com", true),
            ("news.example.com", true),
            ("b.example", true),
            ("badexample.com", false),
            ("example.com.evil.example", false),
            ("localhost", false),
            ("com", false),
        ] {
            assert_eq!(is_within(&hosts, host), within, "{host}");
        }
    }

    #[test]
    fn servers_on_loopback_are_told_apart_by_port() {
        check("http://127.0.0.1:8099/x", "127.0.0.1:8099");
        check("http://[::1]:8099/x", "[::1]:8099");
        check("http://localhost/x", "localhost");
    }
}
