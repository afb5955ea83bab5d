//! Where spans are sent: the address of a collector, and the headers it wants.

use std::collections::BTreeMap;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use plugins::proxy;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Url};

/// Where a collector takes traces, below its address.
const PATH: &str = "v1/traces";
const HEADERS: &str = "OTEL_EXPORTER_OTLP_HEADERS";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A collector.
pub struct Collector {
    pub(super) url: Url,
    pub(super) client: Client,
}

impl Collector {
    /// The collector at `endpoint`: its base address, or that of its `v1/traces`. Headers come from
    /// `OTEL_EXPORTER_OTLP_HEADERS`, proxies from the usual variables.
    ///
    /// # Errors
    ///
    /// What is wrong with the address, the headers or the proxies.
    pub fn new(endpoint: &str, environment: &BTreeMap<String, String>) -> Result<Self, String> {
        let url = traces_url(endpoint)?;
        let headers = headers(environment.get(HEADERS).map_or("", String::as_str))?;
        let wrong = |error: reqwest::Error| format!("cannot set up a client: {error}");
        let proxies = proxy::from_environment(environment).map_err(wrong)?;
        let mut builder = Client::builder()
            .no_proxy()
            .user_agent(concat!("packer/", env!("CARGO_PKG_VERSION")))
            // The headers are for whom they were given.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .default_headers(headers);
        if url.scheme() == "http" {
            // Nothing to trust; a system without certificates will do.
            builder = builder.tls_certs_only([]);
        }
        let client = proxies.into_iter().fold(builder, reqwest::ClientBuilder::proxy).build().map_err(wrong)?;
        Ok(Self { url, client })
    }

    /// Its address, without what may be secret in it.
    pub fn place(&self) -> String {
        self.url.origin().ascii_serialization()
    }
}

fn traces_url(endpoint: &str) -> Result<Url, String> {
    let hint = "give the address of a collector that takes OTLP over HTTP, such as http://localhost:4318";
    let mut url = Url::parse(endpoint).map_err(|error| format!("{error}; {hint}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("{} is neither http nor https; {hint}", url.scheme()));
    }
    let path = url.path().trim_end_matches('/').to_owned();
    if !path.ends_with(&format!("/{PATH}")) {
        url.set_path(&format!("{path}/{PATH}"));
    }
    Ok(url)
}

/// `name=value,name=value`, values in percent-encoding.
fn headers(list: &str) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for entry in list.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
        // What stands there may be a secret, so it is not said.
        let wrong = |what: &str| format!("{HEADERS}: {what}; it has the form name=value,name=value");
        let (name, value) = entry.split_once('=').ok_or_else(|| wrong("an entry has no ="))?;
        let name = HeaderName::try_from(name.trim()).map_err(|_| wrong("an entry has a name that is none"))?;
        let decoded: Vec<u8> = percent_decode_str(value.trim()).collect();
        let mut value = HeaderValue::from_bytes(&decoded)
            .map_err(|_| wrong(&format!("the value of {name} is none for a header")))?;
        value.set_sensitive(true);
        headers.append(name, value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lead_to_where_traces_are_taken() {
        for (endpoint, expected) in [
            ("http://localhost:4318", Ok("http://localhost:4318/v1/traces")),
            ("http://localhost:4318/", Ok("http://localhost:4318/v1/traces")),
            ("https://h/otlp/", Ok("https://h/otlp/v1/traces")),
            ("https://h/v1/traces", Ok("https://h/v1/traces")),
            ("localhost:4318", Err("localhost is neither http nor https")),
            ("", Err("relative URL without a base")),
        ] {
            let found = traces_url(endpoint);
            match expected {
                Ok(url) => assert_eq!(found.unwrap().as_str(), url),
                Err(why) => assert!(found.unwrap_err().starts_with(why), "{endpoint}"),
            }
        }
    }

    #[test]
    fn headers_are_decoded_and_never_said() {
        let found = headers("api-key=a%20b, x = 1 ,,y=p=q").unwrap();
        let get = |name: &str| found.get(name).unwrap().to_str().unwrap();
        assert_eq!((get("api-key"), get("x"), get("y")), ("a b", "1", "p=q"));
        for (list, why) in [
            ("hunter2", "OTEL_EXPORTER_OTLP_HEADERS: an entry has no =;"),
            ("a b=hunter2", "OTEL_EXPORTER_OTLP_HEADERS: an entry has a name that is none;"),
            ("a=hunter2%0A", "OTEL_EXPORTER_OTLP_HEADERS: the value of a is none for a header;"),
        ] {
            let error = headers(list).unwrap_err();
            assert!(error.starts_with(why) && !error.contains("hunter2"), "{error}");
        }
    }
}
