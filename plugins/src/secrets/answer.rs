//! Answers of services, and why there is none.

use std::error::Error;
use std::io;
use std::time::Duration;

use planner::os_words::os_words;
use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder, StatusCode, Url};
use serde::de::DeserializeOwned;

use crate::secrets::address::shown;

/// No secret is larger.
const MAX_BODY: usize = 64 << 20;

/// What came back, whatever the status.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) url: Url,
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// Nothing came back.
#[derive(Debug, thiserror::Error)]
pub(super) enum TransportError {
    /// The connection failed.
    #[error("{} \"{url}\": {}", verb(.method), words(.source))]
    Failed {
        /// How it was asked.
        method: Method,
        /// Whom.
        url: String,
        /// Why.
        source: reqwest::Error,
    },
    /// It took too long.
    #[error("{} \"{url}\": no answer within {timeout:?}", verb(.method))]
    Slow {
        /// How it was asked.
        method: Method,
        /// Whom.
        url: String,
        /// How long was too long.
        timeout: Duration,
    },
    /// More than anybody keeps secret.
    #[error("{} \"{url}\": the answer is larger than {} MiB", verb(.method), MAX_BODY >> 20)]
    Large {
        /// How it was asked.
        method: Method,
        /// Whom.
        url: String,
    },
}

impl TransportError {
    /// Whether it may go better a little later: not when the other side is not the one it should be.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Failed { source, .. } => !source.is_builder() && !is_distrust(source),
            Self::Slow { .. } | Self::Large { .. } => false,
        }
    }
}

/// Whether the other side's certificate was refused.
fn is_distrust(error: &reqwest::Error) -> bool {
    let mut reason: Option<&dyn Error> = Some(error);
    while let Some(error) = reason {
        if error.to_string().contains("invalid peer certificate") {
            return true;
        }
        reason = error.source();
    }
    false
}

/// `Get`, as Go says it.
fn verb(method: &Method) -> String {
    let (first, rest) = method.as_str().split_at(1);
    format!("{first}{}", rest.to_lowercase())
}

/// The reason at the bottom of all reasons.
pub(super) fn words(error: &reqwest::Error) -> String {
    let mut reason: &dyn Error = error;
    while let Some(source) = reason.source() {
        reason = source;
    }
    match reason.downcast_ref::<io::Error>() {
        Some(error) => os_words(error),
        None => reason.to_string(),
    }
}

/// Sends one request and reads the whole answer.
pub(super) async fn send(request: RequestBuilder) -> Result<Answer, TransportError> {
    let (client, request) = request.build_split();
    let unbuilt = |source| TransportError::Failed { method: Method::GET, url: String::new(), source };
    let request = request.map_err(unbuilt)?;
    let (method, url) = (request.method().clone(), request.url().clone());
    let failed = |source: reqwest::Error| TransportError::Failed {
        method: method.clone(),
        url: shown(&url),
        source: source.without_url(),
    };
    let mut response = client.execute(request).await.map_err(failed)?;
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.map_err(failed)? {
        body.extend_from_slice(&part);
        if body.len() > MAX_BODY {
            return Err(TransportError::Large { method, url: shown(&url) });
        }
    }
    Ok(Answer { url: response.url().clone(), status: response.status(), headers: response.headers().clone(), body })
}

impl Answer {
    /// The JSON at the start of its body. What follows does not matter.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, String> {
        let parsed = T::deserialize(&mut serde_json::Deserializer::from_slice(&self.body));
        parsed.map_err(|error| json_words(&error))
    }

    /// Its text; what is none is replaced.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Why JSON cannot be used, without a word of what it says: the library's own texts quote it.
pub(super) fn json_words(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        serde_json::error::Category::Eof => "it ends too early",
        serde_json::error::Category::Data => "it has an unexpected form",
        serde_json::error::Category::Syntax | serde_json::error::Category::Io => "it is not valid JSON",
    };
    format!("{what} (line {}, column {})", error.line(), error.column())
}
