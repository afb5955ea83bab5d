//! A machine that keeps what it is told and answers from a list.

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;
use engine::Cancel;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::component::{Communicator, ComponentError, FileInfo, RemoteCommand, Running, Sink, Source};

/// How one call goes.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// A command ends with this status, having written these; other calls succeed.
    Ends(i64, &'static str, &'static str),
    /// The call fails.
    Refuses(&'static str),
    /// A command starts and then fails; other calls fail at once.
    Breaks(&'static str),
    /// Nothing happens until the run is stopping.
    Hangs,
    /// Nothing happens, whatever one does.
    Ignores,
}

/// One upload: path, content, permissions.
pub(crate) type Uploaded = (String, Vec<u8>, Option<u32>);

/// The machine. What no answer is left for succeeds with nothing to say.
#[derive(Default)]
pub(crate) struct ScriptedMachine {
    pub(crate) commands: Mutex<Vec<String>>,
    pub(crate) uploads: Mutex<Vec<Uploaded>>,
    command_answers: Mutex<VecDeque<Answer>>,
    transfer_answers: Mutex<VecDeque<Answer>>,
}

impl ScriptedMachine {
    /// One whose commands, and whose transfers, go like this.
    pub(crate) fn answering(commands: &[Answer], transfers: &[Answer]) -> Self {
        Self {
            command_answers: Mutex::new(commands.iter().cloned().collect()),
            transfer_answers: Mutex::new(transfers.iter().cloned().collect()),
            ..Self::default()
        }
    }

    pub(crate) fn commands(&self) -> Vec<String> {
        self.commands.lock().unwrap().clone()
    }

    /// The content of the last file that was written to `path`.
    pub(crate) fn content(&self, path: &str) -> String {
        let uploads = self.uploads.lock().unwrap();
        let (_, content, _) = uploads.iter().rfind(|(to, ..)| to == path).unwrap_or_else(|| panic!("no {path}"));
        String::from_utf8(content.clone()).unwrap()
    }

    /// The paths that were written to, in order.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.uploads.lock().unwrap().iter().map(|(path, ..)| path.clone()).collect()
    }

    async fn transfer(&self, cancel: &Cancel) -> Result<(), ComponentError> {
        let answer = self.transfer_answers.lock().unwrap().pop_front();
        match answer {
            None | Some(Answer::Ends(..)) => Ok(()),
            Some(Answer::Refuses(text) | Answer::Breaks(text)) => Err(ComponentError::new(text)),
            Some(Answer::Hangs) => stopped(cancel.clone()).await,
            Some(Answer::Ignores) => std::future::pending().await,
        }
    }
}

async fn stopped<T>(cancel: Cancel) -> Result<T, ComponentError> {
    cancel.stopping().await;
    Err(ComponentError::Cancelled)
}

#[async_trait]
impl Communicator for ScriptedMachine {
    async fn start(&self, command: RemoteCommand, cancel: &Cancel) -> Result<Running, ComponentError> {
        self.commands.lock().unwrap().push(command.line.clone());
        let answer = self.command_answers.lock().unwrap().pop_front().unwrap_or(Answer::Ends(0, "", ""));
        let cancel = cancel.clone();
        match answer {
            Answer::Refuses(text) => Err(ComponentError::new(text)),
            Answer::Breaks(text) => Ok(Box::pin(async move { Err(ComponentError::new(text)) })),
            Answer::Hangs => Ok(Box::pin(stopped(cancel))),
            Answer::Ignores => Ok(Box::pin(std::future::pending())),
            Answer::Ends(status, out, err) => Ok(Box::pin(async move {
                for (sink, text) in [(command.stdout, out), (command.stderr, err)] {
                    if let Some(mut sink) = sink {
                        sink.write_all(text.as_bytes()).await.unwrap();
                        sink.shutdown().await.unwrap();
                    }
                }
                Ok(status)
            })),
        }
    }

    async fn upload(
        &self,
        path: &str,
        content: &mut Source<'_>,
        info: Option<&FileInfo>,
        cancel: &Cancel,
    ) -> Result<(), ComponentError> {
        self.transfer(cancel).await?;
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes).await.map_err(|error| ComponentError::new(error.to_string()))?;
        if let Some(info) = info {
            assert_eq!(info.size, i64::try_from(bytes.len()).unwrap(), "the size was told before");
        }
        self.uploads.lock().unwrap().push((path.to_owned(), bytes, info.map(|info| info.mode)));
        Ok(())
    }

    async fn download(&self, path: &str, content: &mut Sink<'_>, cancel: &Cancel) -> Result<(), ComponentError> {
        content.write_all(format!("content of {path}").as_bytes()).await.unwrap();
        self.transfer(cancel).await
    }

    async fn upload_dir(&self, to: &str, from: &str, _: &[String], cancel: &Cancel) -> Result<(), ComponentError> {
        self.commands.lock().unwrap().push(format!("upload_dir {from} {to}"));
        self.transfer(cancel).await
    }

    async fn download_dir(&self, from: &str, to: &str, _: &[String], cancel: &Cancel) -> Result<(), ComponentError> {
        self.commands.lock().unwrap().push(format!("download_dir {from} {to}"));
        self.transfer(cancel).await
    }
}
