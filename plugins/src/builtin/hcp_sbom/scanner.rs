//! Makes a bill of materials on the machine: a release of Packer for it is fetched here, put there, run, and taken away.

use std::path::Path;
use std::sync::Arc;

use engine::Cancel;
use planner::interpolate::RunData;
use planner::value::quote;

use super::command::{UNIX, WINDOWS, with_task, word, words};
use super::config::{Config, Scan};
use super::guest::Guest;
use crate::builtin::powershell::elevated::elevate;
use crate::component::{BuildData, Communicator, ComponentError, Ui};
use crate::download::step::unwatched;
use crate::download::web::{Patience, Web};
use crate::offload::offload;
use crate::releases::core::{fetch_newest, program};
use crate::releases::official::Official;
use crate::remote::command::run;
use crate::remote::lines::Audience;
use crate::remote::patience::tidy;
use crate::remote::transfer::{upload_bytes, upload_file};

/// One run of the scanner.
pub(super) struct Scanner<'a> {
    pub(super) config: &'a Config,
    pub(super) scan: &'a Scan,
    pub(super) machine: &'a dyn Communicator,
    pub(super) ui: Arc<dyn Ui>,
    pub(super) data: &'a BuildData,
    pub(super) cancel: &'a Cancel,
}

/// Where things are on the machine.
struct Places {
    /// What is written there.
    upload: &'static str,
    /// The program.
    program: &'static str,
    output: &'static str,
    /// Removes all of it.
    cleanup: &'static str,
}

const ON_UNIX: Places = Places {
    upload: "/tmp/packer-sbom-runner",
    program: "/tmp/packer-sbom-runner",
    output: "/tmp/packer-sbom.json",
    cleanup: "rm -f /tmp/packer-sbom-runner /tmp/packer-sbom.json",
};

const ON_WINDOWS: Places = Places {
    upload: r"C:\Windows\Temp\packer-sbom-runner.zip",
    program: r"C:\Windows\Temp\packer-sbom-runner\packer.exe",
    output: r"C:\Windows\Temp\packer-sbom.json",
    cleanup: r#"powershell -NoProfile -NonInteractive -Command "Remove-Item -Recurse -Force -ErrorAction SilentlyContinue -LiteralPath 'C:\Windows\Temp\packer-sbom-runner.zip','C:\Windows\Temp\packer-sbom-runner','C:\Windows\Temp\packer-sbom.json'""#,
};

const EXPAND: &str = r#"powershell -NoProfile -NonInteractive -Command "$ProgressPreference = 'SilentlyContinue'; $ErrorActionPreference = 'Stop'; Expand-Archive -Force -LiteralPath 'C:\Windows\Temp\packer-sbom-runner.zip' -DestinationPath 'C:\Windows\Temp\packer-sbom-runner'""#;

impl Scanner<'_> {
    /// The document. Nothing is left on the machine, whatever happens.
    pub(super) async fn document(&self) -> Result<Vec<u8>, ComponentError> {
        self.ui.say("Automatic SBOM generation enabled");
        let guest = Guest::ask(self.machine, self.data, self.cancel).await?;
        self.ui.say(&format!("Detected: OS={}, Arch={}", guest.os, guest.arch));
        if self.scan.elevated.is_some() && !guest.is_windows() {
            return Err(ComponentError::new("elevated_user is for machines with Windows; use execute_command here"));
        }
        self.ui.say("Starting Automatic SBOM generation workflow...");
        let places = if guest.is_windows() { &ON_WINDOWS } else { &ON_UNIX };
        let document = self.scanned(&guest, places).await;
        let tidied = match self.cancel.is_stopping() {
            true => tidy(self.cancel, async |cancel| self.remove(places.cleanup, &cancel).await).await.map(Ok),
            false => Some(self.remove(places.cleanup, self.cancel).await),
        };
        if let Some(Err(error)) = tidied {
            self.ui.error(&format!("What the scanner needed may still be on the machine: {error}"));
        }
        if document.is_ok() {
            self.ui.say("Automatic SBOM generation completed successfully");
        }
        document
    }

    async fn scanned(&self, guest: &Guest, places: &Places) -> Result<Vec<u8>, ComponentError> {
        self.install(guest, places).await?;
        let path = &self.scan.path;
        self.ui.say(&format!("Running scanner on remote host (scanning {path})..."));
        let command = self.command(guest, places)?;
        match &self.scan.elevated {
            Some((user, password)) => self.run_elevated(&command, user, password).await?,
            None => self.run("the scanner", &command).await?,
        }
        super::provisioner::fetch(self.machine, places.output, self.cancel).await
    }

    /// Fetches the program, and puts it on the machine.
    async fn install(&self, guest: &Guest, places: &Places) -> Result<(), ComponentError> {
        let failed = |error: &dyn std::fmt::Display| ComponentError::new(format!("cannot get packer: {error}"));
        let environment = &self.config.context.environment;
        let web = Web::new(environment, Patience::default()).map_err(|error| failed(&error))?;
        let official = Official::from_environment(environment, web).map_err(|error| failed(&error))?;
        let (core, (os, arch)) = (official.core(), (guest.os, guest.arch));
        let from = core.shown("").trim_end_matches("/packer/").to_owned();
        self.ui.say(&format!("Downloading latest Packer release for {os}/{arch} from {from}..."));
        let (platform, watch) = (guest.platform(), unwatched());
        let fetched = tokio::select! {
            biased;
            () = self.cancel.stopping() => return Err(ComponentError::Cancelled),
            fetched = fetch_newest(core, &platform, &watch) => fetched.map_err(|error| failed(&error))?,
        };
        tracing::info!("packer {} scans the machine", fetched.version);
        if guest.is_windows() {
            let mut archive = tokio::fs::File::from_std(fetched.file);
            crate::remote::transfer::upload(self.machine, places.upload, &mut archive, None, self.cancel).await?;
            return self.run("unpacking the scanner", EXPAND).await;
        }
        let program = offload(move || program(fetched.file, "packer").map_err(|error| failed(&error))).await?;
        let path: &Path = &program;
        upload_file(self.machine, places.upload, path, self.ui.as_ref(), self.cancel).await
    }

    /// What the machine is told.
    fn command(&self, guest: &Guest, places: &Places) -> Result<String, ComponentError> {
        let is_windows = guest.is_windows();
        let usual = if is_windows { WINDOWS } else { UNIX };
        let template = if self.scan.execute_command.is_empty() { usual } else { &self.scan.execute_command };
        let data = RunData::new(self.data)
            .with("Path", places.program)
            .with("Args", &words(&self.scan.args, is_windows))
            .with("ScanPath", &word(&self.scan.path, is_windows))
            .with("Output", places.output);
        let rendered = self.config.interpolation.at_run(&with_task(template), &data);
        rendered.map_err(|error| ComponentError::new(format!("error processing execute_command: {error}")))
    }

    async fn run(&self, what: &str, line: &str) -> Result<(), ComponentError> {
        match self.status(line, self.cancel).await? {
            0 => Ok(()),
            status => Err(ComponentError::new(format!("{what} ended with status {status}"))),
        }
    }

    async fn status(&self, line: &str, cancel: &Cancel) -> Result<i64, ComponentError> {
        let audience = Audience { ui: self.ui.clone(), secrets: self.config.context.secrets.clone() };
        run(self.machine, line, &audience, cancel).await
    }

    /// A shell of its own, so that the command's redirection is not the task's.
    async fn run_elevated(&self, command: &str, user: &str, password: &str) -> Result<(), ComponentError> {
        self.config.context.secrets.hide_password(password, user);
        let task = elevate(&format!("cmd /c \"{command}\""), user, password);
        upload_bytes(self.machine, &task.path, task.script.as_bytes(), None, self.cancel).await?;
        let done = self.run("the scanner", &task.line).await;
        let line = format!(
            "powershell -NoProfile -NonInteractive -Command \"Remove-Item -Force -LiteralPath '{}'\"",
            task.path
        );
        match self.cancel.is_stopping() {
            true => drop(tidy(self.cancel, async |cancel| self.remove(&line, &cancel).await).await),
            // It has a password in it.
            false => self.remove(&line, self.cancel).await?,
        }
        done
    }

    async fn remove(&self, line: &str, cancel: &Cancel) -> Result<(), ComponentError> {
        match self.status(line, cancel).await? {
            0 => Ok(()),
            status => Err(ComponentError::new(format!("{} ended with status {status}", quote(line)))),
        }
    }
}
