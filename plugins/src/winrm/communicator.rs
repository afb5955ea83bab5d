//! The communicator.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::Cancel;

use crate::component::{Communicator, ComponentError, FileInfo, RemoteCommand, Running, Sink, Source};
use crate::winrm::download::take_file;
use crate::winrm::execution::{Execution, Streams};
use crate::winrm::folder;
use crate::winrm::powershell::quoted;
use crate::winrm::script_run::run;
use crate::winrm::scripts::{RECEIVE_FILES, SEND_FILE};
use crate::winrm::service::Service;
use crate::winrm::settings::Settings;
use crate::winrm::shell::Shell;
use crate::winrm::upload::{send_entries, send_file};

/// A machine reached over WinRM.
pub struct WinRm {
    service: Arc<Service>,
}

impl WinRm {
    /// Checks the settings. Connects to nothing yet.
    ///
    /// # Errors
    ///
    /// Settings that no client can be made of.
    pub fn new(settings: Settings) -> Result<Self, ComponentError> {
        Ok(Self { service: Arc::new(Service::new(settings)?) })
    }

    pub(super) fn service(&self) -> &Arc<Service> {
        &self.service
    }
}

#[async_trait]
impl Communicator for WinRm {
    async fn start(&self, command: RemoteCommand, cancel: &Cancel) -> Result<Running, ComponentError> {
        let (streams, line) = Streams::of(command);
        let console = streams.stdin.is_none();
        let started = async {
            let shell = Shell::open(&self.service, cancel).await?;
            Execution::start(shell, &line, console, cancel).await
        };
        let host = self.service.settings().host.clone();
        let execution = started.await.map_err(|fault| fault.during(&format!("cannot start a command on {host}")))?;
        let cancel = cancel.clone();
        Ok(Box::pin(async move {
            let ended = execution.finish(streams, &cancel).await;
            ended.map_err(|fault| fault.during(&format!("the command on {host}")))
        }))
    }

    async fn upload(
        &self,
        path: &str,
        content: &mut Source<'_>,
        info: Option<&FileInfo>,
        cancel: &Cancel,
    ) -> Result<(), ComponentError> {
        let mut path = path.to_owned();
        if path.ends_with('\\') {
            let info = info.ok_or_else(|| ComponentError::new("Was unable to infer file basename for upload."))?;
            path.push_str(&info.name);
        }
        let path = path.replace('/', "\\");
        let uploaded = run(&self.service, RECEIVE_FILES, true, cancel, |ends| send_file(ends, &path, content)).await;
        uploaded.map_err(|fault| fault.during(&format!("Error uploading file to {path}")))
    }

    async fn download(&self, path: &str, content: &mut Sink<'_>, cancel: &Cancel) -> Result<(), ComponentError> {
        // In base64, the name needs no quotes that PowerShell could see otherwise than we do.
        let coded = quoted(&STANDARD.encode(path.replace('/', "\\")));
        let script =
            format!("$name = [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String({coded})){SEND_FILE}");
        let downloaded = run(&self.service, &script, false, cancel, |ends| take_file(ends, content)).await;
        downloaded.map_err(|fault| fault.during(&format!("Error downloading file {path}")))
    }

    async fn upload_dir(
        &self,
        to: &str,
        from: &str,
        exclude: &[String],
        cancel: &Cancel,
    ) -> Result<(), ComponentError> {
        let mut to = to.trim_end_matches(['\\', '/']).replace('/', "\\");
        let folder = Path::new(from).to_owned();
        if !from.ends_with('/') {
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            to = format!("{to}\\{name}");
        }
        let failed = |why: String| ComponentError::new(format!("Error uploading folder {from} to {to}: {why}"));
        let (root, exclude) = (folder.clone(), exclude.to_vec());
        let listing = tokio::task::spawn_blocking(move || folder::entries(&root, &exclude));
        let entries = listing.await.map_err(|error| failed(error.to_string()))?.map_err(failed)?;
        let uploaded =
            run(&self.service, RECEIVE_FILES, true, cancel, |ends| send_entries(ends, &to, &folder, &entries)).await;
        uploaded.map_err(|fault| fault.during(&format!("Error uploading folder {from} to {to}")))
    }

    async fn download_dir(&self, _: &str, _: &str, _: &[String], _: &Cancel) -> Result<(), ComponentError> {
        Err(ComponentError::new("WinRM doesn't support download dir."))
    }
}
