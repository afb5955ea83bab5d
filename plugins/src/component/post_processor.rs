//! Post-processors: one artifact to the next.

use std::sync::Arc;

use async_trait::async_trait;
use engine::Cancel;
use planner::value::Value;

use super::artifact::Artifact;
use super::context::ComponentContext;
use super::error::ComponentError;
use super::ui::Ui;

/// What a post-processor gives back.
#[derive(Clone, Debug)]
pub struct PostProcessed {
    /// The new artifact; none ends the chain silently.
    pub artifact: Option<Arc<dyn Artifact>>,
    /// Whether the input artifact is kept when the author says nothing.
    pub keep: bool,
    /// Whether `keep` wins over an author's `keep_input_artifact = false`.
    pub force: bool,
}

/// Turns an artifact into another.
#[async_trait]
pub trait PostProcessor: Send + Sync {
    /// Takes and checks the configuration, an object of the component's schema. Touches nothing in the world.
    async fn prepare(&mut self, config: &Value, context: &ComponentContext) -> Result<Vec<String>, ComponentError>;

    /// Processes `input`.
    async fn post_process(
        &self,
        ui: Arc<dyn Ui>,
        input: Arc<dyn Artifact>,
        cancel: &Cancel,
    ) -> Result<PostProcessed, ComponentError>;
}
