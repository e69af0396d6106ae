//! Networks as an operator writes them: one address, or an address and how many of its bits count (CIDR).

use std::net::IpAddr;
use std::str::FromStr;

use vocabulary::{Refused, refused};

/// A network: all addresses that share its first bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    /// Bits that count: at most 32 of IPv4, 128 of IPv6.
    bits: u8,
}

impl Network {
    /// Whether an address lies in it. IPv4 written as IPv6 is IPv4.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let differ = u32::from(own) ^ u32::from(other);
                differ.checked_shr(32 - u32::from(self.bits)).unwrap_or(0) == 0
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let differ = u128::from(own) ^ u128::from(other);
                differ.checked_shr(128 - u32::from(self.bits)).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        let unknown = || {
            refused!(
                "应为地址或网段，例如 10.0.0.5 或 10.0.0.0/24",
                "expected an address or a network such as 10.0.0.5 or 10.0.0.0/24"
            )
        };
        let (address, bits) = match text.split_once('/') {
            None => (text, None),
            // `u8::from_str` takes a plus sign.
            Some((address, bits)) if !bits.is_empty() && bits.bytes().all(|byte| byte.is_ascii_digit()) => {
                (address, Some(bits.parse::<u8>().map_err(|_| unknown())?))
            }
            Some(_) => return Err(unknown()),
        };
        let address: IpAddr = address.parse().map_err(|_| unknown())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        if bits > most {
            return Err(unknown());
        }
        Ok(Self { address, bits })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lies_in(network: &str, address: &str) -> bool {
        let network: Network = network.parse().expect("a network");
        network.contains(address.parse().expect("an address"))
    }

    #[test]
    fn an_address_lies_in_the_networks_whose_bits_it_shares() {
        assert!(lies_in("10.0.0.5", "10.0.0.5") && !lies_in("10.0.0.5", "10.0.0.4"));
        assert!(lies_in("10.1.0.0/16", "10.1.255.255") && !lies_in("10.1.0.0/16", "10.2.0.0"));
        assert!(lies_in("10.1.0.0/16", "::ffff:10.1.2.3"), "IPv4 in the clothes of IPv6");
        assert!(lies_in("0.0.0.0/0", "203.0.113.9") && !lies_in("0.0.0.0/0", "2001:db8::1"));
        assert!(lies_in("fd00::/8", "fd12::1") && !lies_in("fd00::/8", "fe80::1"));
        assert!(lies_in("::/0", "2001:db8::1") && !lies_in("::/0", "10.0.0.1"));
        assert!(lies_in("2001:db8::1/128", "2001:db8::1") && !lies_in("2001:db8::1/128", "2001:db8::2"));
    }

    #[test]
    fn what_is_no_network_is_refused_however_large_its_numbers() {
        for text in ["", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/", "::/129", "/8", "a.example"] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
        for text in ["10.0.0.0/99999999999999999999".to_owned(), "9".repeat(1_000_000)] {
            let error = text.parse::<Network>().expect_err("no network");
            assert!(error.to_string().len() < 200);
        }
    }
}
