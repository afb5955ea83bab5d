//! An artifact of an earlier run, as its journal tells of it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::Cancel;
use planner::value::Value;

use crate::cleanup::{CleanupFault, Method, World, carry_out};
use crate::component::{Artifact, ComponentError, GENERATED_DATA, State};
use crate::journal::artifact::ArtifactNote;
use crate::journal::resource::Resource;
use crate::process::find_in_path;

/// An artifact whose maker cannot be asked any more. Of its state only that is known which was written down.
#[derive(Clone, Debug)]
pub struct RecordedArtifact {
    note: ArtifactNote,
    /// What it is in the world; none when there is nothing to it.
    resource: Option<Resource>,
    world: World,
}

impl RecordedArtifact {
    /// The artifact that `note` describes, and that is removed where `world` says.
    pub fn new(note: ArtifactNote, resource: Option<Resource>, world: World) -> Self {
        Self { note, resource, world }
    }

    fn known(&self, name: &str) -> Option<State> {
        let bytes = STANDARD.decode(self.note.state.get(name)?).ok()?;
        Some(State::packed(bytes.into()))
    }

    fn is_installed(&self, tool: &str) -> bool {
        let search = self.world.environment.get("PATH").map_or("", String::as_str);
        find_in_path(tool, search, &self.world.working_dir).is_some()
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
        let Some(resource) = &self.resource else { return Ok(()) };
        let method = Method::of(resource, |tool| self.is_installed(tool));
        match carry_out(&method, &self.world, &Cancel::new()).await {
            Ok(_) => Ok(()),
            Err(CleanupFault::ByHand(reason)) => {
                let lines = method.lines().join("\n");
                let id = &resource.id;
                let text =
                    format!("{id} was made by an earlier run, and cannot be removed from here: {reason}\n{lines}");
                Err(ComponentError::new(text.trim_end()))
            }
            Err(error) => Err(ComponentError::new(error.to_string())),
        }
    }
}
