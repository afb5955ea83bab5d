//! What is known about a machine before it is reached.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use russh::keys::{Certificate, PrivateKey};

use super::algorithms::Algorithms;

/// A private key, with the certificate that vouches for it.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The key.
    pub key: Arc<PrivateKey>,
    /// The certificate, when the server trusts an authority instead of the key.
    pub certificate: Option<Certificate>,
}

/// How to prove who we are. Tried in the order of the fields.
#[derive(Clone, Default)]
pub struct Credentials {
    /// The socket of an agent, to use the keys that it holds.
    pub agent: Option<String>,
    /// Keys, in order.
    pub identities: Vec<Identity>,
    /// A password, which also answers what is asked interactively.
    pub password: Option<String>,
    /// Whether a person answers what the server asks.
    pub interactive: bool,
}

/// Says which kinds there are; secrets stay out of every log.
impl std::fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Credentials")
            .field("agent", &self.agent)
            .field("n_identities", &self.identities.len())
            .field("password", &self.password.is_some())
            .field("interactive", &self.interactive)
            .finish()
    }
}

/// A server to log in to.
#[derive(Clone, Debug)]
pub struct Hop {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Who logs in.
    pub username: String,
    /// With what.
    pub credentials: Credentials,
}

/// The protocol of a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyKind {
    /// SOCKS version 5 (RFC 1928).
    Socks,
    /// HTTP, method `CONNECT` (RFC 9110, section 9.3.6).
    Http,
}

/// A proxy that connects on.
#[derive(Clone)]
pub struct Proxy {
    /// Its protocol.
    pub kind: ProxyKind,
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Name and password, if it asks for them.
    pub login: Option<(String, String)>,
}

/// Without the login.
impl std::fmt::Debug for Proxy {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:?} proxy {}:{}", self.kind, self.host, self.port)
    }
}

/// What lies between us and the machine.
#[derive(Clone, Debug)]
pub enum Detour {
    /// Nothing.
    None,
    /// A proxy.
    Proxy(Proxy),
    /// Another server, which forwards the connection.
    Bastion(Hop),
}

/// A forwarded port: `PORT:HOST:PORT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tunnel {
    /// The port that is listened to, on `localhost` of the one side.
    pub listen: u16,
    /// The host that is connected to, from the other side.
    pub host: String,
    /// Its port.
    pub port: u16,
}

impl Tunnel {
    /// Reads `PORT:HOST:PORT`; an IPv6 address stands in brackets.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let shape = || "it must look like PORT:HOST:PORT".to_owned();
        let (listen, rest) = text.split_once(':').ok_or_else(shape)?;
        let (host, port) = rest.rsplit_once(':').ok_or_else(shape)?;
        let number = |text: &str| text.parse().map_err(|_| format!("{text:?} is not a port number"));
        let (listen, port) = (number(listen)?, number(port)?);
        let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        match bracketed.unwrap_or(host) {
            "" => Err("the host is missing".to_owned()),
            host if bracketed.is_none() && host.contains(':') => Err(shape()),
            host => Ok(Self { listen, host: host.to_owned(), port }),
        }
    }
}

/// How files are moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transfer {
    /// The program `scp` of the machine.
    #[default]
    Scp,
    /// The subsystem `sftp` of the server.
    Sftp,
}

/// A machine and how to use it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The machine.
    pub target: Hop,
    /// What lies before it.
    pub detour: Detour,
    /// The algorithms to agree on.
    pub algorithms: Algorithms,
    /// The socket of the agent that the machine's programs may use.
    pub forwarded_agent: Option<String>,
    /// Whether commands get a terminal.
    pub pty: bool,
    /// How long the server may be silent before it is asked whether it is there; none: it never is.
    pub keep_alive: Option<Duration>,
    /// How long one read or write of the connection may take; none: for ever.
    pub read_write_timeout: Option<Duration>,
    /// How files are moved.
    pub transfer: Transfer,
    /// Ports of this machine that lead to what the machine reaches.
    pub local_tunnels: Vec<Tunnel>,
    /// Ports of the machine that lead to what this one reaches.
    pub remote_tunnels: Vec<Tunnel>,
    /// Where content of unknown size is kept until its size is known.
    pub temporary_dir: PathBuf,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tunnels_are_read() {
        let tunnel = |listen, host: &str, port| Ok(Tunnel { listen, host: host.to_owned(), port });
        let rows = [
            ("8080:db.internal:5432", tunnel(8080, "db.internal", 5432)),
            ("1:[::1]:2", tunnel(1, "::1", 2)),
            ("8080", Err("it must look like PORT:HOST:PORT".to_owned())),
            ("8080:x", Err("it must look like PORT:HOST:PORT".to_owned())),
            ("a:b:1", Err("\"a\" is not a port number".to_owned())),
            ("1:b:70000", Err("\"70000\" is not a port number".to_owned())),
            ("1::2", Err("the host is missing".to_owned())),
            ("1:a:b:2", Err("it must look like PORT:HOST:PORT".to_owned())),
        ];
        for (text, expected) in rows {
            assert_eq!(Tunnel::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn no_secret_is_shown() {
        let credentials = Credentials { password: Some("hunter2".to_owned()), ..Credentials::default() };
        let login = Some(("me".to_owned(), "hunter2".to_owned()));
        let proxy = Proxy { kind: ProxyKind::Socks, host: "p".to_owned(), port: 1080, login };
        assert!(!format!("{credentials:?}{proxy:?}").contains("hunter2"));
    }
}
