//! Running the scripts: variables and script to the machine, run, and in the end all of it removed.

use std::sync::{Arc, Mutex, PoisonError};

use engine::Cancel;
use planner::interpolate::{RenderError, RunData};
use uuid::Uuid;

use super::config::Options;
use super::elevated::elevate;
use super::text::{cleanup_script, escaped, inline_script};
use crate::builtin::scripts::choice::{Scripts, inline_text};
use crate::builtin::scripts::content::Content;
use crate::builtin::scripts::start::Job;
use crate::component::{BuildData, Communicator, ComponentError, Ui};
use crate::remote::lines::Audience;
use crate::remote::patience::{pause, tidy};

/// One run of the provisioner.
pub(super) struct Run<'a> {
    options: &'a Options,
    machine: &'a dyn Communicator,
    audience: Audience,
    data: RunData,
    variables: String,
    /// What was written on the machine, in order.
    left: Mutex<Vec<String>>,
    cancel: &'a Cancel,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        options: &'a Options,
        machine: &'a dyn Communicator,
        ui: Arc<dyn Ui>,
        data: &BuildData,
        cancel: &'a Cancel,
    ) -> Result<Self, ComponentError> {
        let run_data = RunData::new(data);
        let variables = options.environment.variables(&options.interpolation, data, &run_data);
        let variables = options.env_format.write_all(&variables.map_err(failed)?, escaped);
        let audience = Audience { ui, secrets: options.context.secrets.clone() };
        Ok(Self { options, machine, audience, data: run_data, variables, left: Mutex::default(), cancel })
    }

    /// Everything, up to the first failure. What failed stays for whoever looks into it.
    pub(super) async fn all(&self) -> Result<(), ComponentError> {
        self.audience.ui.say("Provisioning with Powershell...");
        let done = self.scripts().await;
        if !self.options.skip_clean {
            if done.is_ok() {
                self.clean(self.cancel).await?;
            } else if self.cancel.is_stopping() {
                tidy(self.cancel, async |cancel| self.clean(&cancel).await).await;
            }
        }
        done?;
        if self.options.pause_after.is_positive() {
            self.audience.ui.say(&format!("Pausing {} after this provisioner...", self.options.pause_after));
            pause(self.options.pause_after.to_std(), self.cancel).await?;
        }
        Ok(())
    }

    async fn scripts(&self) -> Result<(), ComponentError> {
        match &self.options.scripts {
            Scripts::Inline(lines) => {
                let lines = inline_text(lines, &self.options.interpolation, &self.data).map_err(failed)?;
                let text = inline_script(&lines, &self.variables, self.options.debug_mode);
                self.script("inline script", self.options.remote_path.of(None), &Content::text(text)).await
            }
            Scripts::Files(files) => {
                for file in files {
                    let content = Content::file(&self.options.context.working_dir.join(file)).await?;
                    self.script(file, self.options.remote_path.of(Some(file)), &content).await?;
                }
                Ok(())
            }
        }
    }

    async fn script(&self, name: &str, path: String, content: &Content) -> Result<(), ComponentError> {
        self.audience.ui.say(&format!("Provisioning with powershell script: {name}"));
        let variables = Content::text(self.variables.clone());
        let mut files = vec![(self.options.remote_env_var_path.clone(), &variables), (path.clone(), content)];
        let wrapper;
        let line = match &self.options.user {
            None => self.line(&self.options.execute_command, &path)?,
            Some(user) => {
                let command = self.line(&self.options.elevated_execute_command, &path)?;
                let render = |text: &str| self.options.interpolation.at_run(text, &self.data).map_err(failed);
                let (name, password) = (render(&user.name)?, render(&user.password)?);
                // It may have come with the machine.
                self.audience.secrets.hide_password(&password, &name);
                let elevated = elevate(&command, &name, &password);
                wrapper = Content::text(elevated.script);
                files.push((elevated.path, &wrapper));
                elevated.line
            }
        };
        self.left().extend(files.iter().map(|(path, _)| path.clone()));
        let status = self.job(&files, &line, self.cancel).await?;
        self.options.exit_codes.check(status)
    }

    fn line(&self, command: &str, path: &str) -> Result<String, ComponentError> {
        let data = self.data.clone().with("Path", path).with("Vars", &self.options.remote_env_var_path);
        let line = self.options.interpolation.at_run(command, &data);
        line.map_err(|error| ComponentError::new(format!("Error processing command: {error}")))
    }

    async fn job(&self, files: &[(String, &Content)], line: &str, cancel: &Cancel) -> Result<i64, ComponentError> {
        let files: Vec<_> = files.iter().map(|(path, content)| (path.as_str(), *content)).collect();
        let job = Job { files: &files, line, timeout: self.options.start_retry_timeout };
        job.start(self.machine, &self.audience, cancel).await?.await
    }

    /// Removes what was written on the machine. That it cannot be removed fails nobody's build.
    async fn clean(&self, cancel: &Cancel) -> Result<(), ComponentError> {
        let mut left = std::mem::take(&mut *self.left());
        left.sort();
        left.dedup();
        let path = format!("c:/Windows/Temp/packer-cleanup-{}.ps1", Uuid::new_v4());
        let text = cleanup_script(&left.iter().map(String::as_str).collect::<Vec<_>>(), &path);
        let line = self.line(&self.options.execute_command, &path)?;
        match self.job(&[(path, &Content::text(text))], &line, cancel).await {
            Ok(0) => {}
            Ok(status) => tracing::warn!(status, "cleaning up after powershell failed"),
            Err(_) if cancel.is_stopping() => return Err(ComponentError::Cancelled),
            Err(error) => tracing::warn!(%error, "cleaning up after powershell failed"),
        }
        Ok(())
    }

    fn left(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn failed(error: RenderError) -> ComponentError {
    ComponentError::new(error.to_string())
}
