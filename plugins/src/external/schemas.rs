//! Asks components for the shapes of their configurations.

use std::sync::Arc;

use planner::catalog::{ComponentKind, Schema};
use planner::value::Type;
use serde::Deserialize;
use serde_bytes::ByteBuf;

use crate::component::ComponentError;
use crate::external::binary::{Component, Encoding};
use crate::external::hosting::Hosting;
use crate::external::process::Plugin;
use crate::external::schema_cache::Subject;
use crate::external::{gob, spec};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ConfigSpec {
    config_spec: ByteBuf,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OutputSpec {
    output_spec: ByteBuf,
}

/// What the configuration of a component looks like, and what a data source gives. The component is started only if this
/// was never asked before.
///
/// # Errors
///
/// The component does not run, or what it says cannot be used.
pub async fn schema(hosting: &Hosting, component: &Component) -> Result<Schema, ComponentError> {
    let mut asked = Asked { hosting, component, plugin: None };
    let mut schema = asked
        .read(Subject::Config, &mut |said| match component.binary.encoding {
            Encoding::Protobuf => spec::schema(said).map_err(|fault| fault.to_string()),
            Encoding::Gob => gob::spec::schema(said).map_err(|fault| fault.to_string()),
        })
        .await?;
    if component.kind == ComponentKind::Datasource {
        let output: Type = asked
            .read(Subject::Output, &mut |said| match component.binary.encoding {
                Encoding::Protobuf => spec::output(said).map_err(|fault| fault.to_string()),
                Encoding::Gob => gob::spec::output(said).map_err(|fault| fault.to_string()),
            })
            .await?;
        schema.output = Some(output);
    }
    Ok(schema)
}

/// A component that is started once it is needed.
struct Asked<'a> {
    hosting: &'a Hosting,
    component: &'a Component,
    plugin: Option<Arc<Plugin>>,
}

impl Asked<'_> {
    /// What was said, from the cache or the component itself. What cannot be understood is not kept.
    async fn read<T>(
        &mut self,
        subject: Subject,
        understand: &mut dyn FnMut(&[u8]) -> Result<T, String>,
    ) -> Result<T, ComponentError> {
        if let Some(understood) =
            self.hosting.schemas.get(self.component, subject).and_then(|said| understand(&said).ok())
        {
            return Ok(understood);
        }
        let said = self.ask(subject).await?;
        let understood = understand(&said).map_err(|fault| {
            let Component { name, binary, .. } = self.component;
            ComponentError::new(format!(
                "Plugin {} {} tells the shape of the configuration of {name} in a way that is not understood: {fault}",
                binary.plugin, binary.version
            ))
        })?;
        self.hosting.schemas.put(self.component, subject, &said);
        Ok(understood)
    }

    async fn ask(&mut self, subject: Subject) -> Result<Vec<u8>, ComponentError> {
        let plugin = match &self.plugin {
            Some(plugin) => plugin.clone(),
            None => self.plugin.insert(self.hosting.start_to_ask(self.component).await?).clone(),
        };
        let method = |name: &str| format!("{}.{name}", self.component.endpoint());
        match subject {
            Subject::Config => {
                let said: ConfigSpec = plugin.call(&method("ConfigSpec"), &()).await?;
                Ok(said.config_spec.into_vec())
            }
            Subject::Output => {
                let said: OutputSpec = plugin.call(&method("OutputSpec"), &()).await?;
                Ok(said.output_spec.into_vec())
            }
        }
    }
}
