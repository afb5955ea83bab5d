//! The step that waits for the machine.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use planner::duration::GoDuration;

use super::keys::Made;
use super::options::{Link, Options};
use super::ssh_options::SshOptions;
use crate::builtin::none_communicator::NoneCommunicator;
use crate::builtin::steps::{Step, StepState};
use crate::component::{Communicator, ComponentError};
use crate::ssh::wait::wait_for_ssh;
use crate::ssh::{Detour, Identity, Settings, SshCommunicator};
use crate::winrm::wait::wait_for_winrm;

/// Connects. With communicator `none` there is nothing to wait for.
pub(super) struct StepConnect<'b> {
    options: &'b Options,
    made: Made,
    /// What is to be hung up.
    connected: Mutex<Option<Arc<SshCommunicator>>>,
}

impl<'b> StepConnect<'b> {
    pub(super) fn new(options: &'b Options, made: Made) -> Self {
        Self { options, made, connected: Mutex::default() }
    }

    async fn once(&self, state: &StepState) -> Result<Arc<dyn Communicator>, ComponentError> {
        match &self.options.link {
            Link::None => {
                tracing::info!("communicator disabled, will not connect");
                Ok(Arc::new(NoneCommunicator))
            }
            Link::Ssh(ssh) => {
                // Its tunnels hold ports.
                let before = self.keep(None);
                hang_up(before).await;
                let settings = self.settings(ssh)?;
                let machine = wait_for_ssh(&settings, ssh.patience, &state.ui, &state.cancel).await?;
                let machine = Arc::new(machine);
                self.keep(Some(machine.clone()));
                Ok(machine)
            }
            Link::WinRm(settings) => wait_for_winrm(settings.as_ref().clone(), state.ui.as_ref(), &state.cancel).await,
            Link::Foreign(kind) => Err(ComponentError::new(format!("unknown communicator type: {kind}"))),
        }
    }

    fn keep(&self, machine: Option<Arc<SshCommunicator>>) -> Option<Arc<SshCommunicator>> {
        std::mem::replace(&mut *self.connected.lock().unwrap_or_else(PoisonError::into_inner), machine)
    }

    /// What is known now that the machine is to be reached.
    fn settings(&self, ssh: &SshOptions) -> Result<Settings, ComponentError> {
        let mut settings = ssh.settings.clone();
        let agent = || match &ssh.agent {
            Some(path) => Ok(Some(path.clone())),
            None => Err(ComponentError::new(
                "SSH_AUTH_SOCK is not set, so that no SSH agent can be asked; start one and add the key, or name a key file",
            )),
        };
        if ssh.agent_auth {
            settings.target.credentials.agent = agent()?;
        }
        if let (true, Detour::Bastion(hop)) = (ssh.bastion_agent_auth, &mut settings.detour) {
            hop.credentials.agent = agent()?;
        }
        if let Some(pair) = self.made.get() {
            settings.target.credentials.identities.push(Identity { key: pair.key.clone(), certificate: None });
        }
        Ok(settings)
    }
}

async fn hang_up(machine: Option<Arc<SshCommunicator>>) {
    if let Some(machine) = machine {
        machine.close().await;
    }
}

#[async_trait]
impl Step for StepConnect<'_> {
    fn name(&self) -> &'static str {
        "StepConnect"
    }

    async fn run(&self, state: &mut StepState) -> Result<(), ComponentError> {
        let mut communicator = self.once(state).await?;
        if let Some(pause) = self.options.pause_before_connecting.filter(|pause| *pause > Duration::ZERO)
            && !matches!(self.options.link, Link::None)
        {
            state.ui.say(&format!("Pausing {} before connecting...", GoDuration::from(pause)));
            tokio::select! {
                biased;
                () = state.cancel.stopping() => return Err(ComponentError::Cancelled),
                () = tokio::time::sleep(pause) => {}
            }
            drop(communicator);
            communicator = self.once(state).await?;
        }
        state.communicator = Some(communicator);
        Ok(())
    }

    async fn cleanup(&self, _: &mut StepState) {
        let machine = self.keep(None);
        hang_up(machine).await;
    }
}
