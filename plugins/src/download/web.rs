//! A client of web servers that tries again: the network, and servers, fail for a moment.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderValue, USER_AGENT};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Response, StatusCode, Url};
use tokio::time::sleep;

use crate::download::fault::{FetchError, words};
use crate::proxy;

/// How long a server may take to be reached, and how long to say nothing.
const SILENCE: Duration = Duration::from_secs(30);
/// Lists and checksums are much shorter.
const MAX_TEXT: usize = 16 << 20;
/// As many as browsers follow.
const MAX_REDIRECTS: usize = 10;

/// How often something is tried.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// How often in all, when nothing comes of it.
    pub attempts: u32,
    /// The pause before the second attempt; each further one is twice as long.
    pub pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { attempts: 4, pause: Duration::from_millis(250) }
    }
}

impl Patience {
    /// Waits before the attempt behind `failed` ones.
    pub(super) async fn wait(&self, failed: u32) {
        sleep(self.pause.saturating_mul(1 << failed.saturating_sub(1).min(8))).await;
    }
}

/// A client.
#[derive(Clone, Debug)]
pub struct Web {
    client: Client,
    pub(super) patience: Patience,
}

impl Web {
    /// The client that `environment` wants: it names proxies.
    ///
    /// # Errors
    ///
    /// What is wrong with the environment, or the system.
    pub fn new(environment: &BTreeMap<String, String>, patience: Patience) -> Result<Self, String> {
        // What the environment says about proxies is read from what was handed to us.
        let proxies = proxy::from_environment(environment).map_err(|error| words(&error))?;
        let builder = || {
            let plain = Client::builder().no_proxy().connect_timeout(SILENCE).read_timeout(SILENCE);
            proxies.iter().cloned().fold(plain.redirect(never_less_secure()), ClientBuilder::proxy)
        };
        // A system without certificates is good enough for servers that have none.
        let client = builder().build().or_else(|_| builder().tls_certs_only([]).build());
        Ok(Self { client: client.map_err(|error| words(&error))?, patience })
    }

    /// What a short file says.
    ///
    /// # Errors
    ///
    /// It is not there, cannot be read, or is not short.
    pub async fn bytes(&self, url: &Url, headers: &HeaderMap) -> Result<Vec<u8>, FetchError> {
        let mut failed = 0;
        loop {
            match self.try_bytes(url, headers).await {
                Err(error) if error.is_passing() && failed + 1 < self.patience.attempts => {
                    failed += 1;
                    tracing::warn!("{error}; trying again");
                    self.patience.wait(failed).await;
                }
                ended => return ended,
            }
        }
    }

    async fn try_bytes(&self, url: &Url, headers: &HeaderMap) -> Result<Vec<u8>, FetchError> {
        let mut answer = accepted(self.get(url, headers).await?, url)?;
        let mut bytes = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(|error| unreadable(url, words(&error)))? {
            bytes.extend_from_slice(&part);
            if bytes.len() > MAX_TEXT {
                return Err(unreadable(url, "it is far too long".to_owned()));
            }
        }
        Ok(bytes)
    }

    /// Asks for a file.
    pub(super) async fn get(&self, url: &Url, headers: &HeaderMap) -> Result<Response, FetchError> {
        let mut headers = headers.clone();
        let own = HeaderValue::from_static(concat!("packer/", env!("CARGO_PKG_VERSION")));
        headers.entry(USER_AGENT).or_insert(own);
        let asked = self.client.get(url.clone()).headers(headers).send().await;
        asked.map_err(|error| unreadable(url, words(&error)))
    }
}

/// The answer, if it is the file.
pub(super) fn accepted(answer: Response, url: &Url) -> Result<Response, FetchError> {
    match answer.status() {
        status if status.is_success() => Ok(answer),
        StatusCode::NOT_FOUND | StatusCode::GONE => Err(FetchError::Missing(shown(url))),
        status => {
            let headers = Box::new(answer.headers().clone());
            Err(FetchError::Refused { place: shown(url), status, headers })
        }
    }
}

pub(super) fn unreadable(url: &Url, reason: String) -> FetchError {
    FetchError::Unreadable { place: shown(url), reason }
}

/// An address as messages have it: not by who may read it.
pub fn shown(url: &Url) -> String {
    let mut shown = url.clone();
    // Only addresses without a host refuse, which also have no users.
    let _ = shown.set_username("").and_then(|()| shown.set_password(None));
    shown.to_string()
}

/// Follows redirects, but none from a server that proves who it is to one that does not.
fn never_less_secure() -> Policy {
    Policy::custom(|attempt| {
        let from = attempt.previous().last().map(Url::scheme);
        match (from, attempt.url().scheme()) {
            (Some("https"), "http") => attempt.error("the server sends us to an address that is not https"),
            _ if attempt.previous().len() > MAX_REDIRECTS => attempt.error("too many redirects"),
            _ => attempt.follow(),
        }
    })
}
