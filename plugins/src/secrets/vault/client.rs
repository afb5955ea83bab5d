//! The client: whom it asks, how often, and what it makes of a refusal.

use std::path::PathBuf;
use std::time::Duration;

use planner::duration::GoDuration;
use reqwest::header::{HOST, HeaderMap, HeaderValue, LOCATION};
use reqwest::{Method, Proxy, StatusCode, Url};
use serde::Deserialize;
use tokio::time::{sleep, timeout};

use crate::secrets::address::{escape_path, join_path, shown};
use crate::secrets::answer::{Answer, TransportError, send};
use crate::secrets::connection::{Connection, SetupError, Site, Tls, secret_header};
use crate::secrets::settings::{Patience, SecretSettings};
use crate::secrets::vault::secret::{self, SecretFault};

/// No text in a secret.
#[derive(Debug, thiserror::Error)]
pub(in crate::secrets) enum VaultError {
    /// Nothing works without a token.
    #[error("Must set VAULT_TOKEN env var in order to use vault template function")]
    NoToken,
    /// The environment does not describe a client.
    #[error("Error getting Vault client: {0}")]
    Setup(#[from] SetupError),
    /// The service was not reached, or said no.
    #[error("Error reading vault secret: {0}")]
    Request(#[from] RequestFault),
    /// It answered, but not with the text.
    #[error(transparent)]
    Secret(#[from] SecretFault),
}

/// A request came to nothing.
#[derive(Debug, thiserror::Error)]
pub(in crate::secrets) enum RequestFault {
    /// Nobody answered.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The service said no.
    #[error("Error making API request.\n\n{namespace}URL: {method} {url}\nCode: {}. {errors}", .status.as_u16())]
    Refused {
        /// A line about the namespace, if it said one.
        namespace: String,
        /// How it was asked.
        method: Method,
        /// What was asked.
        url: String,
        /// How.
        status: StatusCode,
        /// In which words.
        errors: String,
    },
    /// Sent somewhere where everybody can listen.
    #[error("redirect would cause protocol downgrade")]
    Downgrade,
    /// Sent nowhere.
    #[error("the redirect from {0} does not say where to")]
    NoLocation(String),
}

/// A client.
#[derive(Debug)]
pub(in crate::secrets) struct Vault {
    site: Site,
    headers: HeaderMap,
    max_retries: u32,
    follows: bool,
    patience: Patience,
}

const DEFAULT_ADDRESS: &str = "https://127.0.0.1:8200";

impl Vault {
    pub(in crate::secrets) fn new(settings: &SecretSettings) -> Result<Self, VaultError> {
        let get = |name| settings.get(name).map(str::to_owned);
        let token = get("VAULT_TOKEN").ok_or(VaultError::NoToken)?;
        let mut connection = Connection::new(settings);
        connection.tls = Tls {
            ca_file: get("VAULT_CACERT"),
            ca_text: get("VAULT_CACERT_BYTES"),
            ca_folder: get("VAULT_CAPATH"),
            certificate: get("VAULT_CLIENT_CERT"),
            key: get("VAULT_CLIENT_KEY"),
            server_name: get("VAULT_TLS_SERVER_NAME"),
            trust_all: settings.switch("VAULT_SKIP_VERIFY")? == Some(true),
        };
        if let Some(proxy) = settings.first(&["VAULT_PROXY_ADDR", "VAULT_HTTP_PROXY"]) {
            connection.proxy = Some(Proxy::all(proxy).map_err(SetupError::Client)?);
        }
        let given = settings.first(&["VAULT_AGENT_ADDR", "VAULT_ADDR"]).unwrap_or(DEFAULT_ADDRESS);
        let (url, socket) = address(given, settings)?;
        if settings.switch("VAULT_SRV_LOOKUP")? == Some(true) && url.port().is_none() && socket.is_none() {
            return Err(SetupError::Unsupported { name: "VAULT_SRV_LOOKUP" }.into());
        }
        connection.socket = socket;
        let site = connection.open(url)?;
        let mut patience = settings.patience;
        if let Some(timeout) = get("VAULT_CLIENT_TIMEOUT") {
            let timeout = seconds(&timeout).ok_or(SetupError::Unreadable { name: "VAULT_CLIENT_TIMEOUT" })?;
            patience.timeout = if timeout.is_zero() { patience.timeout } else { timeout };
        }
        let max_retries = get("VAULT_MAX_RETRIES").map_or(Ok(2), |text| text.parse());
        let headers = headers(&token, &site, settings)?;
        Ok(Self {
            site,
            headers,
            max_retries: max_retries.map_err(|_| SetupError::Unreadable { name: "VAULT_MAX_RETRIES" })?,
            follows: settings.switch("VAULT_DISABLE_REDIRECTS")? != Some(true),
            patience,
        })
    }

    /// The text under `key` in the secret at `path`.
    pub(in crate::secrets) async fn read(&self, path: &str, key: &str) -> Result<String, VaultError> {
        let answer = self.ask(path, None).await?;
        Ok(secret::text(&answer, key)?)
    }

    /// Asks for what is at `path`, or has something done there. What is not there is an answer as well.
    pub(in crate::secrets) async fn ask(&self, path: &str, body: Option<&str>) -> Result<Answer, RequestFault> {
        let mut url = self.site.base.clone();
        // What the address has escaped already would be escaped again.
        let start = self.site.base.path().to_owned();
        url.set_path(&join_path(&start, &escape_path(&join_path("v1", path))));
        let (method, limit) = (if body.is_some() { Method::POST } else { Method::GET }, self.patience.timeout);
        let slow = TransportError::Slow { method: method.clone(), url: shown(&url), timeout: limit };
        let answer = timeout(limit, self.follow(&method, url, body)).await.map_err(|_| slow)??;
        let is_fine = answer.status.is_success() || answer.status.is_redirection();
        if is_fine || answer.status == StatusCode::NOT_FOUND { Ok(answer) } else { Err(refusal(method, &answer)) }
    }

    /// Asks, and asks once more where it is sent.
    async fn follow(&self, method: &Method, url: Url, body: Option<&str>) -> Result<Answer, RequestFault> {
        let answer = self.retry(method, url, body).await?;
        if !self.follows || !matches!(answer.status.as_u16(), 301 | 302 | 307) {
            return Ok(answer);
        }
        let to = answer.headers.get(LOCATION).and_then(|to| answer.url.join(to.to_str().ok()?).ok());
        let to = to.ok_or_else(|| RequestFault::NoLocation(shown(&answer.url)))?;
        if answer.url.scheme() == "https" && to.scheme() != "https" {
            return Err(RequestFault::Downgrade);
        }
        self.retry(method, to, body).await
    }

    /// Asks again when the service is not ready or cannot be reached, each time after a longer pause.
    async fn retry(&self, method: &Method, url: Url, body: Option<&str>) -> Result<Answer, RequestFault> {
        let mut attempt = 0;
        loop {
            let request = self.site.client.request(method.clone(), url.clone()).headers(self.headers.clone());
            let request = body.map(str::to_owned).into_iter().fold(request, reqwest::RequestBuilder::body);
            let answer = send(request).await;
            let again = match &answer {
                Ok(answer) => is_passing(answer.status),
                Err(error) => error.is_passing(),
            };
            if !again || attempt == self.max_retries {
                return Ok(answer?);
            }
            attempt += 1;
            sleep(jittered(self.patience.retry) * attempt).await;
        }
    }
}

/// Whether a service may answer better a little later.
fn is_passing(status: StatusCode) -> bool {
    let is_broken = status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED;
    is_broken || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::PRECONDITION_FAILED)
}

/// Up to half as much again, so that clients that failed together do not come back together.
fn jittered(pause: Duration) -> Duration {
    let share = f64::from(uuid::Uuid::new_v4().as_bytes()[0]) / 255.0;
    pause.mul_f64(1.0 + share / 2.0)
}

pub(super) fn refusal(method: Method, answer: &Answer) -> RequestFault {
    #[derive(Deserialize)]
    struct Errors {
        #[serde(default)]
        errors: Option<Vec<String>>,
    }
    let errors = match answer.json::<Errors>() {
        Ok(Errors { errors }) => {
            let lines: Vec<String> = errors.unwrap_or_default().iter().map(|error| format!("* {error}")).collect();
            format!("Errors:\n\n{}", lines.join("\n"))
        }
        Err(_) => format!("Raw Message:\n\n{}", answer.text()),
    };
    let namespace = answer.headers.get(NAMESPACE).and_then(|name| name.to_str().ok());
    let namespace = namespace.filter(|name| !matches!(*name, "" | "root/"));
    RequestFault::Refused {
        method,
        namespace: namespace.map_or_else(String::new, |name| format!("Namespace: {name}\n")),
        url: shown(&answer.url),
        status: answer.status,
        errors,
    }
}

const NAMESPACE: &str = "X-Vault-Namespace";

fn headers(token: &str, site: &Site, settings: &SecretSettings) -> Result<HeaderMap, SetupError> {
    let value = |text: &str, what| HeaderValue::try_from(text).map_err(|_| SetupError::Unprintable(what));
    let mut headers = HeaderMap::new();
    headers.insert("X-Vault-Token", secret_header(token, "configured Vault token")?);
    headers.insert("X-Vault-Request", HeaderValue::from_static("true"));
    if let Some(namespace) = settings.get("VAULT_NAMESPACE") {
        headers.insert(NAMESPACE, value(namespace, "VAULT_NAMESPACE")?);
    }
    if let Some(ttl) = settings.get("VAULT_WRAP_TTL") {
        headers.insert("X-Vault-Wrap-TTL", value(ttl, "VAULT_WRAP_TTL")?);
    }
    if let Some(host) = &site.host {
        headers.insert(HOST, value(host, "VAULT_ADDR")?);
    }
    Ok(headers)
}

/// The address and, for one that is a socket file, that file.
fn address(given: &str, settings: &SecretSettings) -> Result<(Url, Option<PathBuf>), SetupError> {
    let parse = |text: &str| {
        Url::parse(text).map_err(|error| SetupError::Address { address: given.to_owned(), reason: error.to_string() })
    };
    if let Some(socket) = given.strip_prefix("unix://") {
        return Ok((parse("http://localhost")?, Some(settings.path(socket))));
    }
    let mut url = parse(given)?;
    url.set_query(None);
    url.set_fragment(None);
    match url.scheme() {
        "http" | "https" => Ok((url, None)),
        _ if !given.contains("://") => {
            let reason = "it must begin with http:// or https://".to_owned();
            Err(SetupError::Address { address: given.to_owned(), reason })
        }
        other => Err(SetupError::Scheme(other.to_owned())),
    }
}

/// Seconds, days as in `2d`, or a duration with its unit.
fn seconds(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    if let Some(days) = text.strip_suffix('d') {
        return Some(Duration::from_secs(days.parse::<u64>().ok()?.checked_mul(24 * 60 * 60)?));
    }
    let nanos = text.parse::<GoDuration>().ok()?.nanos();
    u64::try_from(nanos).ok().map(Duration::from_nanos)
}
