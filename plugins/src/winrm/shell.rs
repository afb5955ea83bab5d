//! A shell of ours on the machine. However its use ends, it is deleted.

use std::sync::Arc;

use engine::Cancel;
use tokio::runtime::Handle;

use crate::winrm::fault::Fault;
use crate::winrm::service::Service;

/// A shell. Dropped without having been closed, it is deleted in the background.
pub(super) struct Shell {
    service: Arc<Service>,
    /// None once it is closed.
    id: Option<String>,
}

impl Shell {
    /// Makes one. Should nobody wait for it to the end, it is deleted once it is there.
    pub(super) async fn open(service: &Arc<Service>, cancel: &Cancel) -> Result<Self, Fault> {
        let service = service.clone();
        let opening = tokio::spawn(async move {
            let id = service.create().await?;
            Ok(Self { service, id: Some(id) })
        });
        tokio::select! {
            biased;
            () = cancel.stopping() => Err(Fault::Cancelled),
            opened = opening => opened.map_err(|error| Fault::Local(format!("making a shell: {error}")))?,
        }
    }

    pub(super) fn service(&self) -> &Arc<Service> {
        &self.service
    }

    pub(super) fn id(&self) -> &str {
        self.id.as_deref().unwrap_or_default()
    }

    /// Deletes it.
    pub(super) async fn close(mut self, cancel: &Cancel) {
        let Some(id) = self.id.clone() else { return };
        tokio::select! {
            deleted = self.service.delete(&id) => if let Err(fault) = deleted {
                tracing::debug!("deleting shell {id}: {fault}");
            },
            () = cancel.killing() => {}
        }
        self.id = None;
    }

    /// The connection is lost, and the shell with it as far as we can tell.
    pub(super) fn abandon(mut self) {
        self.id = None;
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let (Some(id), Ok(runtime)) = (self.id.take(), Handle::try_current()) else { return };
        let service = self.service.clone();
        runtime.spawn(async move { service.delete(&id).await });
    }
}
