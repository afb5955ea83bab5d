//! `credential_process`: a command that prints credentials.

use std::sync::Arc;

use engine::Cancel;
use reqsign_aws_v4::Credential;
use reqsign_core::{Context, Error, ProvideCredential, Result};
use serde::Deserialize;

use crate::process::{Invocation, run};
use crate::pump::Stream;
use crate::scrubber::Scrubber;
use crate::secrets::answer::json_words;
use crate::secrets::settings::SecretSettings;

/// Credentials from a command.
#[derive(Debug)]
pub(super) struct CommandSource {
    invocation: Invocation,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Printed {
    version: u32,
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    expiration: Option<String>,
}

impl CommandSource {
    pub(super) fn new(command: &str, settings: &SecretSettings) -> Self {
        let (shell, flag) = if cfg!(windows) { ("cmd.exe", "/C") } else { ("sh", "-c") };
        // Values of variables are none of its business.
        let mut environment = settings.environment.as_ref().clone();
        environment.retain(|name, _| !name.starts_with("PKR_VAR_"));
        let invocation = Invocation {
            program: shell.to_owned(),
            args: vec![flag.to_owned(), command.to_owned()],
            working_dir: Arc::new(settings.working_dir.clone()),
            environment: Arc::new(environment),
            fence: settings.fence.clone(),
            // What it prints is shown to nobody.
            secrets: Scrubber::new(),
        };
        Self { invocation }
    }
}

impl ProvideCredential for CommandSource {
    type Credential = Credential;

    async fn provide_credential(&self, _: &Context) -> Result<Option<Credential>> {
        let mut printed = String::new();
        let mut keep = |stream, line: &str| {
            if stream == Stream::Out {
                printed.push_str(line);
                printed.push('\n');
            }
        };
        let status = run(&self.invocation, &mut keep, &Cancel::new()).await;
        let status = status.map_err(|error| Error::unexpected(format!("credential_process: {error}")))?;
        if status != 0 {
            return Err(Error::unexpected(format!("credential_process ended with exit code {status}")));
        }
        let unread = |error| {
            Error::unexpected(format!("what credential_process printed cannot be read: {}", json_words(&error)))
        };
        let printed: Printed = serde_json::from_str(&printed).map_err(unread)?;
        if printed.version != 1 {
            return Err(Error::unexpected(format!("version {} of credential_process is not known", printed.version)));
        }
        let expires_in = printed.expiration.map(|time| time.parse()).transpose();
        Ok(Some(Credential {
            access_key_id: printed.access_key_id,
            secret_access_key: printed.secret_access_key,
            session_token: printed.session_token,
            expires_in: expires_in
                .map_err(|_| Error::unexpected("the expiration of credential_process is not a time"))?,
        }))
    }
}
