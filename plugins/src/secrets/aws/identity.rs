//! Who asks: where credentials come from.

use std::collections::HashMap;
use std::time::Duration;

use reqsign_aws_v4::{
    AssumeRoleCredentialProvider, AssumeRoleWithWebIdentityCredentialProvider, Credential, ECSCredentialProvider,
    IMDSv2CredentialProvider, RequestSigner, SSOCredentialProvider, StaticCredentialProvider,
};
use reqsign_core::{Context, Error, HttpSend, ProvideCredential, ProvideCredentialDyn, Result, Signer, StaticEnv};
use reqsign_file_read_tokio::TokioFileRead;
use reqsign_http_send_reqwest::ReqwestHttpSend;
use reqwest::{Client, Url};

use crate::secrets::aws::command::CommandSource;
use crate::secrets::aws::fault::AwsError;
use crate::secrets::aws::profile::{Profile, Profiles};
use crate::secrets::settings::SecretSettings;

type Source = Box<dyn ProvideCredentialDyn<Credential = Credential>>;

/// How long one source may take: most are not there at all.
pub(super) const SOURCE_TIMEOUT: Duration = Duration::from_secs(5);

/// How many profiles may borrow from each other.
const MAX_PROFILES: usize = 16;

/// Where credentials come from: the first place that the environment or the profile names. When it has none, nobody else
/// is asked: who wants to be one is not to become another.
#[derive(Debug)]
pub(super) struct Identity {
    /// For messages.
    place: &'static str,
    source: Source,
}

impl ProvideCredential for Identity {
    type Credential = Credential;

    async fn provide_credential(&self, context: &Context) -> Result<Option<Credential>> {
        let place = self.place;
        match self.source.provide_credential_dyn(context).await {
            Ok(Some(credential)) => Ok(Some(credential)),
            Ok(None) => Err(Error::credential_invalid(format!("{place} has none"))),
            Err(error) => Err(Error::credential_invalid(format!("{place}: {}", innermost(&error)))),
        }
    }
}

/// What a source says, with the system's reason if there is one.
fn innermost(error: &Error) -> String {
    let mut reason: &dyn std::error::Error = error;
    while let Some(source) = reason.source() {
        reason = source;
    }
    match reason.downcast_ref::<std::io::Error>() {
        Some(reason) => format!("{error}: {}", planner::os_words::os_words(reason)),
        None => error.to_string(),
    }
}

/// What decides who asks.
pub(super) struct Ground<'a> {
    pub(super) settings: &'a SecretSettings,
    pub(super) profiles: &'a Profiles,
    pub(super) profile: &'a str,
    pub(super) region: &'a str,
    pub(super) context: &'a Context,
}

impl Identity {
    /// Keys in the environment, a token of the workload, the profile, the container, the machine.
    pub(super) fn choose(ground: &Ground<'_>) -> std::result::Result<Self, AwsError> {
        let settings = ground.settings;
        if let Some(keys) = environment_keys(settings) {
            return Ok(Self { place: "the environment", source: Box::new(keys) });
        }
        if settings.get("AWS_WEB_IDENTITY_TOKEN_FILE").is_some() {
            let source = AssumeRoleWithWebIdentityCredentialProvider::new()
                .with_region(ground.region.to_owned())
                .with_regional_sts_endpoint();
            return Ok(Self { place: "the token of AWS_WEB_IDENTITY_TOKEN_FILE", source: Box::new(source) });
        }
        if let Some(profile) = ground.profiles.get(ground.profile)
            && let Some(source) = ground.of_profile(profile, &mut vec![ground.profile.to_owned()])?
        {
            return Ok(Self { place: "the profile", source });
        }
        if settings.first(&CONTAINER).is_some() {
            return Ok(Self { place: "the container", source: Box::new(ECSCredentialProvider::new()) });
        }
        let place = "there are no keys in the environment and in the profile, and the instance metadata service";
        Ok(Self { place, source: Box::new(IMDSv2CredentialProvider::new()) })
    }
}

/// Where a container finds its credentials.
const CONTAINER: [&str; 2] = ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"];

fn environment_keys(settings: &SecretSettings) -> Option<StaticCredentialProvider> {
    let id = settings.first(&["AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY"])?;
    let secret = settings.first(&["AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY"])?;
    Some(keys(id, secret, settings.get("AWS_SESSION_TOKEN")))
}

impl Ground<'_> {
    /// What a profile says about credentials, if anything. `seen` are the profiles on the way to it.
    fn of_profile(
        &self,
        profile: Profile<'_>,
        seen: &mut Vec<String>,
    ) -> std::result::Result<Option<Source>, AwsError> {
        let name = seen.last().cloned().unwrap_or_default();
        if let Some(role) = profile.get("role_arn") {
            return self.role(profile, role, seen).map(Some);
        }
        if let (Some(id), Some(secret)) = (profile.get("aws_access_key_id"), profile.get("aws_secret_access_key")) {
            return Ok(Some(Box::new(keys(id, secret, profile.get("aws_session_token")))));
        }
        if profile.get("sso_session").is_some() {
            let why = format!("profile {name} signs on with sso_session, which is not supported");
            return Err(AwsError::Setup(why));
        }
        if profile.get("sso_start_url").is_some() {
            let mut source = SSOCredentialProvider::new().with_profile(name);
            for (setting, with) in [
                ("sso_start_url", SSOCredentialProvider::with_start_url as fn(_, String) -> _),
                ("sso_region", SSOCredentialProvider::with_region),
                ("sso_account_id", SSOCredentialProvider::with_account_id),
                ("sso_role_name", SSOCredentialProvider::with_role_name),
            ] {
                if let Some(value) = profile.get(setting) {
                    source = with(source, value.to_owned());
                }
            }
            return Ok(Some(Box::new(source)));
        }
        if let Some(command) = profile.get("credential_process") {
            return Ok(Some(Box::new(CommandSource::new(command, self.settings))));
        }
        Ok(None)
    }

    /// A role that a profile takes on, as somebody else.
    fn role(&self, profile: Profile<'_>, role: &str, seen: &mut Vec<String>) -> std::result::Result<Source, AwsError> {
        let session = profile.get("role_session_name").unwrap_or("packer");
        if let Some(file) = profile.get("web_identity_token_file") {
            let source =
                AssumeRoleWithWebIdentityCredentialProvider::with_config(role.to_owned(), self.settings.path(file))
                    .with_role_session_name(session.to_owned())
                    .with_region(self.region.to_owned())
                    .with_regional_sts_endpoint();
            return Ok(Box::new(source));
        }
        if profile.get("mfa_serial").is_some() {
            let name = seen.last().cloned().unwrap_or_default();
            let why =
                format!("profile {name} takes on a role with a second factor, and nobody can be asked for it here");
            return Err(AwsError::Setup(why));
        }
        let base = Identity { place: "the source of the role", source: self.base(profile, seen)? };
        let signer = Signer::new(self.context.clone(), base, RequestSigner::new("sts", self.region));
        let mut source = AssumeRoleCredentialProvider::new(role.to_owned(), signer)
            .with_role_session_name(session.to_owned())
            .with_region(self.region.to_owned())
            .with_regional_sts_endpoint();
        if let Some(id) = profile.get("external_id") {
            source = source.with_external_id(id.to_owned());
        }
        if let Some(seconds) = profile.get("duration_seconds").and_then(|seconds| seconds.parse().ok()) {
            source = source.with_duration_seconds(seconds);
        }
        Ok(Box::new(source))
    }

    /// Who takes on the role.
    fn base(&self, profile: Profile<'_>, seen: &mut Vec<String>) -> std::result::Result<Source, AwsError> {
        let name = seen.last().cloned().unwrap_or_default();
        let fault = |why: String| AwsError::Setup(format!("profile {name}: {why}"));
        if let Some(source) = profile.get("credential_source") {
            return match source {
                "Environment" => match environment_keys(self.settings) {
                    Some(keys) => Ok(Box::new(keys)),
                    None => Err(fault("there are no keys in the environment".to_owned())),
                },
                "EcsContainer" => Ok(Box::new(ECSCredentialProvider::new())),
                "Ec2InstanceMetadata" => Ok(Box::new(IMDSv2CredentialProvider::new())),
                other => Err(fault(format!("credential_source {other} is not known"))),
            };
        }
        let Some(source) = profile.get("source_profile") else {
            return Err(fault(
                "role_arn needs source_profile, credential_source or web_identity_token_file".to_owned(),
            ));
        };
        let Some(base) = self.profiles.get(source) else { return Err(fault(format!("there is no profile {source}"))) };
        // A profile may lend its own keys to its own role.
        if seen.last().is_some_and(|name| name == source) {
            let (id, secret) = (base.get("aws_access_key_id"), base.get("aws_secret_access_key"));
            let (Some(id), Some(secret)) = (id, secret) else { return Err(fault("it has no keys itself".to_owned())) };
            return Ok(Box::new(keys(id, secret, base.get("aws_session_token"))));
        }
        if seen.iter().any(|name| name == source) || seen.len() == MAX_PROFILES {
            return Err(fault(format!("source_profile goes round in circles: {} -> {source}", seen.join(" -> "))));
        }
        seen.push(source.to_owned());
        self.of_profile(base, seen)?.ok_or_else(|| fault(format!("profile {source} has no credentials")))
    }
}

fn keys(id: &str, secret: &str, token: Option<&str>) -> StaticCredentialProvider {
    let keys = StaticCredentialProvider::new(id, secret);
    match token {
        Some(token) => keys.with_session_token(token),
        None => keys,
    }
}

/// The world as sources may see it.
pub(super) fn context(settings: &SecretSettings, client: Client) -> Context {
    let set = settings.environment.iter().filter(|(_, value)| !value.is_empty());
    let envs: HashMap<String, String> = set.map(|(name, value)| (name.clone(), value.clone())).collect();
    let sts = settings.first(&["AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"]).and_then(|url| Url::parse(url).ok());
    Context::new()
        .with_file_read(TokioFileRead)
        .with_http_send(StsSend { http: ReqwestHttpSend::new(client), sts })
        .with_env(StaticEnv { home_dir: settings.home.clone(), envs })
}

/// Sends what is meant for STS to the address that the environment names for it.
#[derive(Debug)]
struct StsSend {
    http: ReqwestHttpSend,
    sts: Option<Url>,
}

impl HttpSend for StsSend {
    async fn http_send(&self, mut request: http::Request<bytes::Bytes>) -> Result<http::Response<bytes::Bytes>> {
        if let Some(sts) = &self.sts
            && request.uri().host().is_some_and(|host| host.starts_with("sts."))
        {
            let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
            let uri = format!("{}{path}", sts.as_str().trim_end_matches('/'));
            *request.uri_mut() = uri.parse()?;
        }
        self.http.http_send(request).await
    }
}
