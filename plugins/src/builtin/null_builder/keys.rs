//! The steps around a key pair that lives as long as the build.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use engine::Cancel;

use super::build_data::with_keys;
use super::options::Link;
use super::ssh_options::{SshOptions, Temporary};
use crate::builtin::steps::{Step, StepState};
use crate::component::{ComponentContext, ComponentError, RemoteCommand};
use crate::io_fault::words_and_advice;
use crate::ssh::KeyPair;

/// The key pair, once it is made.
pub(super) type Made = Arc<OnceLock<KeyPair>>;

/// Makes the key pair.
pub(super) struct StepKeyPair<'b> {
    pub(super) link: &'b Link,
    pub(super) context: &'b ComponentContext,
    pub(super) made: Made,
}

#[async_trait]
impl Step for StepKeyPair<'_> {
    fn name(&self) -> &'static str {
        "StepSSHKeyGen"
    }

    async fn run(&self, state: &mut StepState) -> Result<(), ComponentError> {
        let Link::Ssh(ssh) = self.link else { return Ok(()) };
        let Some(Temporary { name, ty, bits }) = ssh.temporary.clone() else { return Ok(()) };
        if !ssh.key_file.is_empty() {
            state.ui.say("Using existing SSH private key");
            return Ok(());
        }
        state.ui.say(&format!("Creating temporary {} SSH key for instance...", ty.label()));
        let made = tokio::task::spawn_blocking(move || KeyPair::generate(ty, bits, &name)).await;
        let pair = made.map_err(|error| error.to_string()).and_then(|pair| pair);
        let pair = pair.map_err(|words| {
            let text = format!("Error creating temporary SSH key: {words}");
            state.ui.error(&text);
            ComponentError::new(text)
        })?;
        self.context.secrets.hide(&pair.private_pem);
        if self.context.debug {
            self.save(state, &pair)?;
        }
        with_keys(&mut state.data, &pair);
        // The step runs again only after it has failed.
        let _ = self.made.set(pair);
        Ok(())
    }

    async fn cleanup(&self, _: &mut StepState) {}
}

impl StepKeyPair<'_> {
    /// So that whoever debugs can log in as well.
    fn save(&self, state: &StepState, pair: &KeyPair) -> Result<(), ComponentError> {
        let name = format!("null_{}.pem", self.context.build_name);
        let path = self.context.working_dir.join(&name);
        state.ui.message(&format!("Saving key for debug purposes: {name}"));
        write_private(&path, pair.private_pem.as_bytes())
            .map_err(|error| ComponentError::new(format!("Error saving debug key: {}", words_and_advice(&error))))
    }
}

#[cfg(unix)]
fn write_private(path: &std::path::Path, content: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o700).open(path)?.write_all(content)
}

#[cfg(not(unix))]
fn write_private(path: &std::path::Path, content: &[u8]) -> std::io::Result<()> {
    std::fs::write(path, content)
}

/// Takes the key pair away from the machine, when provisioners have put it there.
pub(super) struct StepClearKeys<'b> {
    pub(super) link: &'b Link,
}

#[async_trait]
impl Step for StepClearKeys<'_> {
    fn name(&self) -> &'static str {
        "StepCleanupTempKeys"
    }

    async fn run(&self, state: &mut StepState) -> Result<(), ComponentError> {
        let Link::Ssh(ssh) = self.link else { return Ok(()) };
        let SshOptions { clear_authorized_keys: true, temporary: Some(temporary), .. } = ssh.as_ref() else {
            return Ok(());
        };
        state.ui.say("Trying to remove ephemeral keys from authorized_keys files");
        // A key's line ends in its name. As in the reference, a machine where this does not work is no fault of the build.
        let name = temporary.name.replace(['/', '\'', '\\'], ".");
        let own = format!("sed -i.bak '/ {name}$/d' ~/.ssh/authorized_keys; rm ~/.ssh/authorized_keys.bak");
        let root =
            format!("sudo sed -i.bak '/ {name}$/d' /root/.ssh/authorized_keys; sudo rm /root/.ssh/authorized_keys.bak");
        for line in [own, root] {
            match run(state, line).await {
                Ok(0) => {}
                Ok(status) => tracing::warn!(status, "keys may be left on the machine"),
                Err(ComponentError::Cancelled) => return Err(ComponentError::Cancelled),
                Err(error) => tracing::warn!(%error, "keys may be left on the machine"),
            }
        }
        Ok(())
    }

    async fn cleanup(&self, _: &mut StepState) {}
}

async fn run(state: &StepState, line: String) -> Result<i64, ComponentError> {
    let Some(communicator) = &state.communicator else { return Ok(0) };
    let cancel: &Cancel = &state.cancel;
    communicator.start(RemoteCommand { line, ..RemoteCommand::default() }, cancel).await?.await
}
