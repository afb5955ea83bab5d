//! Builders, and the hook by which they call back in the middle of their run.

use std::sync::Arc;

use async_trait::async_trait;
use engine::Cancel;
use planner::value::Value;

use super::artifact::Artifact;
use super::communicator::Communicator;
use super::context::{BuildData, ComponentContext};
use super::error::ComponentError;
use super::ui::Ui;

/// Fired when the machine is up: run the provisioners.
pub const HOOK_PROVISION: &str = "packer_provision";
/// Fired when a step failed: run the error-cleanup provisioner.
pub const HOOK_CLEANUP_PROVISION: &str = "packer_cleanup_provision";

/// What preparing a component brought to light.
#[derive(Clone, Debug, Default)]
pub struct Prepared {
    /// Texts for the author.
    pub warnings: Vec<String>,
    /// Names that the builder will add to `build.*`.
    pub generated: Vec<String>,
}

/// The builder's call back into us. It suspends the builder until the provisioners are done.
#[async_trait]
pub trait Hook: Send + Sync {
    /// Runs what is registered under `name`, lending `communicator` (none: there is no machine to talk to). It ends early
    /// when `cancel` is stopping.
    ///
    /// The error is that of the first failed provisioner.
    async fn run(
        &self,
        name: &str,
        communicator: Option<Arc<dyn Communicator>>,
        data: BuildData,
        cancel: &Cancel,
    ) -> Result<(), ComponentError>;
}

/// Makes a machine, lends it to the provisioners, and turns it into an artifact.
#[async_trait]
pub trait Builder: Send + Sync {
    /// Takes and checks the configuration, an object of the component's schema. Touches nothing in the world.
    async fn prepare(&mut self, config: &Value, context: &ComponentContext) -> Result<Prepared, ComponentError>;

    /// Builds. `Ok(None)` is "nothing made". Must end soon after `cancel` is stopping, cleaned up.
    async fn run(
        &self,
        ui: Arc<dyn Ui>,
        hook: Arc<dyn Hook>,
        cancel: &Cancel,
    ) -> Result<Option<Arc<dyn Artifact>>, ComponentError>;
}
