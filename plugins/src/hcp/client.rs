//! A client of the registry: it logs in, finds our place, and asks.

use std::path::Path;
use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::credentials::Credentials;
use super::fault::HcpError;
use super::settings::{Service, Settings};
use crate::component::ComponentContext;
use crate::io_fault::web_words;
use crate::proxy;

/// What tokens are for.
const AUDIENCE: &str = "https://api.hashicorp.cloud";
/// How long a service may take to be reached, and how long to say nothing.
const SILENCE: Duration = Duration::from_secs(60);
/// No answer is larger.
const MAX_ANSWER: usize = 32 << 20;
/// As much of an error as anybody reads.
const MAX_MESSAGE: usize = 2000;

/// A client that is logged in and knows our part of the registry.
pub(crate) struct Client {
    web: reqwest::Client,
    api: Url,
    token: String,
    organization: String,
    project: String,
}

#[derive(Deserialize)]
struct Token {
    access_token: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    code: i64,
    message: String,
    error: String,
    error_description: String,
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Organizations {
    organizations: Vec<Organization>,
}

#[derive(Deserialize)]
struct Organization {
    id: String,
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Projects {
    projects: Vec<Project>,
}

#[derive(Deserialize)]
struct Project {
    id: String,
    #[serde(default)]
    created_at: String,
}

impl Client {
    /// Logs in as the environment says, and finds our part of the registry. What is secret is hidden from now on.
    pub(crate) async fn connect(context: &ComponentContext) -> Result<Self, HcpError> {
        Self::connect_from(context, &context.working_dir).await
    }

    async fn connect_from(context: &ComponentContext, working_dir: &Path) -> Result<Self, HcpError> {
        let credentials = Credentials::find(&context.environment, working_dir)?;
        context.secrets.hide_password(&credentials.secret, &credentials.id);
        let settings = Settings::new(&context.environment)?;
        let token = log_in(&settings, &credentials).await?;
        context.secrets.hide(&token);
        let web = web(&settings, &settings.api)?;
        let client =
            Self { web, api: settings.api.url.clone(), token, organization: String::new(), project: String::new() };
        client.find_place(settings, credentials.project).await
    }

    async fn find_place(mut self, settings: Settings, of_file: Option<String>) -> Result<Self, HcpError> {
        let given = settings.project.is_some();
        self.organization = match settings.organization {
            Some(id) => id,
            None => self.find_organization().await?,
        };
        self.project = match settings.project.or(of_file) {
            Some(id) => id,
            None => self.oldest_project().await?,
        };
        tracing::debug!("HCP organization {}, project {}", self.organization, self.project);
        if given && self.organization_was_found(&settings.environment) {
            // Whether the project is one of the organization's is only known by asking.
            let what = format!("reading the HCP Packer registry of project {:?}", self.project);
            self.get::<serde::de::IgnoredAny>(&what, "2023-01-01", &["registry"], &[]).await?;
        }
        Ok(self)
    }

    fn organization_was_found(&self, environment: &std::collections::BTreeMap<String, String>) -> bool {
        environment.get("HCP_ORGANIZATION_ID").is_none_or(String::is_empty)
    }

    async fn find_organization(&self) -> Result<String, HcpError> {
        let what = "listing the HCP organizations";
        let url = self.url(&["resource-manager", "2019-12-10", "organizations"], &[])?;
        let found: Organizations = self.ask(what, url).await?;
        match <[Organization; 1]>::try_from(found.organizations) {
            Ok([organization]) => Ok(organization.id),
            Err(others) => Err(HcpError::Place(format!(
                "unexpected number of organizations: expected 1, actual: {}. Set HCP_ORGANIZATION_ID",
                others.len()
            ))),
        }
    }

    async fn oldest_project(&self) -> Result<String, HcpError> {
        let scope = [("scope.id", self.organization.as_str()), ("scope.type", "ORGANIZATION")];
        let url = self.url(&["resource-manager", "2019-12-10", "projects"], &scope)?;
        let found: Projects = self.ask("listing the HCP projects", url).await?;
        // The same time everywhere, so texts can be compared as they are.
        let oldest = found.projects.into_iter().min_by(|one, other| one.created_at.cmp(&other.created_at));
        let none = || HcpError::Place(format!("HCP organization {:?} has no project", self.organization));
        oldest.map(|project| project.id).ok_or_else(none)
    }

    /// Reads something of our part of the registry.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        what: &str,
        api: &str,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, HcpError> {
        let place = ["packer", api, "organizations", &self.organization, "projects", &self.project];
        let url = self.url(&[&place[..], path].concat(), query)?;
        self.ask(what, url).await
    }

    fn url(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Url, HcpError> {
        let mut url = self.api.clone();
        let wrong = |()| HcpError::Setting(format!("{} is no address", self.api));
        url.path_segments_mut().map_err(wrong)?.clear().extend(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    async fn ask<T: DeserializeOwned>(&self, what: &str, url: Url) -> Result<T, HcpError> {
        let request = self.web.request(Method::GET, url).bearer_auth(&self.token);
        let (status, body) = send(what, request).await?;
        if !status.is_success() {
            let Refusal { code, message, .. } = serde_json::from_slice(&body).unwrap_or_default();
            let message = if message.is_empty() { short(&body) } else { message };
            return Err(HcpError::Answer { what: what.to_owned(), status: status.as_u16(), code, message });
        }
        let unreadable = |_| unreachable(what, "the answer is not what it should be");
        serde_json::from_slice(&body).map_err(unreadable)
    }
}

/// Gets a token.
async fn log_in(settings: &Settings, credentials: &Credentials) -> Result<String, HcpError> {
    let what = "logging in to HCP";
    let mut url = settings.auth.url.clone();
    url.set_path("/oauth2/token");
    let form = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("audience", AUDIENCE), ("grant_type", "client_credentials")])
        .finish();
    let coded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let request = web(settings, &settings.auth)?
        .post(url)
        .basic_auth(coded(&credentials.id), Some(coded(&credentials.secret)))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(form);
    let (status, body) = send(what, request).await?;
    if status.is_success() {
        let token: Option<Token> = serde_json::from_slice(&body).ok();
        return token.map(|token| token.access_token).ok_or_else(|| unreachable(what, "the answer has no token"));
    }
    let Refusal { error, error_description, .. } = serde_json::from_slice(&body).unwrap_or_default();
    let why = [error_description, error, format!("HTTP {status}")].into_iter().find(|text| !text.is_empty());
    // A service may say again what it was told.
    let why = why.unwrap_or_default().replace(&credentials.secret, "<sensitive>");
    match status {
        StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(HcpError::Refused(why)),
        _ => Err(unreachable(what, &why)),
    }
}

fn web(settings: &Settings, service: &Service) -> Result<reqwest::Client, HcpError> {
    let wrong = |error: reqwest::Error| HcpError::Setting(format!("cannot set up a client: {}", web_words(&error)));
    let proxies = proxy::from_environment(&settings.environment).map_err(wrong)?;
    let mut builder = reqwest::Client::builder()
        .no_proxy()
        .user_agent(concat!("packer/", env!("CARGO_PKG_VERSION")))
        // A token is for whom it was made.
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(SILENCE)
        .read_timeout(SILENCE)
        .tls_danger_accept_invalid_certs(service.trust_all);
    if service.url.scheme() == "http" {
        // Nothing to trust; a system without certificates will do.
        builder = builder.tls_certs_only([]);
    }
    proxies.into_iter().fold(builder, reqwest::ClientBuilder::proxy).build().map_err(wrong)
}

async fn send(what: &str, request: RequestBuilder) -> Result<(StatusCode, Vec<u8>), HcpError> {
    let failed = |error: reqwest::Error| unreachable(what, &web_words(&error));
    let mut response: Response = request.send().await.map_err(failed)?;
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.map_err(failed)? {
        body.extend_from_slice(&part);
        if body.len() > MAX_ANSWER {
            return Err(unreachable(what, &format!("the answer is larger than {} MiB", MAX_ANSWER >> 20)));
        }
    }
    Ok((response.status(), body))
}

fn unreachable(what: &str, why: &str) -> HcpError {
    HcpError::Unreachable { what: what.to_owned(), why: why.to_owned() }
}

fn short(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().take(MAX_MESSAGE).collect::<String>().trim().to_owned()
}
