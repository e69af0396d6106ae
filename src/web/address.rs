//! Where a request comes from.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;

use super::limits::PROXIES_PASSED_MAX;
use super::state::Shared;
use config::Network;

/// The address that a request comes from; none where the service does not know (tests without a network).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ClientAddress(pub(super) Option<IpAddr>);

impl FromRequestParts<Shared> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        Ok(Self(peer.map(|peer| client(peer, &parts.headers, shared.authentication.proxies()))))
    }
}

/// The address of a client. A proxy that is trusted (on this machine, or in `proxies` of the settings) says for whom it asks: what it added
/// itself stands last, what stands before anybody may have written. Where that is another such proxy, its word is the one before. Nobody else
/// is believed.
fn client(peer: IpAddr, headers: &HeaderMap, proxies: &[Network]) -> IpAddr {
    let mut client = peer.to_canonical();
    let mut written = headers.get_all("x-forwarded-for").iter().rev().filter_map(|value| value.to_str().ok());
    let mut list = written.next().unwrap_or_default().rsplit(',');
    for _ in 0..PROXIES_PASSED_MAX {
        if !is_proxy(client, proxies) {
            break;
        }
        let before = loop {
            if let Some(before) = list.next() {
                break Some(before);
            }
            match written.next() {
                Some(next) => list = next.rsplit(','),
                None => break None,
            }
        };
        let Some(before) = before.and_then(|text| text.trim().parse::<IpAddr>().ok()) else { break };
        client = before.to_canonical();
    }
    client
}

/// Whether an address is that of a proxy which is believed.
pub(super) fn is_proxy(address: IpAddr, proxies: &[Network]) -> bool {
    let address = address.to_canonical();
    address.is_loopback() || proxies.iter().any(|network| network.contains(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(proxies: &[&str], peer: &str, forwarded: &[&str], expected: &str) {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().expect("a value"));
        }
        let proxies: Vec<Network> = proxies.iter().map(|network| network.parse().expect("a network")).collect();
        let found = client(peer.parse().expect("an address"), &headers, &proxies);
        assert_eq!(found.to_string(), expected, "{forwarded:?}");
    }

    #[test]
    fn without_settings_only_a_proxy_on_this_machine_is_believed_and_only_its_own_word() {
        check(&[], "127.0.0.1", &["192.0.2.7"], "192.0.2.7");
        check(&[], "127.0.0.1", &["10.0.0.1, 192.0.2.7"], "192.0.2.7");
        check(&[], "127.0.0.1", &["10.0.0.1", "192.0.2.7"], "192.0.2.7");
        check(&[], "::1", &["2001:db8::1"], "2001:db8::1");
        check(&[], "127.0.0.1", &["nonsense"], "127.0.0.1");
        check(&[], "127.0.0.1", &[], "127.0.0.1");
        check(&[], "198.51.100.4", &["192.0.2.7"], "198.51.100.4");
    }

    #[test]
    fn proxies_of_the_settings_are_believed_one_behind_the_other_and_no_further() {
        let proxies = ["10.0.0.0/24", "fd00::5"];
        check(&proxies, "10.0.0.9", &["192.0.2.7"], "192.0.2.7");
        check(&proxies, "::ffff:10.0.0.9", &["192.0.2.7"], "192.0.2.7");
        check(&proxies, "fd00::5", &["203.0.113.1, 192.0.2.7, 10.0.0.9"], "192.0.2.7");
        check(&proxies, "fd00::5", &["203.0.113.1, 192.0.2.7", "10.0.0.9, 127.0.0.1"], "192.0.2.7");
        check(&proxies, "10.0.1.9", &["192.0.2.7"], "10.0.1.9");
        check(&proxies, "10.0.0.9", &["192.0.2.7, nonsense"], "10.0.0.9");
        check(&proxies, "10.0.0.9", &["10.0.0.3, 10.0.0.4"], "10.0.0.3");
        let endless = vec!["10.0.0.3"; 5_000].join(",");
        check(&proxies, "10.0.0.9", &[&format!("192.0.2.7,{endless}")], "10.0.0.3");
    }
}
