//! The connection to a machine, lent to provisioners between a builder's open and close.
//!
//! Everything is a stream, so that what one plugin lends can be handed on to another without loss. Paths are text as the
//! author wrote it: a final slash has a meaning in some of them, and the machine may have other separators than we do.

use async_trait::async_trait;
use engine::Cancel;
use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite};

use super::error::ComponentError;

/// Where bytes come from.
pub type Source<'s> = dyn AsyncRead + Send + Unpin + 's;
/// Where bytes go.
pub type Sink<'s> = dyn AsyncWrite + Send + Unpin + 's;
/// A command that was started: how it ended, a status or why there is none. All output has been delivered then, as far as
/// it was asked for. Nothing moves while nobody waits for it, and dropped, it takes the command's streams away.
pub type Running = BoxFuture<'static, Result<i64, ComponentError>>;

/// The status of a command whose connection was lost before it ended, as Packer's communicators report it (`sdk:
/// packer.CmdDisconnect`).
pub const DISCONNECTED: i64 = 2_300_218;

/// A command and what it is connected to. What is missing is empty, or not wanted.
#[derive(Default)]
pub struct RemoteCommand {
    /// What the machine's shell is given.
    pub line: String,
    /// What the command reads. Many communicators learn of the command's end only after the end of this.
    pub stdin: Option<Box<Source<'static>>>,
    /// Where its output goes.
    pub stdout: Option<Box<Sink<'static>>>,
    /// Where its errors go.
    pub stderr: Option<Box<Sink<'static>>>,
}

/// What is known of a file beside its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileInfo {
    /// Its name without a directory.
    pub name: String,
    /// How many bytes its content has, or will have.
    pub size: i64,
    /// As Go's `os.FileMode`: the lowest nine bits are the permissions of Unix.
    pub mode: u32,
    /// When it was changed last, if that is known.
    pub modified: Option<jiff::Timestamp>,
}

/// Runs commands on, and moves files to and from, a machine. Any number of calls may run at the same time.
///
/// A call that is told to stop ends with [`ComponentError::Cancelled`]; what it already did stays.
#[async_trait]
pub trait Communicator: Send + Sync {
    /// Whether uploaded files get exactly the permissions of their [`FileInfo`], so that nobody needs to set them again.
    fn keeps_modes(&self) -> bool {
        false
    }

    /// Starts a command. An error means that it did not start.
    async fn start(&self, command: RemoteCommand, cancel: &Cancel) -> Result<Running, ComponentError>;

    /// Writes all of `content` to the file `path` of the machine.
    async fn upload(
        &self,
        path: &str,
        content: &mut Source<'_>,
        info: Option<&FileInfo>,
        cancel: &Cancel,
    ) -> Result<(), ComponentError>;

    /// Writes the content of the machine's file `path` to `content`.
    async fn download(&self, path: &str, content: &mut Sink<'_>, cancel: &Cancel) -> Result<(), ComponentError>;

    /// Copies the local folder `from` into the folder `to` of the machine by its name, or only what is in it when `from`
    /// ends in a slash. What `exclude` lists is left out.
    async fn upload_dir(&self, to: &str, from: &str, exclude: &[String], cancel: &Cancel)
    -> Result<(), ComponentError>;

    /// Copies the machine's folder `from` into the local folder `to`, by its name whether it ends in a slash or not, as
    /// `scp -r` does.
    async fn download_dir(
        &self,
        from: &str,
        to: &str,
        exclude: &[String],
        cancel: &Cancel,
    ) -> Result<(), ComponentError>;
}
