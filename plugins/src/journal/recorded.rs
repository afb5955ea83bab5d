//! An artifact of an earlier run, as its journal tells of it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use planner::value::Value;

use crate::component::{Artifact, ComponentError, GENERATED_DATA, State};
use crate::journal::artifact::ArtifactNote;
use crate::journal::resource::FileMark;

/// An artifact whose maker cannot be asked any more. Of its state only that is known which was written down.
#[derive(Clone, Debug)]
pub struct RecordedArtifact {
    note: ArtifactNote,
    run: String,
}

impl RecordedArtifact {
    /// The artifact that `note` of run `run` describes.
    pub fn new(note: ArtifactNote, run: &str) -> Self {
        Self { note, run: run.to_owned() }
    }

    fn known(&self, name: &str) -> Option<State> {
        let bytes = STANDARD.decode(self.note.state.get(name)?).ok()?;
        Some(State::packed(bytes.into()))
    }
}

#[async_trait]
impl Artifact for RecordedArtifact {
    fn builder_id(&self) -> &str {
        &self.note.builder_id
    }

    fn id(&self) -> String {
        self.note.id.clone()
    }

    fn description(&self) -> String {
        self.note.description.clone()
    }

    fn files(&self) -> Vec<PathBuf> {
        self.note.files.iter().map(PathBuf::from).collect()
    }

    fn generated_data(&self) -> BTreeMap<String, Value> {
        self.known(GENERATED_DATA).map(|state| state.entries()).unwrap_or_default()
    }

    async fn state(&self, name: &str) -> Result<State, ComponentError> {
        Ok(self.known(name).unwrap_or_else(State::nothing))
    }

    async fn destroy(&self) -> Result<(), ComponentError> {
        if self.note.marks.is_empty() && !self.note.id.is_empty() {
            let (id, run) = (&self.note.id, &self.run);
            return Err(ComponentError::new(format!(
                "{id} was made by run {run}, whose plugin cannot be asked to remove it any more; `packer cleanup {run}` \
                 knows other ways"
            )));
        }
        self.note.marks.iter().try_for_each(remove)
    }
}

/// Removes a file or folder, if it is still the one that was made.
fn remove(mark: &FileMark) -> Result<(), ComponentError> {
    let removed = match fs::symlink_metadata(&mark.path) {
        Ok(_) if !mark.is_same_file() => Ok(()),
        Ok(found) if found.is_dir() => fs::remove_dir_all(&mark.path),
        Ok(_) => fs::remove_file(&mark.path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(ComponentError::new(format!("{}: {error}", mark.path.display())))
        }
        _ => Ok(()),
    }
}
