//! Communicators to nowhere: `none`, and the inert one of the `file` builder.

use std::path::Path;

use async_trait::async_trait;
use engine::Cancel;

use crate::component::{Communicator, ComponentError, Ui};

/// `communicator = "none"`: commands end at once with status 0, transfers fail.
#[derive(Debug, Default)]
pub struct NoneCommunicator;

fn not_implemented(what: &str) -> Result<(), ComponentError> {
    Err(ComponentError::new(format!("{what} is not implemented when communicator = 'none'")))
}

#[async_trait]
impl Communicator for NoneCommunicator {
    async fn run(&self, _: &str, _: &dyn Ui, _: &Cancel) -> Result<i32, ComponentError> {
        Ok(0)
    }

    async fn upload(&self, _: &Path, _: &str, _: &Cancel) -> Result<(), ComponentError> {
        not_implemented("Upload")
    }

    async fn upload_dir(&self, _: &Path, _: &str, _: &Cancel) -> Result<(), ComponentError> {
        not_implemented("UploadDir")
    }

    async fn download(&self, _: &str, _: &Path, _: &Cancel) -> Result<(), ComponentError> {
        not_implemented("Download")
    }

    async fn download_dir(&self, _: &str, _: &Path, _: &Cancel) -> Result<(), ComponentError> {
        not_implemented("DownloadDir")
    }
}

/// Stands in for a machine where there is none: everything succeeds, nothing happens.
#[derive(Debug, Default)]
pub struct InertCommunicator;

#[async_trait]
impl Communicator for InertCommunicator {
    async fn run(&self, _: &str, _: &dyn Ui, _: &Cancel) -> Result<i32, ComponentError> {
        Ok(0)
    }

    async fn upload(&self, _: &Path, _: &str, _: &Cancel) -> Result<(), ComponentError> {
        Ok(())
    }

    async fn upload_dir(&self, _: &Path, _: &str, _: &Cancel) -> Result<(), ComponentError> {
        Ok(())
    }

    async fn download(&self, _: &str, _: &Path, _: &Cancel) -> Result<(), ComponentError> {
        Ok(())
    }

    async fn download_dir(&self, _: &str, _: &Path, _: &Cancel) -> Result<(), ComponentError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin::fixtures::RecordingUi;

    #[tokio::test]
    async fn none_runs_everything_and_moves_nothing() {
        let (none, cancel, path) = (NoneCommunicator, Cancel::new(), Path::new("f"));
        assert_eq!(none.run("exit 3", &RecordingUi::default(), &cancel).await, Ok(0));
        let failures = [
            (none.upload(path, "f", &cancel).await, "Upload"),
            (none.upload_dir(path, "f", &cancel).await, "UploadDir"),
            (none.download("f", path, &cancel).await, "Download"),
            (none.download_dir("f", path, &cancel).await, "DownloadDir"),
        ];
        for (failure, what) in failures {
            let text = format!("{what} is not implemented when communicator = 'none'");
            assert_eq!(failure, Err(ComponentError::new(text)));
        }
        assert_eq!(InertCommunicator.upload(path, "f", &cancel).await, Ok(()));
    }
}
