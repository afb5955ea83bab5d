//! Any communicator, served to a plugin's provisioner.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use engine::Cancel;
use tokio::io::AsyncWriteExt;
use tokio::task::JoinSet;

use super::exit_status;
use super::messages::{Download, Folder, Start, Upload};
use crate::component::{Communicator, FileInfo, RemoteCommand, Running};
use crate::wire::mux::Mux;
use crate::wire::server::{Arguments, Reply, Service};
use crate::wire::stream::Stream;

/// Answers the methods `Communicator.*`. Commands that still run when this is dropped lose their streams.
pub struct CommunicatorService {
    communicator: Arc<dyn Communicator>,
    mux: Arc<Mux>,
    commands: Mutex<JoinSet<()>>,
    /// A call lasts as long as who made it: this is never raised.
    cancel: Cancel,
}

impl CommunicatorService {
    /// Serves `communicator` to the plugin at the other end of `mux`.
    pub fn new(communicator: Arc<dyn Communicator>, mux: Arc<Mux>) -> Self {
        Self { communicator, mux, commands: Mutex::default(), cancel: Cancel::new() }
    }

    async fn start(&self, arguments: Start) -> Result<(), String> {
        let Start { command, stdin_stream_id, stdout_stream_id, stderr_stream_id, response_stream_id } = arguments;
        let (stdin, stdout, stderr, response) = tokio::try_join!(
            self.dial_if(stdin_stream_id),
            self.dial_if(stdout_stream_id),
            self.dial_if(stderr_stream_id),
            self.dial(response_stream_id),
        )?;
        let mut command = RemoteCommand { line: command, ..RemoteCommand::default() };
        if let Some(stdin) = stdin {
            command.stdin = Some(Box::new(stdin));
        }
        if let Some(stdout) = stdout {
            command.stdout = Some(Box::new(stdout));
        }
        if let Some(stderr) = stderr {
            command.stderr = Some(Box::new(stderr));
        }
        let running = self.communicator.start(command, &self.cancel).await.map_err(|error| error.to_string())?;
        // Nothing that could panic runs while it is held.
        let mut commands = self.commands.lock().unwrap_or_else(PoisonError::into_inner);
        while commands.try_join_next().is_some() {}
        commands.spawn(report(running, response));
        Ok(())
    }

    async fn upload(&self, arguments: Upload) -> Result<(), String> {
        let mut content = self.dial(arguments.reader_stream_id).await?;
        let info: Option<FileInfo> = arguments.file_info.map(Into::into);
        let uploaded = self.communicator.upload(&arguments.path, &mut content, info.as_ref(), &self.cancel).await;
        uploaded.map_err(|error| error.to_string())
    }

    async fn download(&self, arguments: Download) -> Result<(), String> {
        let mut content = self.dial(arguments.writer_stream_id).await?;
        let downloaded = self.communicator.download(&arguments.path, &mut content, &self.cancel).await;
        downloaded.map_err(|error| error.to_string())?;
        // Who wanted it may have had enough.
        let _ = content.shutdown().await;
        Ok(())
    }

    async fn upload_dir(&self, arguments: Folder) -> Result<(), String> {
        let Folder { dst, src, exclude } = arguments;
        let uploaded = self.communicator.upload_dir(&dst, &src, &exclude.unwrap_or_default(), &self.cancel).await;
        uploaded.map_err(|error| error.to_string())
    }

    async fn download_dir(&self, arguments: Folder) -> Result<(), String> {
        let Folder { dst, src, exclude } = arguments;
        let downloaded = self.communicator.download_dir(&src, &dst, &exclude.unwrap_or_default(), &self.cancel).await;
        downloaded.map_err(|error| error.to_string())
    }

    async fn dial(&self, id: u32) -> Result<Stream, String> {
        self.mux.dial(id).await.map_err(|error| error.to_string())
    }

    async fn dial_if(&self, id: u32) -> Result<Option<Stream>, String> {
        match id {
            0 => Ok(None),
            id => self.dial(id).await.map(Some),
        }
    }
}

#[async_trait]
impl Service for CommunicatorService {
    async fn call(&self, method: &str, arguments: Arguments) -> Result<Reply, String> {
        match method {
            "Communicator.Start" => self.start(arguments.read()?).await?,
            "Communicator.Upload" => self.upload(arguments.read()?).await?,
            "Communicator.Download" => self.download(arguments.read()?).await?,
            "Communicator.UploadDir" => self.upload_dir(arguments.read()?).await?,
            "Communicator.DownloadDir" => self.download_dir(arguments.read()?).await?,
            _ => return Err(format!("rpc: can't find method {method}")),
        }
        Reply::new(&())
    }
}

/// Tells how the command ended. Where that is not known, the stream is lost without a word.
async fn report(running: Running, mut response: Stream) {
    let reported = match running.await {
        Ok(status) => exit_status::write(status, &mut response).await.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    if let Err(error) = reported {
        tracing::debug!("a plugin is not told how a command ended: {error}");
    }
}
