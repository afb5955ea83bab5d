//! The machine as a provisioner gets it: what goes wrong on it says where, since a build has many provisioners and a run
//! many machines.

use std::sync::Arc;

use async_trait::async_trait;
use engine::Cancel;

use crate::component::{BuildData, Communicator, ComponentError, FileInfo, RemoteCommand, Running, Sink, Source};

/// A machine whose faults are named.
pub(crate) struct NamedMachine {
    inner: Arc<dyn Communicator>,
    name: Arc<str>,
}

impl NamedMachine {
    /// `inner` for the provisioner called `what`, at `place` of the plan.
    pub(crate) fn new(inner: Arc<dyn Communicator>, what: &str, place: &str, data: &BuildData) -> Self {
        let name = match machine(data) {
            Some(machine) => format!("provisioner \"{what}\", {place}, machine {machine}"),
            None => format!("provisioner \"{what}\", {place}"),
        };
        Self { inner, name: name.into() }
    }
}

/// What a builder calls its machine: an address, else an id.
fn machine(data: &BuildData) -> Option<String> {
    let text = |name: &str| {
        let value = data.get(name)?;
        let text = value.as_str().map(str::to_owned).or_else(|| Some(value.as_number()?.to_i64()?.to_string()))?;
        // What builders do not know is said in texts of their own.
        (!text.is_empty() && !text.starts_with("ERR_") && !text.starts_with('<')).then_some(text)
    };
    match (text("Host"), text("Port")) {
        (Some(host), Some(port)) => Some(format!("{host}:{port}")),
        (Some(host), None) => Some(host),
        (None, _) => text("ID"),
    }
}

fn named(error: ComponentError, name: &str) -> ComponentError {
    match error {
        // A machine that is itself one of a named one has said it already.
        ComponentError::Failed(text) if !text.ends_with(&format!("({name})")) => {
            ComponentError::Failed(format!("{text} ({name})"))
        }
        other => other,
    }
}

#[async_trait]
impl Communicator for NamedMachine {
    fn keeps_modes(&self) -> bool {
        self.inner.keeps_modes()
    }

    async fn start(&self, command: RemoteCommand, cancel: &Cancel) -> Result<Running, ComponentError> {
        let running = self.inner.start(command, cancel).await.map_err(|error| named(error, &self.name))?;
        let name = self.name.clone();
        Ok(Box::pin(async move { running.await.map_err(|error| named(error, &name)) }))
    }

    async fn upload(
        &self,
        path: &str,
        content: &mut Source<'_>,
        info: Option<&FileInfo>,
        cancel: &Cancel,
    ) -> Result<(), ComponentError> {
        self.inner.upload(path, content, info, cancel).await.map_err(|error| named(error, &self.name))
    }

    async fn download(&self, path: &str, content: &mut Sink<'_>, cancel: &Cancel) -> Result<(), ComponentError> {
        self.inner.download(path, content, cancel).await.map_err(|error| named(error, &self.name))
    }

    async fn upload_dir(
        &self,
        to: &str,
        from: &str,
        exclude: &[String],
        cancel: &Cancel,
    ) -> Result<(), ComponentError> {
        self.inner.upload_dir(to, from, exclude, cancel).await.map_err(|error| named(error, &self.name))
    }

    async fn download_dir(
        &self,
        from: &str,
        to: &str,
        exclude: &[String],
        cancel: &Cancel,
    ) -> Result<(), ComponentError> {
        self.inner.download_dir(from, to, exclude, cancel).await.map_err(|error| named(error, &self.name))
    }
}

#[cfg(test)]
mod tests {
    use planner::value::Value;

    use super::*;

    #[test]
    fn machines_are_called_by_their_address_or_id() {
        let row = |pairs: &[(&str, Value)]| {
            machine(&pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
        };
        let id = ("ID", Value::string("i-1"));
        assert_eq!(row(&[id.clone(), ("Host", Value::string("h")), ("Port", Value::int(22))]).unwrap(), "h:22");
        assert_eq!(row(&[id.clone(), ("Host", Value::string("h"))]).unwrap(), "h");
        assert_eq!(row(&[id, ("Host", Value::string(""))]).unwrap(), "i-1");
        assert_eq!(row(&[("ID", Value::string("ERR_ID_NOT_IMPLEMENTED_BY_BUILDER"))]), None);
    }

    #[test]
    fn faults_are_named_once_and_stops_never() {
        let once = named(ComponentError::new("broke"), "here");
        assert_eq!(once.to_string(), "broke (here)");
        assert_eq!(named(once, "here").to_string(), "broke (here)");
        assert_eq!(named(ComponentError::Cancelled, "here"), ComponentError::Cancelled);
    }
}
