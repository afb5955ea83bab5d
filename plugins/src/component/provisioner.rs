//! Provisioners: change a running machine.

use std::sync::Arc;

use async_trait::async_trait;
use engine::Cancel;
use planner::value::Value;

use super::communicator::Communicator;
use super::context::{BuildData, ComponentContext};
use super::error::ComponentError;
use super::ui::Ui;

/// Changes a machine through a communicator.
#[async_trait]
pub trait Provisioner: Send + Sync {
    /// Takes and checks the configuration, an object of the component's schema. Touches nothing in the world.
    async fn prepare(&mut self, config: &Value, context: &ComponentContext) -> Result<Vec<String>, ComponentError>;

    /// Provisions. Must end soon after `cancel` is stopping.
    async fn provision(
        &self,
        ui: Arc<dyn Ui>,
        communicator: Arc<dyn Communicator>,
        data: &BuildData,
        cancel: &Cancel,
    ) -> Result<(), ComponentError>;
}
