//! Lets a plugin's post-processor read, and destroy, the artifact it was given.

use std::sync::Arc;

use async_trait::async_trait;

use crate::component::Artifact;
use crate::wire::server::{Arguments, Reply, Service};
use crate::wire::text::Text;

/// Answers `Artifact.*`.
pub struct ArtifactService {
    artifact: Arc<dyn Artifact>,
}

impl ArtifactService {
    /// Speaks for `artifact`.
    pub fn new(artifact: Arc<dyn Artifact>) -> Self {
        artifact.retain();
        Self { artifact }
    }
}

impl Drop for ArtifactService {
    fn drop(&mut self) {
        self.artifact.release();
    }
}

#[async_trait]
impl Service for ArtifactService {
    async fn call(&self, method: &str, arguments: Arguments) -> Result<Reply, String> {
        let artifact = &self.artifact;
        match method {
            "Artifact.BuilderId" => Reply::new(&artifact.builder_id()),
            "Artifact.Id" => Reply::new(&artifact.id()),
            "Artifact.String" => Reply::new(&artifact.description()),
            "Artifact.Files" => {
                let files: Vec<String> =
                    artifact.files().iter().map(|file| file.to_string_lossy().into_owned()).collect();
                Reply::new(&files)
            }
            "Artifact.State" => {
                let Text(name) = arguments.read()?;
                let state = artifact.state(&name).await.map_err(|error| error.to_string())?;
                Ok(Reply::packed(state.into_bytes()))
            }
            "Artifact.Destroy" => {
                artifact.destroy().await.map_err(|error| error.to_string())?;
                Reply::new(&())
            }
            _ => Err(format!("rpc: can't find method {method}")),
        }
    }
}
