//! Artifacts that are a set of local files, as `artifice` and `checksum` give.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;

use crate::component::{Artifact, ComponentError};
use crate::io_fault::words_and_advice;

/// Some local files.
#[derive(Debug)]
pub(super) struct FileSet {
    pub(super) builder_id: &'static str,
    /// As they were named, perhaps relative to the working directory.
    pub(super) files: Vec<PathBuf>,
    pub(super) working_dir: Arc<PathBuf>,
}

/// Paths as a list in a message.
pub(super) fn list(files: &[PathBuf]) -> String {
    files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ")
}

#[async_trait]
impl Artifact for FileSet {
    fn builder_id(&self) -> &str {
        self.builder_id
    }

    fn id(&self) -> String {
        String::new()
    }

    fn description(&self) -> String {
        format!("Created artifact from files: {}", list(&self.files))
    }

    fn files(&self) -> Vec<PathBuf> {
        self.files.clone()
    }

    async fn destroy(&self) -> Result<(), ComponentError> {
        let faults: Vec<String> =
            self.files.iter().filter_map(|file| remove(&self.working_dir.join(file), file).err()).collect();
        if faults.is_empty() { Ok(()) } else { Err(ComponentError::new(faults.join("\n"))) }
    }
}

/// Removes a file or a folder. One that is gone already is no fault.
fn remove(path: &Path, shown: &Path) -> Result<(), String> {
    let removed = match std::fs::symlink_metadata(path) {
        Ok(meta) if meta.is_dir() => std::fs::remove_dir_all(path),
        _ => std::fs::remove_file(path),
    };
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("Unable to remove {}: {}", shown.display(), words_and_advice(&error)))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn destroys_all_its_files() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a"), "").unwrap();
        std::fs::create_dir_all(folder.path().join("d/e")).unwrap();
        let files = ["a", "gone", "d"].map(PathBuf::from).to_vec();
        let set = FileSet { builder_id: "x", files, working_dir: Arc::new(folder.path().to_path_buf()) };
        assert_eq!(set.description(), "Created artifact from files: a, gone, d");
        set.destroy().await.unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
