//! What a builder or post-processor leaves behind.

use std::collections::BTreeMap;
use std::path::PathBuf;

use async_trait::async_trait;
use planner::value::Value;

use super::error::ComponentError;
use super::state::{GENERATED_DATA, State};

/// Something built, that can be described, passed on and destroyed.
#[async_trait]
pub trait Artifact: Send + Sync + std::fmt::Debug {
    /// Names the kind of component that made it, such as `packer.file`.
    fn builder_id(&self) -> &str;

    /// The id in the system that holds it; may be empty.
    fn id(&self) -> String;

    /// The line shown in the summary.
    fn description(&self) -> String;

    /// The local files it consists of, paths as the component gave them.
    fn files(&self) -> Vec<PathBuf>;

    /// What the builder learned while it ran, served to post-processors as `build.*`. Empty when the builder keeps none.
    fn generated_data(&self) -> BTreeMap<String, Value> {
        BTreeMap::new()
    }

    /// What is kept about it under `name`; [`State::nothing`] when there is no such thing.
    async fn state(&self, name: &str) -> Result<State, ComponentError> {
        match name {
            GENERATED_DATA => State::of(&self.generated_data()),
            _ => Ok(State::nothing()),
        }
    }

    /// One more will ask for its state, or destroy it. Whoever made it counts as the first.
    fn retain(&self) {}

    /// One less will do so. With the last one goes what only serves that, such as a process.
    fn release(&self) {}

    /// Removes it for good.
    async fn destroy(&self) -> Result<(), ComponentError>;
}
