//! What it takes to reach a machine over WinRM, and the HTTP client made from it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Url};

use crate::component::ComponentError;
use crate::io_fault::web_words;
use crate::proxy;

/// How long a machine may take to take a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a silent connection is believed to be alive.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// How requests travel.
#[derive(Clone, Debug)]
pub enum Proxy {
    /// Straight to the machine (`winrm_no_proxy`).
    Direct,
    /// As `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` of this environment say.
    Environment(Arc<BTreeMap<String, String>>),
}

/// A machine, and who we are to it.
#[derive(Clone)]
pub struct Settings {
    /// Its name or address.
    pub host: String,
    /// Where its service listens.
    pub port: u16,
    /// Whom to log in as: `user`, `domain\user` or `user@domain`.
    pub username: String,
    /// With what.
    pub password: String,
    /// Whether to speak HTTPS.
    pub use_ssl: bool,
    /// Whether any certificate is believed.
    pub insecure: bool,
    /// Whether to log in by NTLM, and over plain HTTP encrypt what is said, instead of basic authentication.
    pub use_ntlm: bool,
    /// How requests travel.
    pub proxy: Proxy,
    /// How long to wait for the machine to become available, and for a single operation.
    pub timeout: Duration,
}

/// Without the password.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("username", &self.username)
            .field("use_ssl", &self.use_ssl)
            .field("insecure", &self.insecure)
            .field("use_ntlm", &self.use_ntlm)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

impl Settings {
    /// The address of the service.
    pub(super) fn endpoint(&self) -> Result<Url, ComponentError> {
        let scheme = if self.use_ssl { "https" } else { "http" };
        let bare_v6 = self.host.contains(':') && !self.host.starts_with('[');
        let host = if bare_v6 { format!("[{}]", self.host) } else { self.host.clone() };
        let text = format!("{scheme}://{host}:{}/wsman", self.port);
        let url = Url::parse(&text).ok().filter(|url| url.path() == "/wsman" && url.username().is_empty());
        url.ok_or_else(|| {
            ComponentError::new(format!("winrm_host {:?} is not the name or address of a machine", self.host))
        })
    }

    /// A client with connections of its own, at most `idle` of which are kept.
    pub(super) fn client(&self, idle: usize) -> Result<Client, ComponentError> {
        let unusable = |error: reqwest::Error| {
            ComponentError::new(format!("cannot set up a WinRM client for {}: {}", self.host, web_words(&error)))
        };
        let mut builder = Client::builder()
            .user_agent("packer")
            .http1_only()
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIMEOUT.min(self.timeout))
            .tcp_keepalive(KEEP_ALIVE)
            .tcp_keepalive_interval(KEEP_ALIVE)
            .tcp_keepalive_retries(3)
            .pool_max_idle_per_host(idle)
            .tls_danger_accept_invalid_certs(self.insecure)
            // What the machine's certificate is goes into the login.
            .tls_info(self.use_ntlm)
            .no_proxy();
        if let Proxy::Environment(environment) = &self.proxy {
            let proxies = proxy::from_environment(environment).map_err(|error| {
                ComponentError::new(format!("the proxy in the environment is no address: {}", web_words(&error)))
            })?;
            builder = proxies.into_iter().fold(builder, reqwest::ClientBuilder::proxy);
        }
        if !self.use_ssl {
            // Nothing to trust; a system without certificates will do.
            builder = builder.tls_certs_only([]);
        }
        builder.build().map_err(unusable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(host: &str, use_ssl: bool) -> Settings {
        Settings {
            host: host.to_owned(),
            port: 5985,
            username: "u".to_owned(),
            password: "hidden".to_owned(),
            use_ssl,
            insecure: false,
            use_ntlm: false,
            proxy: Proxy::Direct,
            timeout: Duration::from_secs(1),
        }
    }

    #[test]
    fn addresses() {
        let rows = [
            ("win", false, "http://win:5985/wsman"),
            ("10.0.0.1", true, "https://10.0.0.1:5985/wsman"),
            ("::1", false, "http://[::1]:5985/wsman"),
            ("[fe80::1]", false, "http://[fe80::1]:5985/wsman"),
        ];
        for (host, use_ssl, url) in rows {
            assert_eq!(settings(host, use_ssl).endpoint().unwrap().as_str(), url);
        }
        for host in ["", "a b", "evil/x", "u@h", "http://x"] {
            let error = settings(host, false).endpoint().unwrap_err().to_string();
            assert_eq!(error, format!("winrm_host {host:?} is not the name or address of a machine"));
        }
    }

    #[test]
    fn the_password_is_not_shown() {
        assert!(!format!("{:?}", settings("h", false)).contains("hidden"));
    }

    #[test]
    fn a_proxy_that_is_no_address() {
        let environment = BTreeMap::from([("HTTP_PROXY".to_owned(), "http://[".to_owned())]);
        let settings = Settings { proxy: Proxy::Environment(Arc::new(environment)), ..settings("h", false) };
        let error = settings.client(1).unwrap_err().to_string();
        assert!(error.starts_with("the proxy in the environment is no address: "), "{error}");
    }
}
