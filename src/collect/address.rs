//! SAFE-1: which addresses the crawler may connect to. Checked after resolving, so that a name cannot lead inside.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Whether a source named loopback as its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Public addresses only.
    Public,
    /// Public and loopback addresses.
    WithLoopback,
}

/// Why an address may not be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Neither http nor https, or with a password; the address.
    #[error("`{0}` is not an address the crawler asks: only http and https without a password in the address")]
    Scheme(String),
    /// An inside address.
    #[error(
        "{0} is a private, loopback or link-local address; if the source really lies there, loopback needs `allow_loopback = true` in its recipe and other inside addresses are never asked"
    )]
    Inside(IpAddr),
    /// A name that has inside addresses only.
    #[error(
        "every address of {0} is private, loopback or link-local; if the source really lies on this machine, set `allow_loopback = true` in its recipe"
    )]
    AllInside(String),
}

impl Reach {
    /// Checks everything that can be seen without resolving.
    pub fn check_url(self, url: &Url) -> Result<(), Refused> {
        if !matches!(url.scheme(), "http" | "https") || !url.username().is_empty() || url.password().is_some() {
            return Err(Refused::Scheme(format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default())));
        }
        match url.host() {
            Some(Host::Ipv4(ip)) => self.check_ip(IpAddr::V4(ip)),
            Some(Host::Ipv6(ip)) => self.check_ip(IpAddr::V6(ip)),
            Some(Host::Domain(_)) => Ok(()),
            None => Err(Refused::Scheme(format!("{}:", url.scheme()))),
        }
    }

    pub(crate) fn check_ip(self, ip: IpAddr) -> Result<(), Refused> {
        let ip = ip.to_canonical();
        if is_public(ip) || (self == Self::WithLoopback && ip.is_loopback()) {
            Ok(())
        } else {
            Err(Refused::Inside(ip))
        }
    }
}

/// Says which addresses a name has. Injected, so that a test can be an attacker's name server.
#[async_trait]
pub trait Names: Send + Sync {
    /// The addresses of a name, right or wrong: they are checked by who asked.
    async fn addresses(&self, name: &str) -> std::io::Result<Vec<IpAddr>>;
}

/// The system's resolver.
#[derive(Debug, Clone, Copy)]
pub struct SystemNames;

#[async_trait]
impl Names for SystemNames {
    async fn addresses(&self, name: &str) -> std::io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect())
    }
}

/// Resolves a name and drops every address that may not be asked. The connection is made to the very addresses that were
/// checked, so a name that answers differently the second time (DNS rebinding) gains nothing.
#[derive(Clone)]
pub struct SafeResolver {
    /// Which addresses may be connected to.
    pub reach: Reach,
    /// Who resolves names.
    pub names: Arc<dyn Names>,
}

impl Resolve for SafeResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (reach, names) = (self.reach, Arc::clone(&self.names));
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found = names.addresses(&host).await?;
            let safe: Vec<SocketAddr> =
                found.into_iter().filter(|ip| reach.check_ip(*ip).is_ok()).map(|ip| SocketAddr::new(ip, 0)).collect();
            if safe.is_empty() {
                return Err(Refused::AllInside(host).into());
            }
            Ok(Box::new(safe.into_iter()) as Addrs)
        })
    }
}

fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

/// By the IANA special-purpose registry.
fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    !(a == 0
        || a == 10
        || (a == 100 && (64..128).contains(&b))
        || a == 127
        || (a == 169 && b == 254)
        || (a == 172 && (16..32).contains(&b))
        || (a == 192 && b == 0 && (c == 0 || c == 2))
        || (a == 192 && b == 88 && c == 99)
        || (a == 192 && b == 168)
        || (a == 198 && (b == 18 || b == 19))
        || (a == 198 && b == 51 && c == 100)
        || (a == 203 && b == 0 && c == 113)
        || a >= 224)
}

/// Global unicast only, and of that neither documentation nor wrappings of IPv4 that could lead inside.
fn is_public_v6(ip: Ipv6Addr) -> bool {
    let parts = ip.segments();
    let [a, b, ..] = parts;
    if a & 0xe000 != 0x2000 {
        // NAT64 carries an IPv4 address in its last 32 bits.
        return a == 0x64 && b == 0xff9b && parts[2..6] == [0; 4] && is_public_v4(embedded(parts[6], parts[7]));
    }
    if a == 0x2002 {
        return is_public_v4(embedded(b, parts[2])); // 6to4
    }
    !((a == 0x2001 && (b < 0x200 || b == 0xdb8)) || (a == 0x3fff && b < 0x1000))
}

fn embedded(high: u16, low: u16) -> Ipv4Addr {
    let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
    Ipv4Addr::new(a, b, c, d)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inside_addresses_are_refused_in_every_disguise() {
        for host in [
            "127.0.0.1",
            "127.1",
            "0x7f000001",
            "2130706433",
            "0177.0.0.1",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "[::1]",
            "[::]",
            "[fe80::1]",
            "[fc00::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:10.0.0.1]",
            "[64:ff9b::a00:1]",
            "[2002:7f00:1::]",
            "[2001:db8::1]",
            "[::7f00:1]",
        ] {
            let url = Url::parse(&format!("http://{host}/")).unwrap();
            assert!(Reach::Public.check_url(&url).is_err(), "{host}");
        }
        for host in ["8.8.8.8", "114.114.114.114", "[2400:3200::1]", "[64:ff9b::808:808]", "example.org"] {
            let url = Url::parse(&format!("http://{host}/")).unwrap();
            assert!(Reach::Public.check_url(&url).is_ok(), "{host}");
        }
    }

    #[test]
    fn allowing_loopback_allows_nothing_else_inside() {
        let check = |text: &str| Reach::WithLoopback.check_url(&Url::parse(text).unwrap());
        assert!(check("http://127.0.0.1:8080/").is_ok());
        assert!(check("http://169.254.169.254/latest").is_err());
        assert!(check("http://192.168.0.1/").is_err());
        assert!(check("file:///etc/passwd").is_err());
        assert!(check("http://user:secret@example.org/").is_err());
    }

    #[test]
    fn a_name_that_leads_inside_is_refused_after_resolving() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let name = || "localhost".parse::<Name>().unwrap();
        let resolver = |reach| SafeResolver { reach, names: Arc::new(SystemNames) };
        assert!(runtime.block_on(resolver(Reach::Public).resolve(name())).is_err());
        assert!(runtime.block_on(resolver(Reach::WithLoopback).resolve(name())).is_ok());
    }
}
