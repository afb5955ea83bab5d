//! The provisioner.

use std::sync::Arc;

use async_trait::async_trait;
use engine::Cancel;
use planner::value::Value;

use super::config::Options;
use super::run::Run;
use crate::component::{BuildData, Communicator, ComponentContext, ComponentError, Provisioner, Ui};

/// The provisioner.
#[derive(Debug, Default)]
pub struct PowerShell {
    prepared: Option<Options>,
}

#[async_trait]
impl Provisioner for PowerShell {
    async fn prepare(&mut self, config: &Value, context: &ComponentContext) -> Result<Vec<String>, ComponentError> {
        self.prepared = Some(Options::read(config, context)?);
        Ok(Vec::new())
    }

    async fn provision(
        &self,
        ui: Arc<dyn Ui>,
        communicator: Arc<dyn Communicator>,
        data: &BuildData,
        cancel: &Cancel,
    ) -> Result<(), ComponentError> {
        let Some(options) = &self.prepared else { return Err(ComponentError::new("powershell was not prepared")) };
        Run::new(options, communicator.as_ref(), ui, data, cancel)?.all().await
    }
}
