//! Finding a free port in a range.

use std::net::{IpAddr, SocketAddr, TcpListener as StdListener};
use std::ops::RangeInclusive;

use tokio::net::TcpListener;

use crate::io_fault::os_words;

/// The protocol to listen with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Whatever the address is.
    Any,
    /// The fourth version only.
    V4,
    /// The sixth version only.
    V6,
}

/// A port that is listened to.
#[derive(Debug)]
pub struct Listening {
    pub(super) listener: TcpListener,
    /// Its number.
    pub port: u16,
}

/// Listens to the first free port of the range, beginning somewhere in it so that builds do not race for the same.
///
/// # Errors
///
/// The address is none of the family, or none of the ports is free.
pub fn listen(address: &str, family: Family, ports: RangeInclusive<u16>, seed: u64) -> Result<Listening, String> {
    let address = parse(address, family)?;
    let (first, count) = (*ports.start(), u64::from(*ports.end() - *ports.start()) + 1);
    let mut last = String::new();
    for offset in 0..count {
        // Less than the count, which fits.
        let port = first + u16::try_from((seed + offset) % count).unwrap_or_default();
        match bind(SocketAddr::new(address, port)) {
            Ok(listener) => return Ok(Listening { listener, port }),
            Err(error) => last = os_words(&error),
        }
    }
    Err(format!("no free ports found between {} and {} on {address}: {last}", ports.start(), ports.end()))
}

fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let listener = StdListener::bind(address)?;
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

fn parse(address: &str, family: Family) -> Result<IpAddr, String> {
    let everywhere = if family == Family::V6 { "::" } else { "0.0.0.0" };
    let text = if address.is_empty() || (address == "0.0.0.0" && family == Family::V6) { everywhere } else { address };
    let parsed: IpAddr = text.parse().map_err(|_| format!("http_bind_address: {text:?} is no IP address"))?;
    match (family, parsed) {
        (Family::V4, IpAddr::V6(_)) => Err(format!("http_bind_address: {text} is not of protocol tcp4")),
        (Family::V6, IpAddr::V4(_)) => Err(format!("http_bind_address: {text} is not of protocol tcp6")),
        _ => Ok(parsed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn taken_ports_are_passed_over() {
        let first = listen("127.0.0.1", Family::V4, 20_000..=40_000, 7).unwrap();
        let again = listen("127.0.0.1", Family::Any, first.port..=first.port, 0).unwrap_err();
        assert!(again.starts_with("no free ports found between "), "{again}");
        let next = listen("127.0.0.1", Family::Any, first.port..=40_000, 0).unwrap();
        assert!(next.port > first.port);
    }

    #[tokio::test]
    async fn addresses_have_to_be_of_the_family() {
        assert!(listen("x", Family::Any, 1..=1, 0).unwrap_err().contains("is no IP address"));
        assert!(listen("127.0.0.1", Family::V6, 1..=1, 0).unwrap_err().contains("tcp6"));
        assert!(listen("::1", Family::V4, 1..=1, 0).unwrap_err().contains("tcp4"));
    }
}
