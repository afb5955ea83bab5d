//! Running the scripts.

use std::path::PathBuf;

use engine::Cancel;

use super::config::ShellLocal;
use planner::interpolate::{RenderError, RunData};

use crate::builtin::scripts::choice::{Scripts, inline_text};
use crate::component::{BuildData, ComponentError, Ui};
use crate::io_fault::words_and_advice;
use crate::process::{self, Invocation, ProcessError, Script};
use crate::pump::Stream;

impl ShellLocal {
    /// Runs all scripts in order, up to the first that fails.
    pub(super) async fn run(&self, ui: &dyn Ui, data: &BuildData, cancel: &Cancel) -> Result<(), ComponentError> {
        if !self.only_on.is_empty() && !self.only_on.iter().any(|system| system == go_system()) {
            ui.say("Skipping shell-local due to runtime OS");
            return Ok(());
        }
        let run_data = RunData::new(data);
        let vars = self.vars(data, &run_data).map_err(failed)?;
        match &self.scripts {
            Scripts::Inline(lines) => {
                // Removed when this function ends, however it does.
                let file = self.write_inline(lines, &run_data)?;
                self.run_script(&file.path().display().to_string(), ui, &run_data, &vars, cancel).await
            }
            Scripts::Files(files) => {
                for file in files {
                    self.run_script(file, ui, &run_data, &vars, cancel).await?;
                }
                Ok(())
            }
        }
    }

    async fn run_script(
        &self,
        script: &str,
        ui: &dyn Ui,
        data: &RunData,
        vars: &str,
        cancel: &Cancel,
    ) -> Result<(), ComponentError> {
        let path = self.context.working_dir.join(script).components().collect::<PathBuf>().display().to_string();
        let data = data.clone().with("Vars", vars).with("Script", &path).with("Command", &path);
        let mut command = Vec::with_capacity(self.execute_command.len());
        for part in &self.execute_command {
            let part = self.interpolation.at_run(part, &data);
            command.push(part.map_err(|error| ComponentError::new(format!("Error processing command: {error}")))?);
        }
        ui.say(&format!("Running local shell script: {script}"));
        let invocation = Invocation {
            program: command.remove(0),
            args: command,
            working_dir: self.context.working_dir.clone(),
            environment: self.context.environment.clone(),
            fence: self.context.fence.clone(),
            secrets: self.context.secrets.clone(),
        };
        let mut lines = |stream: Stream, line: &str| match stream {
            Stream::Out => ui.say(line),
            Stream::Err => ui.error(line),
        };
        match process::run(&invocation, &mut lines, cancel).await {
            Ok(status) => self.exit_codes.check(i64::from(status)),
            Err(ProcessError::Cancelled) => Err(ComponentError::Cancelled),
            Err(error) => {
                ui.error(&error.to_string());
                Err(ComponentError::new(format!(
                    "Error executing script: {path}\n\nPlease see output above for more information."
                )))
            }
        }
    }

    fn write_inline(&self, lines: &[String], data: &RunData) -> Result<Script, ComponentError> {
        let mut text = String::new();
        if !self.inline_shebang.is_empty() {
            text.push_str("#!");
            text.push_str(&self.inline_shebang);
            text.push('\n');
        }
        text.push_str(&inline_text(lines, &self.interpolation, data).map_err(failed)?);
        let extension = &self.tempfile_extension;
        let suffix = if extension.is_empty() { String::new() } else { format!(".{extension}") };
        let directory = self.context.temporary_dir();
        let named = ("packer-shell", &*suffix);
        process::write_script(&directory, named, text.as_bytes(), &self.context.recorder).map_err(|error| {
            ComponentError::new(format!(
                "Error preparing shell script: cannot write to {}: {}",
                directory.display(),
                words_and_advice(&error)
            ))
        })
    }

    /// The variables as one text, in the order of their names.
    fn vars(&self, data: &BuildData, run_data: &RunData) -> Result<String, RenderError> {
        let variables = self.environment.variables(&self.interpolation, data, run_data)?;
        // Values stand in single quotes; this is the way to have one inside.
        Ok(self.env_format.write_all(&variables, |value| value.replace('\'', "'\"'\"'")))
    }
}

fn failed(error: RenderError) -> ComponentError {
    ComponentError::new(error.to_string())
}

/// The name that Go has for this operating system.
fn go_system() -> &'static str {
    match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    }
}
