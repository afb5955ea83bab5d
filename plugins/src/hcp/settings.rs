//! What the environment says about HCP.

use std::collections::BTreeMap;
use std::sync::Arc;

use reqwest::Url;

use super::fault::HcpError;

/// A service of HCP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Service {
    pub(super) url: Url,
    /// Whether any certificate is believed.
    pub(super) trust_all: bool,
}

/// What the environment says.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) environment: Arc<BTreeMap<String, String>>,
    pub(super) api: Service,
    pub(super) auth: Service,
    pub(super) organization: Option<String>,
    pub(super) project: Option<String>,
}

/// How a service is spoken to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tls {
    Verified,
    Insecure,
    Disabled,
}

impl Settings {
    /// Reads them.
    pub(super) fn new(environment: &Arc<BTreeMap<String, String>>) -> Result<Self, HcpError> {
        let get = |name: &str| environment.get(name).map(String::as_str).filter(|value| !value.is_empty());
        let (api, auth) = match get("HCP_GEOGRAPHY") {
            None | Some("us") => ("api.cloud.hashicorp.com:443", "https://auth.idp.hashicorp.com"),
            Some("eu") => ("api.cloud.eu.hashicorp.com", "https://auth.idp.eu.hashicorp.com"),
            Some(other) => {
                return Err(HcpError::Setting(format!("HCP_GEOGRAPHY is {other:?}; it must be \"us\" or \"eu\"")));
            }
        };
        let legacy = get("HCP_API_HOST").map(|host| match host.split_at_checked(8) {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https://") => rest,
            _ => host,
        });
        let api = legacy.or_else(|| get("HCP_API_ADDRESS")).unwrap_or(api);
        let auth = get("HCP_AUTH_URL").unwrap_or(auth);
        Ok(Self {
            api: api_service(api, tls("HCP_API_TLS", get("HCP_API_TLS"))?)?,
            auth: auth_service(auth, tls("HCP_AUTH_TLS", get("HCP_AUTH_TLS"))?)?,
            organization: get("HCP_ORGANIZATION_ID").map(str::to_owned),
            project: get("HCP_PROJECT_ID").map(str::to_owned),
            environment: environment.clone(),
        })
    }
}

fn tls(name: &str, setting: Option<&str>) -> Result<Tls, HcpError> {
    match setting {
        None => Ok(Tls::Verified),
        Some("insecure") => Ok(Tls::Insecure),
        Some("disabled") => Ok(Tls::Disabled),
        Some(other) => {
            Err(HcpError::Setting(format!("{name} is {other:?}; it must be \"insecure\" or \"disabled\", or not set")))
        }
    }
}

/// An address without a scheme.
fn api_service(address: &str, tls: Tls) -> Result<Service, HcpError> {
    let scheme = if tls == Tls::Disabled { "http" } else { "https" };
    let url = Url::parse(&format!("{scheme}://{address}")).ok();
    let url = url.filter(|url| !address.contains("://") && url.path() == "/" && url.username().is_empty());
    let wrong = || HcpError::Setting(format!("HCP_API_ADDRESS is {address:?}; it must be a host, perhaps with a port"));
    Ok(Service { url: url.ok_or_else(wrong)?, trust_all: tls == Tls::Insecure })
}

/// An address that gets our secret, so it must be a safe one.
fn auth_service(address: &str, tls: Tls) -> Result<Service, HcpError> {
    let url = Url::parse(address).ok().filter(|url| match url.scheme() {
        "https" => true,
        "http" => tls == Tls::Disabled,
        _ => false,
    });
    let wrong = || HcpError::Setting(format!("HCP_AUTH_URL is {address:?}; it must be an address with https"));
    Ok(Service { url: url.ok_or_else(wrong)?, trust_all: tls == Tls::Insecure })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(variables: &[(&str, &str)]) -> Result<Settings, String> {
        let environment = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Settings::new(&Arc::new(environment)).map_err(|error| error.to_string())
    }

    fn services(variables: &[(&str, &str)]) -> (String, String, bool) {
        let settings = settings(variables).unwrap();
        (settings.api.url.to_string(), settings.auth.url.to_string(), settings.api.trust_all)
    }

    #[test]
    fn where_services_are() {
        let us = ("https://api.cloud.hashicorp.com/".to_owned(), "https://auth.idp.hashicorp.com/".to_owned(), false);
        assert_eq!(services(&[]), us);
        assert_eq!(services(&[("HCP_GEOGRAPHY", "us"), ("HCP_API_ADDRESS", "")]), us);
        let eu = services(&[("HCP_GEOGRAPHY", "eu")]);
        assert_eq!(eu.0, "https://api.cloud.eu.hashicorp.com/");
        assert_eq!(eu.1, "https://auth.idp.eu.hashicorp.com/");
        let own = [("HCP_API_ADDRESS", "h:1"), ("HCP_API_TLS", "disabled"), ("HCP_AUTH_URL", "https://a")];
        assert_eq!(services(&own), ("http://h:1/".to_owned(), "https://a/".to_owned(), false));
        let old = [("HCP_API_ADDRESS", "h:1"), ("HCP_API_HOST", "HTTPS://old"), ("HCP_API_TLS", "insecure")];
        assert_eq!(services(&old).0, "https://old/");
        assert!(services(&old).2);
        let plain = [("HCP_AUTH_URL", "http://a"), ("HCP_AUTH_TLS", "disabled")];
        assert_eq!(services(&plain).1, "http://a/");
    }

    #[test]
    fn what_cannot_be_right() {
        let rows = [
            ("HCP_GEOGRAPHY", "asia", "HCP_GEOGRAPHY is \"asia\"; it must be \"us\" or \"eu\""),
            ("HCP_API_TLS", "off", "HCP_API_TLS is \"off\"; it must be \"insecure\" or \"disabled\", or not set"),
            ("HCP_AUTH_TLS", "x", "HCP_AUTH_TLS is \"x\"; it must be \"insecure\" or \"disabled\", or not set"),
            ("HCP_API_ADDRESS", "http://h", "HCP_API_ADDRESS is \"http://h\"; it must be a host, perhaps with a port"),
            ("HCP_AUTH_URL", "http://h", "HCP_AUTH_URL is \"http://h\"; it must be an address with https"),
        ];
        for (name, value, error) in rows {
            assert_eq!(settings(&[(name, value)]).unwrap_err(), error);
        }
    }
}
