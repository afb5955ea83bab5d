//! Services that take and give JSON.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, RequestBuilder, StatusCode, Url};
use serde_json::Value;

use super::fault::SigningError;
use crate::download::web::shown;
use crate::proxy;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a service is asked that is not ready.
const ATTEMPTS: u32 = 3;
/// How long an answer may be.
const MAX_BODY: usize = 16 << 20;
/// So much of what it says is told.
const MAX_WORDS: usize = 400;

/// A client of such services.
#[derive(Clone, Debug)]
pub struct JsonService {
    client: Client,
    pause: Duration,
}

impl JsonService {
    /// The client that `environment` wants: it names proxies. `pause` is how long it waits before it asks again.
    ///
    /// # Errors
    ///
    /// What is wrong with the environment, or the system.
    pub fn new(environment: &BTreeMap<String, String>, pause: Duration) -> Result<Self, SigningError> {
        let failed =
            |error: reqwest::Error| SigningError::Service { service: "HTTP client".to_owned(), reason: words(&error) };
        let proxies = proxy::from_environment(environment).map_err(failed)?;
        let builder = || {
            let plain = Client::builder().no_proxy().timeout(PATIENCE).redirect(Policy::none());
            let plain = plain.user_agent(concat!("packer/", env!("CARGO_PKG_VERSION")));
            proxies.iter().cloned().fold(plain, ClientBuilder::proxy)
        };
        // A system without certificates is good enough for services that have none.
        let client = builder().build().or_else(|_| builder().tls_certs_only([]).build()).map_err(failed)?;
        Ok(Self { client, pause })
    }

    /// What the service answers to `body`. `what` is what it is for.
    ///
    /// # Errors
    ///
    /// It does not answer, or says no.
    pub async fn post(&self, what: &str, url: &Url, body: &Value) -> Result<Value, SigningError> {
        self.ask(what, url, || self.with_json(url, body)).await
    }

    /// What the service answers to `body` of whoever has `token`.
    ///
    /// # Errors
    ///
    /// It does not answer, or says no.
    pub async fn post_as(&self, what: &str, url: &Url, body: &Value, token: &str) -> Result<Value, SigningError> {
        self.ask(what, url, || self.with_json(url, body).bearer_auth(token)).await
    }

    /// What the service answers to a form.
    ///
    /// # Errors
    ///
    /// It does not answer, or says no.
    pub async fn post_form(&self, what: &str, url: &Url, fields: &[(&str, &str)]) -> Result<Value, SigningError> {
        let mut form = Url::clone(url);
        form.query_pairs_mut().clear().extend_pairs(fields);
        let body = form.query().unwrap_or_default();
        let request = || {
            let request = self.client.post(url.clone()).header("Content-Type", "application/x-www-form-urlencoded");
            request.header("Accept", "application/json").body(body.to_owned())
        };
        self.ask(what, url, request).await
    }

    fn with_json(&self, url: &Url, body: &Value) -> RequestBuilder {
        let request = self.client.post(url.clone()).header("Content-Type", "application/json");
        request.header("Accept", "application/json").body(body.to_string())
    }

    /// What the service has at `url`, for whoever has `token`.
    ///
    /// # Errors
    ///
    /// It does not answer, or says no.
    pub async fn get(&self, what: &str, url: &Url, token: &str) -> Result<Value, SigningError> {
        self.ask(what, url, || self.client.get(url.clone()).bearer_auth(token)).await
    }

    async fn ask(&self, what: &str, url: &Url, request: impl Fn() -> RequestBuilder) -> Result<Value, SigningError> {
        let failed = |reason| SigningError::Service { service: format!("{what} at {}", shown(url)), reason };
        let mut attempt = 1;
        loop {
            let (why, passing) = match answer(request()).await {
                Ok((status, body)) if status.is_success() => {
                    return serde_json::from_slice(&body).map_err(|_| failed("its answer is not JSON".to_owned()));
                }
                Ok((status, body)) => (refusal(status, &body), is_passing(status)),
                Err((why, passing)) => (why, passing),
            };
            if !passing || attempt == ATTEMPTS {
                return Err(failed(why));
            }
            tracing::warn!("{what} at {}: {why}; trying again", shown(url));
            tokio::time::sleep(self.pause * attempt).await;
            attempt += 1;
        }
    }
}

async fn answer(request: RequestBuilder) -> Result<(StatusCode, Vec<u8>), (String, bool)> {
    let failed = |error: reqwest::Error| (words(&error), error.is_connect() || error.is_timeout());
    let mut answer = request.send().await.map_err(failed)?;
    let (status, mut body) = (answer.status(), Vec::new());
    while let Some(part) = answer.chunk().await.map_err(failed)? {
        body.extend_from_slice(&part);
        if body.len() > MAX_BODY {
            return Err(("its answer is far too long".to_owned(), false));
        }
    }
    Ok((status, body))
}

fn is_passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 500 | 502 | 503 | 504)
}

/// What a service says when it says no: one line of it.
fn refusal(status: StatusCode, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let message = serde_json::from_slice::<Value>(body).ok().as_ref().and_then(message_in).map(str::to_owned);
    let text = message.unwrap_or_else(|| text.split_whitespace().collect::<Vec<_>>().join(" "));
    let short: String = text.chars().take(MAX_WORDS).collect();
    if short.is_empty() { format!("it answers {status}") } else { format!("it answers {status}: {short}") }
}

/// What the answer of a service says about why it says no: services have different places for that.
fn message_in(body: &Value) -> Option<&str> {
    let places = ["/message", "/error/message", "/error_description"];
    places.iter().find_map(|place| body.pointer(place)?.as_str())
}

/// The innermost reason, which is what happened.
fn words(error: &reqwest::Error) -> String {
    let mut reason: &dyn std::error::Error = error;
    while let Some(source) = reason.source() {
        reason = source;
    }
    match reason.downcast_ref::<std::io::Error>() {
        Some(reason) => planner::os_words::os_words(reason).to_string(),
        None => reason.to_string(),
    }
}
