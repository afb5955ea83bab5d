//! The proxies that the environment names.

use reqwest::{NoProxy, Proxy};

use crate::secrets::settings::SecretSettings;

/// This machine and its neighbours on the same link: always reached directly.
const NEAR: &str = "localhost,127.0.0.0/8,::1,169.254.0.0/16";

/// The rule of `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`, in upper or lower case.
///
/// # Errors
///
/// A proxy that is no address.
pub(super) fn from_environment(settings: &SecretSettings) -> reqwest::Result<Vec<Proxy>> {
    let given = settings.first(&["NO_PROXY", "no_proxy"]).unwrap_or_default();
    let exceptions = NoProxy::from_string(&format!("{given},{NEAR}"));
    // Of a program that answers web requests anybody can set the first.
    let is_cgi = settings.get("REQUEST_METHOD").is_some();
    let plain = settings.first(&["HTTP_PROXY", "http_proxy"]).filter(|_| !is_cgi).map(Proxy::http);
    let secure = settings.first(&["HTTPS_PROXY", "https_proxy"]).map(Proxy::https);
    let proxies = [plain, secure].into_iter().flatten();
    proxies.map(|proxy| Ok(proxy?.no_proxy(exceptions.clone()))).collect()
}
