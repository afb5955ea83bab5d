//! The proxies that the environment names.

use std::collections::BTreeMap;

use reqwest::{NoProxy, Proxy};

/// This machine and its neighbours on the same link: always reached directly.
const NEAR: &str = "localhost,127.0.0.0/8,::1,169.254.0.0/16";

/// The rule of `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`, in upper or lower case.
///
/// # Errors
///
/// A proxy that is no address.
pub fn from_environment(environment: &BTreeMap<String, String>) -> reqwest::Result<Vec<Proxy>> {
    let get = |name: &str| environment.get(name).map(String::as_str).filter(|value| !value.is_empty());
    let given = get("NO_PROXY").or_else(|| get("no_proxy")).unwrap_or_default();
    let exceptions = NoProxy::from_string(&format!("{given},{NEAR}"));
    // Of a program that answers web requests anybody can set the first.
    let is_cgi = get("REQUEST_METHOD").is_some();
    let plain = get("HTTP_PROXY").or_else(|| get("http_proxy")).filter(|_| !is_cgi).map(Proxy::http);
    let secure = get("HTTPS_PROXY").or_else(|| get("https_proxy")).map(Proxy::https);
    let proxies = [plain, secure].into_iter().flatten();
    proxies.map(|proxy| Ok(proxy?.no_proxy(exceptions.clone()))).collect()
}
