//! HashiCorp's releases server and GitHub.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use planner::legacy::multi_error;
use planner::value::quote;
use reqwest::StatusCode;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT};
use serde::Deserialize;

use crate::download::fault::FetchError;
use crate::download::place::Place;
use crate::download::web::Web;
use crate::releases::names::versions;
use crate::releases::offer::{Kind, Offer, OfferError, index};

/// The owner of the plugins on HashiCorp's server, which knows no owners.
const OWN_NAMESPACE: &str = "hashicorp";
const AGENT: &str = concat!("packer-getter-github-", env!("CARGO_PKG_VERSION"));
const API_VERSION: HeaderName = HeaderName::from_static("x-github-api-version");

/// Those who make plugins.
#[derive(Clone, Debug)]
pub struct Official {
    releases: Place,
    github: Place,
    github_api: Place,
}

/// A tag, as GitHub lists it.
#[derive(Debug, Deserialize)]
struct Tag {
    #[serde(rename = "ref")]
    name: String,
}

impl Official {
    /// Their usual addresses, unless `environment` has others. Its token goes to GitHub's interface for programs only.
    ///
    /// # Errors
    ///
    /// An address or the token is none.
    pub fn from_environment(environment: &BTreeMap<String, String>, web: Web) -> Result<Self, OfferError> {
        let get = |name: &str| environment.get(name).map(String::as_str).filter(|value| !value.is_empty());
        let place = |variable: &str, usual: &str, headers: HeaderMap| {
            let address = get(variable).unwrap_or(usual);
            let fault = |reason| OfferError::Address { what: "server of plugins", address: address.to_owned(), reason };
            let place = Place::parse(address, Path::new(""), || Ok(web.clone())).map_err(fault)?;
            match place {
                Place::Web { base, web, .. } => Ok(Place::Web { base, web, headers }),
                Place::Folder(_) => Err(fault("it is neither http nor https".to_owned())),
            }
        };
        Ok(Self {
            releases: place("PACKER_PLUGIN_RELEASES_URL", "https://releases.hashicorp.com", HeaderMap::new())?,
            github: place("PACKER_GITHUB_URL", "https://github.com", agent())?,
            github_api: place("PACKER_GITHUB_API_URL", "https://api.github.com", api(get("PACKER_GITHUB_API_TOKEN"))?)?,
        })
    }

    /// The releases of the plugin of `source`, from HashiCorp's server if it has any.
    ///
    /// # Errors
    ///
    /// `source` is not on GitHub, or GitHub does not know.
    pub async fn offer(&self, source: &str) -> Result<Offer, OfferError> {
        let (namespace, plugin) = parts(source)?;
        // Another owner's plugin of the same name is another plugin.
        if namespace == OWN_NAMESPACE {
            match self.server_offer(plugin).await {
                Err(OfferError::Fetch(error)) => tracing::info!("{error}; asking GitHub"),
                ended => return ended,
            }
        }
        self.github_offer(namespace, plugin).await
    }

    /// Where the releases of Packer itself are.
    pub fn core(&self) -> Place {
        self.releases.folder("packer")
    }

    async fn server_offer(&self, plugin: &str) -> Result<Offer, OfferError> {
        let place = self.releases.folder(&format!("packer-plugin-{plugin}"));
        let index = index(&place).await?;
        let names = versions(&index).map_err(|source| OfferError::Index { plugin: plugin.to_owned(), source })?;
        Ok(Offer { kind: Kind::Server, place, names })
    }

    async fn github_offer(&self, namespace: &str, plugin: &str) -> Result<Offer, OfferError> {
        let repository = format!("{namespace}/packer-plugin-{plugin}");
        let matching = self.github_api.folder(&format!("repos/{repository}/git/matching-refs"));
        let list = matching.text("tags").await.map_err(|error| limited(error, SystemTime::now()))?;
        let tags: Vec<Tag> =
            serde_json::from_str(&list).map_err(|source| OfferError::Index { plugin: plugin.to_owned(), source })?;
        let name = |tag: Tag| Some(tag.name.strip_prefix("refs/tags/v")?.to_owned());
        let place = self.github.folder(&format!("{repository}/releases/download"));
        Ok(Offer { kind: Kind::GitHub, place, names: tags.into_iter().filter_map(name).collect() })
    }
}

/// Owner and name of a plugin on GitHub.
fn parts(source: &str) -> Result<(&str, &str), OfferError> {
    let quoted = quote(source);
    let fault = match source.split('/').collect::<Vec<_>>().as_slice() {
        ["github.com", namespace, plugin] => return Ok((namespace, plugin)),
        ["github.com", ..] => format!(
            "Invalid github.com URI {quoted}: a Github-compatible source must be in the github.com/<namespace>/<name> \
             format."
        ),
        _ => {
            format!("{quoted} doesn't appear to be a valid \"github.com\" source address; check source and try again.")
        }
    };
    Err(OfferError::Nowhere(multi_error(&[fault])))
}

fn agent() -> HeaderMap {
    HeaderMap::from_iter([(USER_AGENT, HeaderValue::from_static(AGENT))])
}

/// What GitHub's interface for programs is told.
fn api(token: Option<&str>) -> Result<HeaderMap, OfferError> {
    let mut headers = agent();
    headers.insert(ACCEPT, HeaderValue::from_static("application/vnd.github+json"));
    headers.insert(API_VERSION, HeaderValue::from_static("2022-11-28"));
    if let Some(token) = token {
        let text = "PACKER_GITHUB_API_TOKEN contains characters that no token has";
        let value = HeaderValue::try_from(format!("Bearer {token}"));
        let mut value = value.map_err(|_| OfferError::Client(text.to_owned()))?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    Ok(headers)
}

/// What GitHub means by an answer: it may be that there were too many questions.
fn limited(cause: FetchError, now: SystemTime) -> OfferError {
    let FetchError::Refused { status, headers, .. } = &cause else { return cause.into() };
    let number = |name: HeaderName| headers.get(name)?.to_str().ok()?.parse::<u64>().ok();
    let (remaining, reset) = ("x-ratelimit-remaining", "x-ratelimit-reset");
    let after = number(RETRY_AFTER);
    let used_up = number(HeaderName::from_static(remaining)) == Some(0);
    let is_limit = matches!(*status, StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS);
    if !is_limit || !(used_up || after.is_some() || *status == StatusCode::TOO_MANY_REQUESTS) {
        return cause.into();
    }
    let today = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let until = number(HeaderName::from_static(reset)).map(|reset| reset.saturating_sub(today));
    // GitHub's advice for answers that do not say.
    let pause = after.or(until).unwrap_or(60);
    OfferError::RateLimited { pause: Duration::from_secs(pause).into(), cause }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plugins_of_github_have_owners() {
        for (source, expected) in [
            ("github.com/hashicorp/amazon", Ok(("hashicorp", "amazon"))),
            ("github.com/a/b/c", Err("1 error occurred:\n\t* Invalid github.com URI \"github.com/a/b/c\": a Github-")),
            ("example.com/a/b", Err("1 error occurred:\n\t* \"example.com/a/b\" doesn't appear to be a valid \"git")),
        ] {
            let found = parts(source).map_err(|error| error.to_string());
            match expected {
                Ok(parts) => assert_eq!(found, Ok(parts)),
                Err(start) => assert!(found.as_ref().unwrap_err().starts_with(start), "{found:?}"),
            }
        }
    }

    #[test]
    fn too_many_questions_are_told_from_other_refusals() {
        let now = UNIX_EPOCH + Duration::from_secs(1000);
        for (status, headers, expected) in [
            (
                403,
                vec![("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "2825")],
                "Try again in 30m25s.\nHINT: Set",
            ),
            (429, vec![("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "900")], "Try again in 0s.\n"),
            (403, vec![("retry-after", "5")], "Try again in 5s.\n"),
            (429, vec![], "Try again in 1m0s.\n"),
            (403, vec![("x-ratelimit-remaining", "7")], "p: the server answers 403 Forbidden"),
            (401, vec![("x-ratelimit-remaining", "0")], "p: the server answers 401 Unauthorized"),
        ] {
            let headers =
                headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
            let headers = Box::new(HeaderMap::from_iter(headers));
            let status = StatusCode::from_u16(status).unwrap();
            let error = FetchError::Refused { place: "p".to_owned(), status, headers };
            let text = limited(error, now).to_string();
            assert!(text.contains(expected), "{status}: {text}");
        }
    }

    #[test]
    fn a_token_that_no_header_can_have_is_refused_without_being_shown() {
        let error = api(Some("ghp\n_secret")).unwrap_err().to_string();
        assert!(error.contains("PACKER_GITHUB_API_TOKEN") && !error.contains("secret"), "{error}");
    }
}
