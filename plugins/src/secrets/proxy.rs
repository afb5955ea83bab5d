//! The proxy that the environment names for an address.

use std::net::IpAddr;

use reqwest::{NoProxy, Proxy, Url};

use crate::secrets::settings::SecretSettings;

/// The rule of `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`, in upper or lower case. This machine and its neighbours on the
/// same link are always reached directly.
pub(super) fn from_environment(settings: &SecretSettings) -> Proxy {
    let named = |names: &[&str]| settings.first(names).map(str::to_owned);
    // Of a program that answers web requests anybody can set the first.
    let is_cgi = settings.get("REQUEST_METHOD").is_some();
    let plain = if is_cgi { None } else { named(&["HTTP_PROXY", "http_proxy"]) };
    let secure = named(&["HTTPS_PROXY", "https_proxy"]);
    let exceptions = settings.first(&["NO_PROXY", "no_proxy"]).and_then(NoProxy::from_string);
    let choose = move |url: &Url| {
        let proxy = if url.scheme() == "https" { &secure } else { &plain };
        proxy.clone().filter(|_| !is_near(url))
    };
    Proxy::custom(choose).no_proxy(exceptions)
}

fn is_near(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    if host == "localhost" {
        return true;
    }
    match host.trim_matches(['[', ']']).parse() {
        Ok(IpAddr::V4(address)) => address.is_loopback() || address.is_link_local(),
        Ok(IpAddr::V6(address)) => address.is_loopback(),
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_near() {
        for (url, near) in [
            ("http://localhost:1/", true),
            ("http://127.0.0.9/", true),
            ("http://[::1]:8200/", true),
            ("http://169.254.169.254/latest", true),
            ("http://10.0.0.1/", false),
            ("https://vault.example.com/", false),
        ] {
            assert_eq!(is_near(&Url::parse(url).unwrap()), near, "{url}");
        }
    }
}
