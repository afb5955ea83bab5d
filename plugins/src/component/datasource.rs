//! Data sources: a value from outside.

use async_trait::async_trait;
use engine::Cancel;
use planner::value::Value;

use super::context::ComponentContext;
use super::error::ComponentError;

/// Fetches one value.
#[async_trait]
pub trait Datasource: Send + Sync {
    /// Takes and checks the configuration, an object of the component's schema. Touches nothing in the world.
    async fn prepare(&mut self, config: &Value, context: &ComponentContext) -> Result<Vec<String>, ComponentError>;

    /// Fetches the value, an object of the component's output type.
    async fn execute(&self, cancel: &Cancel) -> Result<Value, ComponentError>;
}
