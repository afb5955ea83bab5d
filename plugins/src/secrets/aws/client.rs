//! The client: signed requests, retries, and what refusals mean.

use std::time::Duration;

use http::request::Parts;
use reqsign_aws_v4::{Credential, RequestSigner};
use reqsign_core::Signer;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, StatusCode, Url};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tokio::time::{sleep, timeout};

use crate::secrets::address::shown;
use crate::secrets::answer::{Answer, TransportError, send};
use crate::secrets::aws::endpoint::{endpoint, region};
use crate::secrets::aws::fault::{AwsError, Operation};
use crate::secrets::aws::identity::{Ground, Identity, SOURCE_TIMEOUT, context};
use crate::secrets::aws::profile::Profiles;
use crate::secrets::connection::{Connection, SetupError, Site, Tls};
use crate::secrets::settings::{Patience, SecretSettings};

/// A client of one service.
#[derive(Debug)]
pub(in crate::secrets) struct AwsClient {
    service: &'static Service,
    site: Site,
    signer: Signer<Credential>,
    max_attempts: u32,
    patience: Patience,
}

const DEFAULT_ATTEMPTS: u32 = 3;

/// The longest pause between attempts.
const MAX_PAUSE: Duration = Duration::from_secs(20);

/// What the service says when it was asked too often.
const THROTTLED: [&str; 8] = [
    "BandwidthLimitExceeded",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottledException",
    "Throttling",
    "ThrottlingException",
];

/// What of a service is its own.
#[derive(Debug)]
pub(super) struct Service {
    /// As messages have it.
    pub(super) title: &'static str,
    /// As signatures have it, and the start of its host.
    pub(super) name: &'static str,
    /// What its calls begin with.
    pub(super) target: &'static str,
    /// The variable with its address.
    pub(super) variable: &'static str,
    /// The setting with its address.
    pub(super) setting: &'static str,
    /// What is asked of it before anything else.
    pub(super) first: &'static str,
    /// The errors that belong to its calls. Others are called errors of the interface.
    pub(super) known: &'static [&'static str],
}

impl Service {
    /// What fails when nothing can be asked.
    pub(super) fn first_call(&self) -> Operation {
        Operation { service: self.title, call: self.first }
    }
}

impl AwsClient {
    pub(super) fn new(service: &'static Service, settings: &SecretSettings) -> Result<Self, AwsError> {
        Self::at(service, settings, None)
    }

    /// One that asks at `address`, if there is one.
    pub(super) fn at(
        service: &'static Service,
        settings: &SecretSettings,
        address: Option<Url>,
    ) -> Result<Self, AwsError> {
        let profiles = Profiles::read(settings)?;
        let named = settings.first(&["AWS_PROFILE", "AWS_DEFAULT_PROFILE"]);
        let name = named.unwrap_or("default");
        let profile = profiles.get(name);
        if named.is_some() && profile.is_none() {
            return Err(AwsError::Setup(format!("failed to get shared config profile, {name}")));
        }
        let region = region(settings, profile).unwrap_or_default();
        let url = address.map_or_else(|| endpoint(service, settings, &profiles, profile, &region), Ok)?;
        let bundle = settings.get("AWS_CA_BUNDLE").or_else(|| profile?.get("ca_bundle"));
        let connection = |connect_timeout| Connection {
            tls: Tls { ca_file: bundle.map(str::to_owned), ..Tls::default() },
            connect_timeout,
            ..Connection::new(settings)
        };
        let context = context(settings, connection(SOURCE_TIMEOUT).open(url.clone())?.client);
        let ground = Ground { settings, profiles: &profiles, profile: name, region: &region, context: &context };
        let identity = Identity::choose(&ground)?;
        let attempts = settings.get("AWS_MAX_ATTEMPTS").or_else(|| profile?.get("max_attempts"));
        let max_attempts = attempts.map_or(Ok(0), str::parse);
        Ok(Self {
            service,
            site: connection(Duration::from_secs(30)).open(url)?,
            signer: Signer::new(context, identity, RequestSigner::new(service.name, &region)),
            max_attempts: match max_attempts.map_err(|_| SetupError::Unreadable { name: "AWS_MAX_ATTEMPTS" })? {
                0 => DEFAULT_ATTEMPTS,
                attempts => attempts,
            },
            patience: settings.patience,
        })
    }

    /// What the service answers to a call.
    pub(super) async fn call(&self, call: &'static str, body: &str) -> Result<Answer, AwsError> {
        let operation = Operation { service: self.service.title, call };
        let limit = self.patience.timeout;
        timeout(limit, self.retry(operation, body)).await.unwrap_or_else(|_| {
            let source = TransportError::Slow { method: Method::POST, url: shown(&self.site.base), timeout: limit };
            Err(AwsError::Transport { operation, attempts: String::new(), source })
        })
    }

    async fn retry(&self, operation: Operation, body: &str) -> Result<Answer, AwsError> {
        let mut attempt = 1;
        loop {
            let last = attempt == self.max_attempts;
            let answer = send(self.signed(operation, body).await?).await;
            let again = match &answer {
                Ok(answer) => is_passing(answer),
                Err(error) => error.is_passing(),
            };
            if !again || last {
                let told =
                    if again { format!("exceeded maximum number of attempts, {attempt}, ") } else { String::new() };
                return match answer {
                    Ok(answer) if answer.status == StatusCode::OK => Ok(answer),
                    Ok(answer) => Err(self.refusal(operation, &answer, told)),
                    Err(source) => Err(AwsError::Transport { operation, attempts: told, source }),
                };
            }
            let share = f64::from(uuid::Uuid::new_v4().as_bytes()[0]) / 255.0;
            let pause = self.patience.retry.saturating_mul(1 << attempt.min(8)).min(MAX_PAUSE);
            sleep(pause.mul_f64(share)).await;
            attempt += 1;
        }
    }

    /// The request as it goes out. Signed anew each time: signatures are of the minute.
    async fn signed(&self, operation: Operation, body: &str) -> Result<reqwest::RequestBuilder, AwsError> {
        let url = &self.site.base;
        let target = format!("{}.{}", self.service.target, operation.call);
        let mut parts = parts(url, &target, body).map_err(|error| AwsError::Setup(error.to_string()))?;
        let signed = self.signer.sign(&mut parts, None).await;
        signed.map_err(|error| AwsError::NoCredentials { operation, reason: error.to_string() })?;
        Ok(self.site.client.post(url.clone()).headers(parts.headers).body(body.to_owned()))
    }

    fn refusal(&self, operation: Operation, answer: &Answer, attempts: String) -> AwsError {
        let (name, message) = reason(answer);
        let request = answer.headers.get("x-amzn-requestid").and_then(|id| id.to_str().ok()).unwrap_or_default();
        let reason = match self.service.known.contains(&name.as_str()) {
            true => format!("{name}: {message}"),
            false => format!("api error {name}: {message}"),
        };
        AwsError::Refused { operation, attempts, status: answer.status.as_u16(), request: request.to_owned(), reason }
    }
}

fn parts(url: &Url, target: &str, body: &str) -> http::Result<Parts> {
    let digest: String = Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect();
    let request = http::Request::post(url.as_str())
        .header(CONTENT_TYPE, "application/x-amz-json-1.1")
        .header("x-amz-target", target)
        .header("x-amz-content-sha256", digest)
        .body(())?;
    Ok(request.into_parts().0)
}

/// The name of an error and what it says.
fn reason(answer: &Answer) -> (String, String) {
    #[derive(Default, Deserialize)]
    struct Fault {
        #[serde(rename = "__type", alias = "code")]
        name: Option<String>,
        #[serde(rename = "message", alias = "Message")]
        message: Option<String>,
    }
    let fault: Fault = answer.json().unwrap_or_default();
    let header = answer.headers.get("x-amzn-errortype").and_then(|name| name.to_str().ok()).map(str::to_owned);
    let name = header.or(fault.name).unwrap_or_else(|| "UnknownError".to_owned());
    // `com.amazonaws.secretsmanager#Name:http://…`
    let name = name.split(':').next().unwrap_or_default();
    let name = name.rsplit('#').next().unwrap_or_default().to_owned();
    (name, fault.message.unwrap_or_else(|| "UnknownError".to_owned()))
}

fn is_passing(answer: &Answer) -> bool {
    let is_broken = matches!(answer.status.as_u16(), 500 | 502 | 503 | 504);
    is_broken || answer.status != StatusCode::OK && THROTTLED.contains(&reason(answer).0.as_str())
}
