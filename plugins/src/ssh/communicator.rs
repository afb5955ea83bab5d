//! The communicator over one machine's connections.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use engine::Cancel;
use tokio::sync::Mutex;

use super::fault::ConnectFault;
use super::pool::Pool;
use super::settings::{Settings, Transfer};
use super::sftp::Sftp;
use super::tunnels::Tunnels;
use super::{command, scp, sftp};
use crate::component::{Communicator, ComponentError, FileInfo, RemoteCommand, Running, Sink, Source, Ui};

/// A machine reached over SSH.
pub struct SshCommunicator {
    pool: Arc<Pool>,
    /// Kept open from one transfer to the next.
    sftp: Mutex<Option<Arc<Sftp>>>,
    tunnels: Mutex<Tunnels>,
}

impl std::fmt::Debug for SshCommunicator {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "SshCommunicator({:?})", self.pool.settings().target)
    }
}

impl SshCommunicator {
    /// Connects, and opens the tunnels.
    ///
    /// # Errors
    ///
    /// The machine is not reached, or does not let us in.
    pub(super) async fn connect(settings: &Settings, ui: &Arc<dyn Ui>) -> Result<Self, ConnectFault> {
        let pool = Arc::new(Pool::open(settings.clone(), ui.clone()).await?);
        let tunnels = Tunnels::open(&settings.local_tunnels, &pool).await?;
        Ok(Self { pool, sftp: Mutex::default(), tunnels: Mutex::new(tunnels) })
    }

    /// Hangs up. What still runs on the machine loses its streams.
    pub async fn close(&self) {
        self.tunnels.lock().await.close().await;
        *self.sftp.lock().await = None;
        self.pool.close().await;
    }

    fn by_sftp(&self) -> bool {
        self.pool.settings().transfer == Transfer::Sftp
    }

    /// After a failure the next transfer starts the subsystem anew: it may have been its fault.
    async fn renewed<T>(&self, done: Result<T, ComponentError>) -> Result<T, ComponentError> {
        if done.is_err() {
            *self.sftp.lock().await = None;
        }
        done
    }

    async fn sftp(&self) -> Result<Arc<Sftp>, ComponentError> {
        let mut sftp = self.sftp.lock().await;
        match sftp.as_ref() {
            Some(sftp) if !sftp.is_closed() => Ok(sftp.clone()),
            _ => Ok(sftp.insert(Arc::new(Sftp::open(&self.pool).await?)).clone()),
        }
    }
}

/// Ends `work` when the run is stopping. What is dropped closes its session.
async fn or_cancelled<T>(
    cancel: &Cancel,
    work: impl Future<Output = Result<T, ComponentError>>,
) -> Result<T, ComponentError> {
    tokio::select! {
        biased;
        () = cancel.stopping() => Err(ComponentError::Cancelled),
        done = work => done,
    }
}

#[async_trait]
impl Communicator for SshCommunicator {
    fn keeps_modes(&self) -> bool {
        true
    }

    async fn start(&self, command: RemoteCommand, cancel: &Cancel) -> Result<Running, ComponentError> {
        or_cancelled(cancel, command::start(&self.pool, command, cancel)).await
    }

    async fn upload(
        &self,
        path: &str,
        content: &mut Source<'_>,
        info: Option<&FileInfo>,
        cancel: &Cancel,
    ) -> Result<(), ComponentError> {
        let work = async {
            if self.by_sftp() {
                self.renewed(sftp::upload(&*self.sftp().await?, path, content, info).await).await
            } else {
                scp::upload(&self.pool, path, content, info).await
            }
        };
        or_cancelled(cancel, work).await
    }

    async fn download(&self, path: &str, content: &mut Sink<'_>, cancel: &Cancel) -> Result<(), ComponentError> {
        let work = async {
            if self.by_sftp() {
                self.renewed(sftp::download(&*self.sftp().await?, path, content).await).await
            } else {
                scp::download(&self.pool, path, content).await
            }
        };
        or_cancelled(cancel, work).await
    }

    async fn upload_dir(
        &self,
        to: &str,
        from: &str,
        exclude: &[String],
        cancel: &Cancel,
    ) -> Result<(), ComponentError> {
        let work = async {
            if self.by_sftp() {
                self.renewed(sftp::upload_dir(&*self.sftp().await?, to, from, exclude).await).await
            } else {
                scp::upload_dir(&self.pool, to, from, exclude).await
            }
        };
        or_cancelled(cancel, work).await
    }

    /// Always with `scp`, as in the reference (`sdk-internals: communicator/ssh`).
    async fn download_dir(
        &self,
        from: &str,
        to: &str,
        exclude: &[String],
        cancel: &Cancel,
    ) -> Result<(), ComponentError> {
        or_cancelled(cancel, scp::download_dir(&self.pool, from, Path::new(to), exclude)).await
    }
}
