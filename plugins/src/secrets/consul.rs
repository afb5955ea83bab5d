//! Consul's key-value store.

use std::path::PathBuf;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use planner::os_words::os_words;
use reqwest::header::HeaderValue;
use reqwest::{Method, StatusCode, Url};
use serde::Deserialize;
use tokio::time::timeout;

use crate::secrets::address::{escape_path, shown};
use crate::secrets::answer::{Answer, TransportError, send};
use crate::secrets::connection::{Connection, SetupError, Site, Tls, secret_header};
use crate::secrets::settings::{Patience, SecretSettings};

/// No text at a key.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConsulError {
    /// The environment does not describe a client.
    #[error("error getting consul client: {0}")]
    Setup(#[from] SetupError),
    /// The file with the token cannot be read.
    #[error("error getting consul client: Error loading token file {} : {}", .path.display(), os_words(.source))]
    TokenFile {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Nobody answered.
    #[error("error reading consul key: {0}")]
    Transport(#[from] TransportError),
    /// The service said no.
    #[error("error reading consul key: Unexpected response code: {} ({text})", .status.as_u16())]
    Refused {
        /// How.
        status: StatusCode,
        /// In which words.
        text: String,
    },
    /// Not what Consul answers.
    #[error("error reading consul key: the answer cannot be read: {0}")]
    Malformed(String),
    /// An address would lose these parts.
    #[error("error reading consul key: the parts . and .. cannot be asked for: {0}")]
    Dots(String),
    /// There is no such key.
    #[error("key does not exist at the given path: {0}")]
    Missing(String),
    /// There is nothing in it.
    #[error("value is empty at path {0}")]
    Empty(String),
    /// There are bytes in it.
    #[error("value is not valid UTF-8 at path {0}")]
    NoText(String),
}

/// A client.
#[derive(Debug)]
pub(super) struct Consul {
    site: Site,
    /// The start of all paths, as typed.
    prefix: String,
    query: Vec<(&'static str, String)>,
    token: Option<HeaderValue>,
    login: Option<(String, Option<String>)>,
    patience: Patience,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    value: Option<String>,
}

impl Consul {
    pub(super) fn new(settings: &SecretSettings) -> Result<Self, ConsulError> {
        let get = |name| settings.get(name).map(str::to_owned);
        let mut connection = Connection::new(settings);
        connection.redirects = 10;
        connection.tls = Tls {
            ca_file: get("CONSUL_CACERT"),
            ca_folder: get("CONSUL_CAPATH"),
            certificate: get("CONSUL_CLIENT_CERT"),
            key: get("CONSUL_CLIENT_KEY"),
            server_name: get("CONSUL_TLS_SERVER_NAME").map(without_port),
            trust_all: settings.switch("CONSUL_HTTP_SSL_VERIFY")? == Some(false),
            ..Tls::default()
        };
        let (url, prefix, socket) = address(settings)?;
        connection.socket = socket;
        let query = [("ns", get("CONSUL_NAMESPACE")), ("partition", get("CONSUL_PARTITION"))];
        let login = get("CONSUL_HTTP_AUTH").map(|login| match login.split_once(':') {
            Some((user, password)) => (user.to_owned(), Some(password.to_owned())),
            None => (login, Some(String::new())),
        });
        Ok(Self {
            site: connection.open(url)?,
            prefix,
            query: query.into_iter().filter_map(|(name, value)| Some((name, value?))).collect(),
            token: token(settings)?,
            login,
            patience: settings.patience,
        })
    }

    /// The text at a key.
    pub(super) async fn read(&self, key: &str) -> Result<String, ConsulError> {
        if key.split('/').any(|part| matches!(part, "." | "..")) {
            return Err(ConsulError::Dots(key.to_owned()));
        }
        let answer = self.ask(key).await?;
        match answer.status {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Err(ConsulError::Missing(key.to_owned())),
            status => return Err(ConsulError::Refused { status, text: answer.text().trim().to_owned() }),
        }
        let entries: Option<Vec<Entry>> = answer.json().map_err(ConsulError::Malformed)?;
        let Some(entry) = entries.unwrap_or_default().into_iter().next() else {
            return Err(ConsulError::Missing(key.to_owned()));
        };
        let value = entry.value.unwrap_or_default();
        let value =
            BASE64_STANDARD.decode(value).map_err(|_| ConsulError::Malformed("the value is not base64".to_owned()))?;
        if value.is_empty() {
            return Err(ConsulError::Empty(key.to_owned()));
        }
        String::from_utf8(value).map_err(|_| ConsulError::NoText(key.to_owned()))
    }

    async fn ask(&self, key: &str) -> Result<Answer, ConsulError> {
        let mut url = self.site.base.clone();
        let path = format!("{}/v1/kv/{}", self.prefix, key.strip_prefix('/').unwrap_or(key));
        url.set_path(&escape_path(&path));
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        let slow = TransportError::Slow { method: Method::GET, url: shown(&url), timeout: self.patience.timeout };
        let mut request = self.site.client.get(url);
        if let Some(host) = &self.site.host {
            request = request.header(reqwest::header::HOST, host);
        }
        if let Some(token) = &self.token {
            request = request.header("X-Consul-Token", token);
        }
        if let Some((user, password)) = &self.login {
            request = request.basic_auth(user, password.as_ref());
        }
        match timeout(self.patience.timeout, send(request)).await {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(slow.into()),
        }
    }
}

/// Scheme and host, the start of all paths, the socket file.
fn address(settings: &SecretSettings) -> Result<(Url, String, Option<PathBuf>), SetupError> {
    let given = settings.get("CONSUL_HTTP_ADDR").unwrap_or("127.0.0.1:8500");
    let wants_tls = settings.switch("CONSUL_HTTP_SSL")? == Some(true);
    let scheme = if wants_tls { "https" } else { "http" };
    let (scheme, rest) = match given.split_once("://") {
        None => (scheme, given),
        // TLS that was asked for is not given up.
        Some(("http", rest)) => (scheme, rest),
        Some(("https", rest)) => ("https", rest),
        Some(("unix", path)) => {
            let url = parse(&format!("{scheme}://localhost"))?;
            return Ok((url, String::new(), Some(settings.path(path))));
        }
        Some((other, _)) => return Err(SetupError::Scheme(other.to_owned())),
    };
    let (host, prefix) = match rest.split_once('/') {
        Some((host, prefix)) => (host, format!("/{prefix}")),
        None => (rest, String::new()),
    };
    Ok((parse(&format!("{scheme}://{host}"))?, prefix, None))
}

fn parse(text: &str) -> Result<Url, SetupError> {
    Url::parse(text).map_err(|error| SetupError::Address { address: text.to_owned(), reason: error.to_string() })
}

fn without_port(name: String) -> String {
    match name.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host.to_owned(),
        _ => name,
    }
}

/// The token. A file that is not blank beats the variable.
fn token(settings: &SecretSettings) -> Result<Option<HeaderValue>, ConsulError> {
    let mut token = settings.get("CONSUL_HTTP_TOKEN").map(str::to_owned);
    if let Some(file) = settings.get("CONSUL_HTTP_TOKEN_FILE") {
        let path = settings.path(file);
        let text =
            std::fs::read_to_string(&path).map_err(|source| ConsulError::TokenFile { path: file.into(), source })?;
        if !text.trim().is_empty() {
            token = Some(text.trim().to_owned());
        }
    }
    Ok(token.map(|token| secret_header(&token, "configured Consul token")).transpose()?)
}
