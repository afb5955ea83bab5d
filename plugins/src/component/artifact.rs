//! What a builder or post-processor leaves behind.

use std::collections::BTreeMap;
use std::path::PathBuf;

use async_trait::async_trait;
use planner::value::Value;

use super::error::ComponentError;

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

    /// Removes it for good.
    async fn destroy(&self) -> Result<(), ComponentError>;
}
