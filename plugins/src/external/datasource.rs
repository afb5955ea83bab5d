//! A data source in a plugin.

use std::sync::Arc;

use async_trait::async_trait;
use engine::Cancel;
use planner::value::Value;
use serde::Deserialize;

use crate::component::{ComponentContext, ComponentError, Datasource};
use crate::external::binary::{Component, Encoding};
use crate::external::builder::BasicError;
use crate::external::configs::Configs;
use crate::external::hosting::Hosting;
use crate::external::process::Plugin;
use crate::external::{cty, gob};

/// A data source that runs in a process of its own.
pub struct PluginDatasource {
    component: Arc<Component>,
    hosting: Arc<Hosting>,
    plugin: Option<Arc<Plugin>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ConfigureAnswer {
    error: Option<BasicError>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ExecuteAnswer {
    value: Option<serde_bytes::ByteBuf>,
    error: Option<BasicError>,
}

impl PluginDatasource {
    /// Not started yet.
    pub fn new(component: Arc<Component>, hosting: Arc<Hosting>) -> Self {
        Self { component, hosting, plugin: None }
    }
}

#[async_trait]
impl Datasource for PluginDatasource {
    async fn prepare(&mut self, config: &Value, context: &ComponentContext) -> Result<Vec<String>, ComponentError> {
        let configs = Configs::of_data(config)?;
        let plugin = self.hosting.start(&self.component, context).await?;
        let answer: ConfigureAnswer = plugin.call("Datasource.Configure", &configs).await?;
        if let Some(error) = answer.error {
            return Err(ComponentError::new(error.message.0));
        }
        self.plugin = Some(plugin);
        Ok(Vec::new())
    }

    async fn execute(&self, cancel: &Cancel) -> Result<Value, ComponentError> {
        let Some(plugin) = &self.plugin else { return Err(ComponentError::new("the data source was not prepared")) };
        let answer: ExecuteAnswer = tokio::select! {
            biased;
            answer = plugin.call("Datasource.Execute", &()) => answer.map_err(|fault| {
                ComponentError::new(format!("Datasource.Execute failed: {fault}"))
            })?,
            // There is no call that would end it.
            () = cancel.stopping() => return Err(ComponentError::Cancelled),
        };
        if let Some(error) = answer.error {
            return Err(ComponentError::new(error.message.0));
        }
        let bytes = answer.value.unwrap_or_default();
        let value = match self.component.binary.encoding {
            Encoding::Protobuf => cty::from_msgpack(&bytes).map_err(|fault| fault.to_string()),
            Encoding::Gob => gob::value::from_gob(&bytes).map_err(|fault| fault.to_string()),
        };
        value.map_err(|fault| {
            let Component { name, binary, .. } = &*self.component;
            ComponentError::new(format!(
                "the value that {name} of plugin {} {} gave cannot be read: {fault}",
                binary.plugin, binary.version
            ))
        })
    }
}
