//! Files over the subsystem `sftp` of the server.

use std::sync::Arc;

use russh_sftp::client::error::Error;
use russh_sftp::client::{Config, SftpSession};
use russh_sftp::protocol::{FileAttributes, OpenFlags, StatusCode};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};

use super::connection::Connection;
use super::fault::words;
use super::pool::Pool;
use super::tree::{Entry, Walk};
use crate::component::{ComponentError, FileInfo, Sink, Source};

/// As much is read at a time: as much as OpenSSH's server takes in one write.
const CHUNK: usize = 255 * 1024;

/// So many requests are on their way at once: two mebibytes, as much as a channel takes.
const IN_FLIGHT: usize = 64;

/// A write that the server of OpenSSH takes at once (`SFTP_MAX_MSG_LENGTH` of its `sftp-common.h`); others need not take more
/// than 34,000 bytes.
const LARGE_WRITE: u32 = 256 * 1024;

/// So many of them: four mebibytes.
const LARGE_WRITES_IN_FLIGHT: usize = 16;

/// How long the server may take for one request: disks of machines that are being made are slow.
const REQUEST_TIMEOUT: u64 = 600;

/// A session with the subsystem.
pub(super) struct Sftp {
    session: SftpSession,
    connection: Arc<Connection>,
}

impl Sftp {
    /// Starts the subsystem.
    ///
    /// # Errors
    ///
    /// The server does not have it, or the connection is lost.
    pub(super) async fn open(pool: &Pool) -> Result<Self, ComponentError> {
        let failed = |words: String| ComponentError::new(format!("sftp: {words}"));
        let (mut channel, connection) = pool.channel().await?;
        channel.request_subsystem(true, "sftp").await.map_err(|error| failed(words(&error)))?;
        loop {
            match channel.wait().await {
                Some(russh::ChannelMsg::Success) => break,
                Some(russh::ChannelMsg::Failure) => {
                    return Err(failed(
                        "the server does not have it; ssh_file_transfer_method = \"scp\" may do".to_owned(),
                    ));
                }
                Some(russh::ChannelMsg::Close) | None => return Err(failed("the connection was lost".to_owned())),
                Some(_) => {}
            }
        }
        let mut config = Config {
            max_concurrent_reads: IN_FLIGHT,
            max_concurrent_writes: IN_FLIGHT,
            request_timeout_secs: REQUEST_TIMEOUT,
            ..Config::default()
        };
        if connection.is_openssh() {
            config.max_write_packet_len = LARGE_WRITE;
            config.max_concurrent_writes = LARGE_WRITES_IN_FLIGHT;
        }
        let session = SftpSession::new_with_config(channel.into_stream(), config).await;
        Ok(Self { session: session.map_err(|error| failed(error.to_string()))?, connection })
    }

    /// Whether it is of no use any more.
    pub(super) fn is_closed(&self) -> bool {
        self.connection.is_closed()
    }

    async fn put(
        &self,
        path: &str,
        content: &mut (impl AsyncRead + Send + Unpin + ?Sized),
        mode: Option<u32>,
    ) -> Result<(), ComponentError> {
        let failed = |what: &str, error: &dyn std::fmt::Display| {
            ComponentError::new(format!("sftp: cannot {what} {path}: {error}"))
        };
        let flags = OpenFlags::CREATE | OpenFlags::TRUNCATE | OpenFlags::WRITE;
        let opened = self.session.open_with_flags(path, flags).await;
        let mut file = opened.map_err(|error| failed("create", &said(&error)))?;
        let unread =
            |error: std::io::Error| ComponentError::new(format!("cannot read what is uploaded to {path}: {error}"));
        // While one piece is on its way the next is read.
        let (mut piece, mut next) = (vec![0; CHUNK], vec![0; CHUNK]);
        let mut length = content.read(&mut piece).await.map_err(unread)?;
        while length > 0 {
            let (written, read) = tokio::join!(file.write_all(&piece[..length]), content.read(&mut next));
            written.map_err(|error| failed("write", &error))?;
            length = read.map_err(unread)?;
            std::mem::swap(&mut piece, &mut next);
        }
        // Everything has to be there before the permissions may forbid to write.
        file.flush().await.map_err(|error| failed("write", &error))?;
        if let Some(mode) = mode {
            let attributes = FileAttributes { permissions: Some(mode & 0o777), ..FileAttributes::empty() };
            let set = file.set_metadata(attributes).await;
            set.map_err(|error| failed("set the permissions of", &said(&error)))?;
        }
        file.close().await.map_err(|error| failed("write", &error))
    }

    async fn make_folder(&self, path: &str, mode: u32) -> Result<(), ComponentError> {
        let Err(error) = self.session.create_dir(path).await else {
            let attributes = FileAttributes { permissions: Some(mode & 0o777), ..FileAttributes::empty() };
            // Some servers do not let folders be changed; the folder is there, which is what counts.
            if let Err(error) = self.session.set_metadata(path, attributes).await {
                tracing::debug!(%error, path, "a folder keeps its permissions");
            }
            return Ok(());
        };
        // The protocol has no answer for "there already".
        match self.session.metadata(path).await {
            Ok(attributes) if attributes.is_dir() => Ok(()),
            _ => Err(ComponentError::new(format!("sftp: cannot make the folder {path}: {}", said(&error)))),
        }
    }
}

/// What a server says, without the number of the protocol.
fn said(error: &Error) -> String {
    match error {
        Error::Status(status) if status.status_code == StatusCode::NoSuchFile => "no such file or directory".to_owned(),
        Error::Status(status) if status.status_code == StatusCode::PermissionDenied => "permission denied".to_owned(),
        Error::Status(status) => status.error_message.clone(),
        other => other.to_string(),
    }
}

/// Writes `content` to the file `path`.
///
/// # Errors
///
/// It cannot be read or written, or the connection is lost.
pub(super) async fn upload(
    sftp: &Sftp,
    path: &str,
    content: &mut Source<'_>,
    info: Option<&FileInfo>,
) -> Result<(), ComponentError> {
    sftp.put(path, content, info.map(|info| info.mode)).await
}

/// Writes the file `path` to `content`.
///
/// # Errors
///
/// It cannot be read or written, or the connection is lost.
pub(super) async fn download(sftp: &Sftp, path: &str, content: &mut Sink<'_>) -> Result<(), ComponentError> {
    let failed = |error: &dyn std::fmt::Display| ComponentError::new(format!("sftp: cannot read {path}: {error}"));
    let mut file = sftp.session.open(path).await.map_err(|error| failed(&said(&error)))?;
    let unwritten =
        |error: std::io::Error| ComponentError::new(format!("cannot write what is downloaded from {path}: {error}"));
    let (mut piece, mut next) = (vec![0; CHUNK], vec![0; CHUNK]);
    let mut length = file.read(&mut piece).await.map_err(|error| failed(&error))?;
    while length > 0 {
        let (written, read) = tokio::join!(content.write_all(&piece[..length]), file.read(&mut next));
        written.map_err(unwritten)?;
        length = read.map_err(|error| failed(&error))?;
        std::mem::swap(&mut piece, &mut next);
    }
    content.flush().await.map_err(|error| failed(&error))
}

/// Copies the local folder `from` into the folder `to`.
///
/// # Errors
///
/// Something cannot be read or written, or the connection is lost.
pub(super) async fn upload_dir(sftp: &Sftp, to: &str, from: &str, exclude: &[String]) -> Result<(), ComponentError> {
    let mut walk = Walk::of(from, exclude).await?;
    let mut root = to.trim_end_matches('/').to_owned();
    sftp.make_folder(if root.is_empty() { "/" } else { &root }, 0o755).await?;
    let on_machine = |root: &str, relative: &std::path::Path| {
        let names: Vec<_> = relative.iter().map(|name| name.to_string_lossy()).collect();
        format!("{root}/{}", names.join("/"))
    };
    let mut first = true;
    while let Some(entry) = walk.next().await? {
        match entry {
            Entry::Enter { mode, name, .. } if first && !from.ends_with('/') => {
                root = format!("{root}/{name}");
                sftp.make_folder(&root, mode).await?;
            }
            Entry::Enter { mode, relative, .. } => sftp.make_folder(&on_machine(&root, &relative), mode).await?,
            Entry::File { mode, path, relative, .. } => {
                let mut content = Walk::open(&path).await?;
                sftp.put(&on_machine(&root, &relative), &mut content, Some(mode)).await?;
            }
            Entry::Leave => {}
        }
        first = false;
    }
    Ok(())
}
