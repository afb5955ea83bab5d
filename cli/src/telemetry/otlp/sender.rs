//! One request after the other, each tried again as the specification says: after 429, 502, 503 and 504 and when nobody
//! answers, no sooner than `Retry-After`, with growing pauses; nothing else is tried again.

use std::time::{Duration, Instant};

use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use serde::Deserialize;
use tokio::runtime::Runtime;

use super::collector::Collector;

/// How long one batch may take, with all that is tried: the default of OpenTelemetry's exporters.
const PATIENCE: Duration = Duration::from_secs(10);
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// As much of an answer is read.
const MAX_ANSWER: usize = 64 * 1024;

/// Sends batches.
pub(super) struct Sender {
    collector: Collector,
    runtime: Runtime,
}

/// How one try ended that did not do it.
enum Failed {
    /// It may do another time, though not before this.
    ForNow(String, Option<Duration>),
    /// It will not.
    ForGood(String),
}

/// The part of an answer that is looked at.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Answer {
    partial_success: Partial,
    /// Of an answer that is an error.
    message: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Partial {
    rejected_spans: serde_json::Value,
    error_message: String,
}

impl Sender {
    pub(super) fn new(collector: Collector) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { collector, runtime })
    }

    /// Sends a batch. Returns what the collector has against parts of it, if anything.
    pub(super) fn send(&self, body: &[u8]) -> Result<Option<String>, String> {
        self.runtime.block_on(async {
            let deadline = Instant::now() + PATIENCE;
            let mut pause = FIRST_PAUSE;
            loop {
                let left = deadline.saturating_duration_since(Instant::now());
                let (why, at_least) = match self.attempt(body, left).await {
                    Ok(notice) => return Ok(notice),
                    Err(Failed::ForGood(why)) => return Err(why),
                    Err(Failed::ForNow(why, at_least)) => (why, at_least),
                };
                let wait = at_least.unwrap_or_default().max(jittered(pause));
                if Instant::now() + wait >= deadline {
                    return Err(why);
                }
                tokio::time::sleep(wait).await;
                pause *= 2;
            }
        })
    }

    async fn attempt(&self, body: &[u8], left: Duration) -> Result<Option<String>, Failed> {
        let request = self.collector.client.post(self.collector.url.clone()).timeout(left);
        let sent = request.header(CONTENT_TYPE, "application/json").body(body.to_vec()).send().await;
        let response = sent.map_err(|error| Failed::ForNow(in_words(error), None))?;
        let (status, retry_after) = (response.status(), retry_after(&response));
        let answer = read(response).await;
        if status.is_success() {
            return Ok(complaint(&answer.partial_success));
        }
        let said = if answer.message.is_empty() { String::new() } else { format!(": {}", answer.message) };
        let why = format!("the collector answers {status}{said}");
        match status {
            StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => Err(Failed::ForNow(why, retry_after)),
            _ => Err(Failed::ForGood(why)),
        }
    }
}

/// An error with its causes, which say more than it does, but not the address, which may hold a password.
fn in_words(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        words = format!("{words}: {inner}");
        cause = inner.source();
    }
    words
}

fn retry_after(response: &Response) -> Option<Duration> {
    let value = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    // A moment that is over is no reason to wait.
    Some(Duration::try_from(date.duration_since(jiff::Timestamp::now())).unwrap_or_default())
}

/// The answer, as far as it is one.
async fn read(mut response: Response) -> Answer {
    let mut body = Vec::new();
    while let Ok(Some(part)) = response.chunk().await {
        body.extend_from_slice(&part);
        if body.len() > MAX_ANSWER {
            break;
        }
    }
    serde_json::from_slice(&body).unwrap_or_default()
}

fn complaint(partial: &Partial) -> Option<String> {
    // 64-bit numbers are texts in this form of JSON, but not everybody knows.
    let rejected = partial.rejected_spans.as_str().map_or_else(|| partial.rejected_spans.to_string(), str::to_owned);
    let is_none = matches!(rejected.as_str(), "" | "0" | "null");
    match (is_none, partial.error_message.as_str()) {
        (true, "") => None,
        (true, said) => Some(format!("the collector warns: {said}")),
        (false, said) => Some(format!("the collector rejected {rejected} spans: {said}")),
    }
}

/// Between a half and all of it: many who failed together should not come back together.
fn jittered(pause: Duration) -> Duration {
    let [random, ..] = uuid::Uuid::new_v4().into_bytes();
    pause.mul_f64(0.5 + f64::from(random) / 512.0)
}
