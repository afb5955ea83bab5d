//! The provisioner.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use async_trait::async_trait;
use engine::Cancel;
use planner::value::{Value, quote};
use tokio::io::AsyncWrite;

use super::config::{Config, Origin};
use super::scanner::Scanner;
use super::store::store;
use crate::component::{BuildData, Communicator, ComponentContext, ComponentError, Provisioner, Ui};
use crate::offload::offload;
use crate::sbom::{SbomFormat, check};

/// Documents are shorter.
const MAX_LEN: usize = 256 << 20;

/// The provisioner.
#[derive(Debug, Default)]
pub struct HcpSbom {
    config: Option<Config>,
}

#[async_trait]
impl Provisioner for HcpSbom {
    async fn prepare(&mut self, config: &Value, context: &ComponentContext) -> Result<Vec<String>, ComponentError> {
        let mut warnings = Vec::new();
        self.config = Some(Config::read(config, context, &mut warnings)?);
        Ok(warnings)
    }

    async fn provision(
        &self,
        ui: Arc<dyn Ui>,
        communicator: Arc<dyn Communicator>,
        data: &BuildData,
        cancel: &Cancel,
    ) -> Result<(), ComponentError> {
        let Some(config) = &self.config else {
            return Err(ComponentError::new("hcp-sbom was not prepared"));
        };
        let config = &config.at_run(data)?;
        let machine = communicator.as_ref();
        let document = match &config.origin {
            Origin::File(path) => fetch(machine, path, cancel).await?,
            Origin::Made(scan) => {
                let scanner = Scanner { config, scan, machine, ui: ui.clone(), data, cancel };
                scanner.document().await.map_err(|error| match error {
                    ComponentError::Cancelled => ComponentError::Cancelled,
                    error => ComponentError::new(format!("SBOM generation failed: {error}")),
                })?
            }
        };
        let (destination, context) = (config.destination.clone(), config.context.clone());
        let work = move || {
            let format = check(&document).map_err(|error| ComponentError::new(error.to_string()))?;
            let kept = match destination.is_empty() {
                true => None,
                false => Some(store(&document, &destination, &context.working_dir, &context.recorder)?),
            };
            Ok((format, kept))
        };
        let (format, kept) = offload(work).await?;
        ui.say(&done(&config.name, format, kept.as_deref()));
        Ok(())
    }
}

fn done(name: &str, format: SbomFormat, kept: Option<&str>) -> String {
    let name = if name.is_empty() { String::new() } else { format!(" {}", quote(name)) };
    let format = match format {
        SbomFormat::CycloneDx => "CycloneDX",
        SbomFormat::Spdx => "SPDX",
    };
    let kept = kept.map_or_else(|| "not kept".to_owned(), |path| format!("kept in {path}"));
    format!("SBOM{name} is valid {format}, and {kept}")
}

/// The content of a file of the machine.
pub(super) async fn fetch(machine: &dyn Communicator, path: &str, cancel: &Cancel) -> Result<Vec<u8>, ComponentError> {
    let mut content = Limited(Vec::new());
    tokio::select! {
        biased;
        done = machine.download(path, &mut content, cancel) => done.map_err(|error| match error {
            ComponentError::Cancelled => ComponentError::Cancelled,
            error => ComponentError::new(format!("cannot download the SBOM {path}: {error}")),
        })?,
        () = cancel.killing() => return Err(ComponentError::Cancelled),
    }
    Ok(content.0)
}

/// Takes so much and not more.
struct Limited(Vec<u8>);

impl AsyncWrite for Limited {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.0.len() + bytes.len() > MAX_LEN {
            let text = format!("it is larger than {} MiB", MAX_LEN >> 20);
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::FileTooLarge, text)));
        }
        self.0.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
