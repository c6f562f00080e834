//! Which addresses may be connected to, where clients of a server say to which.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Addresses that may be connected to. It is the address that counts, after names were
/// looked up and before the connection is made to that very address: a name server that
/// answers differently the next time changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Outgoing {
    /// All.
    #[default]
    Any,
    /// Those of the public internet: neither this machine, nor private networks, nor
    /// link-local addresses, at which clouds keep credentials.
    Public,
    /// No address. Names are not looked up either.
    None,
}

impl Outgoing {
    /// May this address be connected to?
    pub fn allows(self, address: IpAddr) -> bool {
        match self {
            Outgoing::Any => true,
            Outgoing::Public => is_public(address),
            Outgoing::None => false,
        }
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match embedded(address) {
            Some(inner) => is_public_v4(inner),
            None => is_public_v6(address),
        },
    }
}

/// Everything that IANA's registry of special-purpose addresses does not set apart.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let is_special = match first {
        0 | 10 | 127 | 224.. => true,
        100 => (64..128).contains(&second),
        169 => second == 254,
        172 => (16..32).contains(&second),
        192 => matches!((second, third), (0, 0) | (0, 2) | (88, 99) | (168, _)),
        198 => matches!((second, third), (18 | 19, _) | (51, 100)),
        203 => (second, third) == (0, 113),
        _ => false,
    };
    !is_special
}

/// Global unicast (RFC 4291, section 2.4) without what the registry sets apart: protocol
/// assignments with Teredo, documentation, 6to4.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let is_special = match first {
        0x2001 => second < 0x0200 || second == 0x0db8,
        0x2002 => true,
        0x3fff => second < 0x1000,
        _ => false,
    };
    (0x2000..0x4000).contains(&first) && !is_special
}

/// The IPv4 address that an IPv6 address stands for: mapped (RFC 4291, section 2.5.5.2),
/// or through NAT64 (RFC 6052, section 2.1).
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let nat64 = match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
            Some(Ipv4Addr::new(a, b, c, d))
        }
        _ => None,
    };
    address.to_ipv4_mapped().or(nat64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_internet_are_public() {
        for text in [
            "1.1.1.1",
            "9.255.255.255",
            "100.63.255.255",
            "100.128.0.0",
            "169.253.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "192.167.0.1",
            "198.20.0.1",
            "203.0.112.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2001:4860:4860::8888",
            "::ffff:1.1.1.1",
            "64:ff9b::101:101",
        ] {
            let address = text.parse().unwrap();
            assert!(Outgoing::Public.allows(address), "{text}");
            assert!(!Outgoing::None.allows(address), "{text}");
        }
        for text in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.1.2.3",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "ff02::1",
        ] {
            let address = text.parse().unwrap();
            assert!(!Outgoing::Public.allows(address), "{text}");
            assert!(Outgoing::Any.allows(address), "{text}");
        }
    }
}
