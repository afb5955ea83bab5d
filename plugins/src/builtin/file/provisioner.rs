//! The provisioner.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use engine::Cancel;
use planner::interpolate::RunData;
use planner::value::Value;
use uuid::Uuid;

use super::config::{Options, Transfer};
use crate::component::{BuildData, Communicator, ComponentContext, ComponentError, Provisioner, Ui};
use crate::io_fault::{os_words, words_and_advice};
use crate::journal::Recorder;
use crate::remote::transfer::{base_name, download_file, upload_bytes, upload_file};

/// What a machine says when it took the name of a folder for that of a file.
const FOLDER_AS_FILE: &str = "Error restoring file";
/// A text may be a secret.
const CONTENT_MODE: u32 = 0o600;

/// The provisioner.
#[derive(Debug, Default)]
pub struct FileProvisioner {
    prepared: Option<Options>,
}

#[async_trait]
impl Provisioner for FileProvisioner {
    async fn prepare(&mut self, config: &Value, context: &ComponentContext) -> Result<Vec<String>, ComponentError> {
        self.prepared = Some(Options::read(config, context)?);
        Ok(Vec::new())
    }

    async fn provision(
        &self,
        ui: Arc<dyn Ui>,
        communicator: Arc<dyn Communicator>,
        data: &BuildData,
        cancel: &Cancel,
    ) -> Result<(), ComponentError> {
        let Some(options) = &self.prepared else { return Err(ComponentError::new("file was not prepared")) };
        let data = RunData::new(data);
        let render = |text: &str| {
            let text = options.interpolation.at_run(text, &data);
            text.map_err(|error| ComponentError::new(error.to_string()))
        };
        let run = Run {
            machine: communicator.as_ref(),
            ui: ui.as_ref(),
            working_dir: &options.context.working_dir,
            recorder: &options.context.recorder,
            destination: &render(&options.destination)?,
            cancel,
        };
        match &options.transfer {
            Transfer::Content(content) => run.upload_content(content).await,
            Transfer::Upload(sources) => {
                for source in sources {
                    run.upload(&render(source)?).await?;
                }
                Ok(())
            }
            Transfer::Download(sources) => {
                for source in sources {
                    run.download(&render(source)?).await?;
                }
                Ok(())
            }
        }
    }
}

struct Run<'a> {
    machine: &'a dyn Communicator,
    ui: &'a dyn Ui,
    working_dir: &'a PathBuf,
    recorder: &'a Recorder,
    destination: &'a str,
    cancel: &'a Cancel,
}

impl Run<'_> {
    /// Nothing is written on our side, so that nothing can be left there.
    async fn upload_content(&self, content: &str) -> Result<(), ComponentError> {
        self.ui.say(&format!("Uploading content => {}", self.destination));
        // Like a file of our own, which would have a name that nobody knows.
        let name = format!("pkr-file-content{}", Uuid::new_v4().as_u128() % 10_000_000_000);
        let path = self.file_at_destination(&name);
        let done = upload_bytes(self.machine, &path, content.as_bytes(), Some(CONTENT_MODE), self.cancel).await;
        done.map_err(|error| self.failed("Upload", error))
    }

    async fn upload(&self, source: &str) -> Result<(), ComponentError> {
        self.ui.say(&format!("Uploading {source} => {}", self.destination));
        let local = self.working_dir.join(source);
        let meta = tokio::fs::metadata(&local).await.map_err(|error| {
            ComponentError::new(format!("Bad source '{source}': stat {source}: {}", os_words(&error)))
        })?;
        let done = if meta.is_dir() {
            // The final slash says whether the folder goes or what is in it.
            let slash = if source.ends_with('/') { "/" } else { "" };
            let from = format!("{}{slash}", local.components().collect::<PathBuf>().display());
            self.machine.upload_dir(self.destination, &from, &[], self.cancel).await
        } else {
            let name = local.file_name().unwrap_or_default().to_string_lossy();
            let path = self.file_at_destination(&name);
            upload_file(self.machine, &path, &local, self.ui, self.cancel).await
        };
        done.map_err(|error| self.failed("Upload", error))
    }

    async fn download(&self, source: &str) -> Result<(), ComponentError> {
        let is_folder = source.ends_with('/') || source.contains(['*', '?', '[']);
        let target = match is_folder {
            true => self.destination.to_owned(),
            false => self.file_at_destination(base_name(source)),
        };
        self.ui.say(&format!("Downloading {source} => {target}"));
        let local = self.working_dir.join(&target);
        let folder = if target.ends_with('/') { Some(local.as_path()) } else { local.parent() };
        make_folder(folder.unwrap_or(self.working_dir)).await?;
        let done = if is_folder {
            self.machine.download_dir(source, &local.display().to_string(), &[], self.cancel).await
        } else {
            download_file(self.machine, source, &local, self.recorder, self.ui, self.cancel).await
        };
        done.map_err(|error| self.failed("Download", error))
    }

    /// A destination with a final slash is a folder, which the file is put into.
    fn file_at_destination(&self, name: &str) -> String {
        let destination = self.destination;
        if destination.ends_with('/') { format!("{destination}{name}") } else { destination.to_owned() }
    }

    /// Says so before the build's other failures are told.
    fn failed(&self, what: &str, error: ComponentError) -> ComponentError {
        if error == ComponentError::Cancelled {
            return error;
        }
        let text = error.to_string();
        let hint = match text.contains(FOLDER_AS_FILE) {
            true => "; this can occur when your file destination is a folder without a trailing slash.",
            false => "",
        };
        self.ui.error(&format!("{what} failed: {text}{hint}"));
        error
    }
}

async fn make_folder(folder: &Path) -> Result<(), ComponentError> {
    let mut builder = tokio::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    builder.mode(0o755);
    builder.create(folder).await.map_err(|error| {
        ComponentError::new(format!("cannot make the folder {}: {}", folder.display(), words_and_advice(&error)))
    })
}
