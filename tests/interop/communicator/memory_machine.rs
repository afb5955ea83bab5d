//! A machine of our own: files in memory, and a shell that knows three commands.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use engine::Cancel;
use plugins::component::{Communicator, ComponentError, FileInfo, RemoteCommand, Running, Sink, Source};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A folder's copy, as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FolderCopy {
    pub(crate) is_upload: bool,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) exclude: Vec<String>,
}

/// A file's content, and what was said of it.
type File = (Vec<u8>, Option<FileInfo>);

/// The machine, and what was done to it.
#[derive(Default)]
pub(crate) struct MemoryMachine {
    pub(crate) files: Mutex<BTreeMap<String, File>>,
    pub(crate) folders: Mutex<Vec<FolderCopy>>,
}

fn failed<T>(text: impl Into<String>) -> Result<T, ComponentError> {
    Err(ComponentError::new(text))
}

#[async_trait]
impl Communicator for MemoryMachine {
    /// `upper` gives its input in upper case, `exit N` ends so, `fail` says something and loses its connection.
    async fn start(&self, command: RemoteCommand, _: &Cancel) -> Result<Running, ComponentError> {
        let RemoteCommand { line, stdin, stdout, stderr } = command;
        let (mut stdout, mut stderr) = (stdout.unwrap(), stderr.unwrap());
        let (name, argument) = line.split_once(' ').unwrap_or((&line, ""));
        let status = match (name, argument.parse::<i64>()) {
            ("upper", _) => 0,
            ("exit", Ok(status)) => status,
            ("fail", _) => 1,
            _ => return failed(format!("sh: {line}: not found \u{1f600}")),
        };
        let fails = name == "fail";
        Ok(Box::pin(async move {
            let mut text = String::new();
            if let Some(mut stdin) = stdin {
                stdin.read_to_string(&mut text).await.unwrap();
            }
            stdout.write_all(text.to_uppercase().as_bytes()).await.unwrap();
            stderr.write_all(format!("{line} is done\n").as_bytes()).await.unwrap();
            if fails {
                return failed("the connection is lost");
            }
            stdout.shutdown().await.unwrap();
            stderr.shutdown().await.unwrap();
            Ok(status)
        }))
    }

    async fn upload(
        &self,
        path: &str,
        content: &mut Source<'_>,
        info: Option<&FileInfo>,
        _: &Cancel,
    ) -> Result<(), ComponentError> {
        if path.starts_with("/full") {
            return failed("no space left");
        }
        let mut bytes = Vec::new();
        if let Err(error) = content.read_to_end(&mut bytes).await {
            return failed(error.to_string());
        }
        self.files.lock().unwrap().insert(path.to_owned(), (bytes, info.cloned()));
        Ok(())
    }

    async fn download(&self, path: &str, content: &mut Sink<'_>, _: &Cancel) -> Result<(), ComponentError> {
        let file = self.files.lock().unwrap().get(path).cloned();
        let Some((bytes, _)) = file else { return failed(format!("{path}: no such file")) };
        content.write_all(&bytes).await.map_err(|error| ComponentError::new(error.to_string()))
    }

    async fn upload_dir(&self, to: &str, from: &str, exclude: &[String], _: &Cancel) -> Result<(), ComponentError> {
        self.folder(true, from, to, exclude)
    }

    async fn download_dir(&self, from: &str, to: &str, exclude: &[String], _: &Cancel) -> Result<(), ComponentError> {
        self.folder(false, from, to, exclude)
    }
}

impl MemoryMachine {
    fn folder(&self, is_upload: bool, from: &str, to: &str, exclude: &[String]) -> Result<(), ComponentError> {
        if from == "missing" {
            return failed("missing: no such folder");
        }
        let copy = FolderCopy { is_upload, from: from.to_owned(), to: to.to_owned(), exclude: exclude.to_vec() };
        self.folders.lock().unwrap().push(copy);
        Ok(())
    }
}
