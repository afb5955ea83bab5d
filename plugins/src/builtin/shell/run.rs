//! Running the scripts: to the machine, run, removed.
//!
//! What it costs, in calls of the communicator per script: **three**, the upload, the command, the `rm`. Packer makes a
//! fourth, `chmod 0755`, between the first two. It is left out where it changes nothing: if the machine gave the uploaded
//! file the permissions that came with it ([`Communicator::keeps_modes`]), and if the command is the default one, whose
//! first part is `chmod +x`. With a command of the author's, and a machine that knows no permissions (that of a plugin, to
//! which none are told either, as Packer does it), it is still there: `sudo {{.Path}}` would fail without. It is not put in
//! front of the command, which need not go to a POSIX shell. The file of variables is removed with the last script.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::Cancel;
use planner::interpolate::{RenderError, RunData};

use super::config::Options;
use crate::builtin::scripts::choice::{Scripts, inline_text};
use crate::builtin::scripts::content::Content;
use crate::builtin::scripts::start::about;
use crate::component::{BuildData, Communicator, ComponentError, DISCONNECTED, FileInfo, Running, Ui};
use crate::remote::command::{self, capture};
use crate::remote::lines::Audience;
use crate::remote::patience::{Patience, pause, tidy};
use crate::remote::transfer::{base_name, upload};

const UNEXPECTED: &str = "Script disconnected unexpectedly. If you expected your script to disconnect, i.e. from a \
                          restart, you can try adding `\"expect_disconnect\": true` or `\"valid_exit_codes\": [0, 2300218]` \
                          to the shell provisioner parameters.";

/// One run of the provisioner.
pub(super) struct Run<'a> {
    options: &'a Options,
    machine: &'a dyn Communicator,
    audience: Audience,
    data: RunData,
    variables: String,
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
        let variables: BTreeMap<_, _> = variables.map_err(|error| failed(&error))?;
        let variables = options.env_format.write_all(&variables, |value| value.replace('\'', "'\"'\"'"));
        let audience = Audience { ui, secrets: options.context.secrets.clone() };
        Ok(Self { options, machine, audience, data: run_data, variables, cancel })
    }

    /// Everything, up to the first failure.
    pub(super) async fn all(&self) -> Result<(), ComponentError> {
        let done = self.scripts().await;
        if self.cancel.is_stopping() && done.is_err() && !self.options.skip_clean {
            // What failed stays for whoever looks into it; what was interrupted is of no use to anybody.
            let left = self.removal(true);
            tidy(self.cancel, async |cancel| capture(self.machine, &left, 0, &cancel).await).await;
        }
        done?;
        if self.options.pause_after.is_positive() {
            self.audience.ui.say(&format!("Pausing {} after this provisioner...", self.options.pause_after));
            pause(self.options.pause_after.to_std(), self.cancel).await?;
        }
        Ok(())
    }

    async fn scripts(&self) -> Result<(), ComponentError> {
        if let Some(env_file) = &self.options.env_file {
            self.upload_env_file(env_file).await?;
        }
        match &self.options.scripts {
            Scripts::Inline(lines) => {
                self.script("inline script", &Content::text(self.inline(lines)?), true).await?;
            }
            Scripts::Files(files) => {
                for (index, file) in files.iter().enumerate() {
                    let path = self.options.context.working_dir.join(file);
                    let content = match self.options.binary {
                        true => Content::file(&path).await?,
                        false => Content::unix_file(&path).await?,
                    };
                    self.script(file, &content, index + 1 == files.len()).await?;
                }
            }
        }
        Ok(())
    }

    fn ui(&self) -> &dyn Ui {
        self.audience.ui.as_ref()
    }

    fn inline(&self, lines: &[String]) -> Result<String, ComponentError> {
        let text = inline_text(lines, &self.options.interpolation, &self.data).map_err(|error| failed(&error))?;
        Ok(match &self.options.inline_shebang {
            Some(shebang) => format!("#!{shebang}\n{text}"),
            None if text.starts_with("#!") => text,
            None => format!("#!/bin/sh -e\n{text}"),
        })
    }

    async fn script(&self, name: &str, content: &Content, is_last: bool) -> Result<(), ComponentError> {
        self.audience.ui.say(&format!("Provisioning with shell script: {name}"));
        let data = self.data.clone().with("Vars", &self.variables).with("Path", &self.options.remote_path);
        let data = data.with("EnvVarFile", self.options.env_file.as_deref().unwrap_or_default());
        let line = self.options.interpolation.at_run(&self.options.execute_command, &data);
        let line = line.map_err(|error| ComponentError::new(format!("Error processing command: {error}")))?;
        let status = self.start(content, &line).await?.await?;
        match status {
            DISCONNECTED if self.options.expect_disconnect || self.options.exit_codes.allow(DISCONNECTED) => {}
            DISCONNECTED => return Err(ComponentError::new(UNEXPECTED)),
            status => self.options.exit_codes.check(status)?,
        }
        if self.options.skip_clean { Ok(()) } else { self.remove(is_last).await }
    }

    /// Tries until the script is on the machine and has begun; never again after that.
    async fn start(&self, content: &Content, line: &str) -> Result<Running, ComponentError> {
        let mut patience = Patience::new(self.options.start_retry_timeout);
        loop {
            match self.try_to_start(content, line, &patience).await? {
                Ok(running) => return Ok(running),
                Err(error) => patience.after(error, self.ui(), self.cancel).await?,
            }
        }
    }

    /// The outer error is one that will not go away.
    async fn try_to_start(
        &self,
        content: &Content,
        line: &str,
        patience: &Patience,
    ) -> Result<Result<Running, ComponentError>, ComponentError> {
        let path = &self.options.remote_path;
        let mut reader = content.open().await?;
        let info = content.info(base_name(path), 0o755);
        let info = self.machine.keeps_modes().then_some(&info);
        let uploaded = patience
            .limit("uploading the script", self.cancel, async |cancel| {
                upload(self.machine, path, &mut reader, info, &cancel).await
            })
            .await;
        if let Err(error) = uploaded {
            return Ok(Err(about("Error uploading script", error)));
        }
        if info.is_none() && !self.options.makes_executable {
            let chmod = format!("chmod 0755 {}", word(path));
            if let Err(error) = self.quietly(&chmod, patience).await {
                return Ok(Err(about("Error chmodding script file to 0755 in remote machine", error)));
            }
        }
        // Without a limit: machines of plugins may say that a command has started when it has ended.
        Ok(command::start(self.machine, line, &self.audience, self.cancel).await)
    }

    async fn upload_env_file(&self, path: &str) -> Result<(), ComponentError> {
        let mut patience = Patience::new(self.options.start_retry_timeout);
        let content = Content::text(self.variables.clone());
        let info = content.info(base_name(path), 0o600);
        loop {
            match self.try_env_file(path, &content, &info, &patience).await {
                Ok(()) => return Ok(()),
                Err(error) => patience.after(error, self.ui(), self.cancel).await?,
            }
        }
    }

    async fn try_env_file(
        &self,
        path: &str,
        content: &Content,
        info: &FileInfo,
        patience: &Patience,
    ) -> Result<(), ComponentError> {
        let mut reader = content.open().await?;
        let info = self.machine.keeps_modes().then_some(info);
        let uploaded = patience.limit("uploading the variables", self.cancel, async |cancel| {
            upload(self.machine, path, &mut reader, info, &cancel).await
        });
        uploaded.await.map_err(|error| about("Error uploading envVarFile", error))?;
        if info.is_none() {
            let done = self.quietly(&format!("chmod 0600 {}", word(path)), patience).await;
            done.map_err(|error| about("Error chmodding environment variables file to 0600 in remote machine", error))?;
        }
        Ok(())
    }

    /// A short command whose output nobody needs, and whose status neither: `chmod` may not be there.
    async fn quietly(&self, line: &str, patience: &Patience) -> Result<i64, ComponentError> {
        let run = async |cancel: Cancel| capture(self.machine, line, 0, &cancel).await;
        patience.limit("the command", self.cancel, run).await.map(|captured| captured.status)
    }

    fn removal(&self, with_env_file: bool) -> String {
        let env_file = self.options.env_file.iter().filter(|_| with_env_file).map(|path| format!(" {}", word(path)));
        format!("rm -f {}{}", word(&self.options.remote_path), env_file.collect::<String>())
    }

    /// A script may have restarted the machine, so this also waits until it is there again.
    async fn remove(&self, with_env_file: bool) -> Result<(), ComponentError> {
        let (line, mut patience) = (self.removal(with_env_file), Patience::new(self.options.start_retry_timeout));
        let failure = format!("Error removing temporary script at {}", self.options.remote_path);
        loop {
            match self.quietly(&line, &patience).await {
                Ok(0) => return Ok(()),
                Ok(DISCONNECTED) => {
                    let error = ComponentError::new(format!("{failure}: the connection was lost"));
                    patience.after(error, self.ui(), self.cancel).await?;
                }
                Ok(_) => return Err(ComponentError::new(format!("{failure}!"))),
                Err(error) => patience.after(about(&failure, error), self.ui(), self.cancel).await?,
            }
        }
    }
}

fn failed(error: &RenderError) -> ComponentError {
    ComponentError::new(error.to_string())
}

/// A path as a word of a command line. Only what would break into several is quoted: `~` and variables are the author's.
fn word(path: &str) -> String {
    if path.contains(char::is_whitespace) { format!("'{}'", path.replace('\'', "'\"'\"'")) } else { path.to_owned() }
}
