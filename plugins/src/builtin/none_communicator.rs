//! Communicators to nowhere: `none`, and the inert one of the `file` builder.

use async_trait::async_trait;
use engine::Cancel;

use crate::component::{Communicator, ComponentError, FileInfo, RemoteCommand, Running, Sink, Source};

/// `communicator = "none"`: commands end at once with status 0, transfers fail.
#[derive(Debug, Default)]
pub struct NoneCommunicator;

fn not_implemented(what: &str) -> Result<(), ComponentError> {
    Err(ComponentError::Unsupported(format!("{what} is not implemented when communicator = 'none'")))
}

fn succeeded() -> Running {
    Box::pin(std::future::ready(Ok(0)))
}

#[async_trait]
impl Communicator for NoneCommunicator {
    async fn start(&self, _: RemoteCommand, _: &Cancel) -> Result<Running, ComponentError> {
        Ok(succeeded())
    }

    async fn upload(
        &self,
        _: &str,
        _: &mut Source<'_>,
        _: Option<&FileInfo>,
        _: &Cancel,
    ) -> Result<(), ComponentError> {
        not_implemented("Upload")
    }

    async fn download(&self, _: &str, _: &mut Sink<'_>, _: &Cancel) -> Result<(), ComponentError> {
        not_implemented("Download")
    }

    async fn upload_dir(&self, _: &str, _: &str, _: &[String], _: &Cancel) -> Result<(), ComponentError> {
        not_implemented("UploadDir")
    }

    async fn download_dir(&self, _: &str, _: &str, _: &[String], _: &Cancel) -> Result<(), ComponentError> {
        not_implemented("DownloadDir")
    }
}

/// Stands in for a machine where there is none: everything succeeds, nothing happens.
#[derive(Debug, Default)]
pub struct InertCommunicator;

#[async_trait]
impl Communicator for InertCommunicator {
    async fn start(&self, _: RemoteCommand, _: &Cancel) -> Result<Running, ComponentError> {
        Ok(succeeded())
    }

    async fn upload(
        &self,
        _: &str,
        content: &mut Source<'_>,
        _: Option<&FileInfo>,
        cancel: &Cancel,
    ) -> Result<(), ComponentError> {
        // Whoever sends it sees it arrive.
        let mut nowhere = tokio::io::sink();
        tokio::select! {
            copied = tokio::io::copy(content, &mut nowhere) => {
                copied.map(|_| ()).map_err(|error| ComponentError::new(error.to_string()))
            }
            () = cancel.stopping() => Err(ComponentError::Cancelled),
        }
    }

    async fn download(&self, _: &str, _: &mut Sink<'_>, _: &Cancel) -> Result<(), ComponentError> {
        Ok(())
    }

    async fn upload_dir(&self, _: &str, _: &str, _: &[String], _: &Cancel) -> Result<(), ComponentError> {
        Ok(())
    }

    async fn download_dir(&self, _: &str, _: &str, _: &[String], _: &Cancel) -> Result<(), ComponentError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn none_runs_everything_and_moves_nothing() {
        let (none, cancel) = (NoneCommunicator, Cancel::new());
        let command = RemoteCommand { line: "exit 3".to_owned(), ..RemoteCommand::default() };
        assert_eq!(none.start(command, &cancel).await.unwrap().await, Ok(0));
        let failures = [
            (none.upload("f", &mut &b"x"[..], None, &cancel).await, "Upload"),
            (none.upload_dir("f", "d", &[], &cancel).await, "UploadDir"),
            (none.download("f", &mut Vec::new(), &cancel).await, "Download"),
            (none.download_dir("f", "d", &[], &cancel).await, "DownloadDir"),
        ];
        for (failure, what) in failures {
            let text = format!("{what} is not implemented when communicator = 'none'");
            assert_eq!(failure, Err(ComponentError::Unsupported(text)));
        }
    }

    #[tokio::test]
    async fn an_inert_machine_takes_all_it_is_sent() {
        let (mut content, cancel) = (&b"content"[..], Cancel::new());
        assert_eq!(InertCommunicator.upload("f", &mut content, None, &cancel).await, Ok(()));
        assert!(content.is_empty());
    }
}
