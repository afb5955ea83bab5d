//! The provisioner: scripts beside the machine being built.

use std::sync::Arc;

use async_trait::async_trait;
use engine::Cancel;
use planner::value::Value;

use super::config::ShellLocal;
use crate::component::{BuildData, Communicator, ComponentContext, ComponentError, Provisioner, Ui};

/// The provisioner.
#[derive(Debug, Default)]
pub struct ShellLocalProvisioner {
    prepared: Option<ShellLocal>,
}

#[async_trait]
impl Provisioner for ShellLocalProvisioner {
    async fn prepare(&mut self, config: &Value, context: &ComponentContext) -> Result<Vec<String>, ComponentError> {
        self.prepared = Some(ShellLocal::read(config, context)?);
        Ok(Vec::new())
    }

    async fn provision(
        &self,
        ui: Arc<dyn Ui>,
        _: Arc<dyn Communicator>,
        data: &BuildData,
        cancel: &Cancel,
    ) -> Result<(), ComponentError> {
        match &self.prepared {
            Some(shell_local) => shell_local.run(ui.as_ref(), data, cancel).await,
            None => Err(ComponentError::new("shell-local was not prepared")),
        }
    }
}
