//! Moving texts and files to a machine and from it.

use std::io;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use engine::Cancel;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};

use crate::component::{Communicator, ComponentError, FileInfo, Progress, Source, Ui};
use crate::draft::Draft;
use crate::io_fault::{os_words, words_and_advice};
use crate::journal::Recorder;
use crate::offload::offload;

/// Permissions of a file that was fetched, less the umask.
const FETCHED: u32 = 0o644;

/// Writes `content` to the machine's file `path`, with permissions `mode` if there is one; else they are the machine's
/// affair.
///
/// # Errors
///
/// What the communicator says, and that the run is stopping.
pub async fn upload_bytes(
    machine: &dyn Communicator,
    path: &str,
    content: &[u8],
    mode: Option<u32>,
    cancel: &Cancel,
) -> Result<(), ComponentError> {
    let info = mode.map(|mode| FileInfo {
        name: base_name(path).to_owned(),
        size: i64::try_from(content.len()).unwrap_or(i64::MAX),
        mode,
        modified: None,
    });
    upload(machine, path, &mut &*content, info.as_ref(), cancel).await
}

/// Writes what `content` yields to the machine's file `path`.
///
/// # Errors
///
/// As for [`upload_bytes`].
pub async fn upload(
    machine: &dyn Communicator,
    path: &str,
    content: &mut Source<'_>,
    info: Option<&FileInfo>,
    cancel: &Cancel,
) -> Result<(), ComponentError> {
    unless_stopped(cancel, machine.upload(path, content, info, cancel)).await
}

/// Writes the local file `local` to the machine's file `path`, permissions included, and shows how far it has come.
///
/// # Errors
///
/// When the file cannot be read, and as for [`upload_bytes`].
pub async fn upload_file(
    machine: &dyn Communicator,
    path: &str,
    local: &Path,
    ui: &dyn Ui,
    cancel: &Cancel,
) -> Result<(), ComponentError> {
    let cannot = |error: &io::Error| {
        ComponentError::new(format!("cannot read {}: {}", local.display(), words_and_advice(error)))
    };
    let file = tokio::fs::File::open(local).await.map_err(|error| cannot(&error))?;
    let meta = file.metadata().await.map_err(|error| cannot(&error))?;
    let name = local.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let progress = ui.track(&name, 0, if meta.is_file() { meta.len() } else { 0 });
    let mut content = Reading { file, progress, path: local };
    // Of what is no file, such as a pipe, nobody knows the size before its end.
    let info = meta.is_file().then(|| file_info(name, &meta));
    upload(machine, path, &mut content, info.as_ref(), cancel).await
}

/// What is told of a local file.
pub fn file_info(name: String, meta: &std::fs::Metadata) -> FileInfo {
    #[cfg(unix)]
    let mode = std::os::unix::fs::PermissionsExt::mode(&meta.permissions()) & 0o777;
    #[cfg(not(unix))]
    let mode = if meta.permissions().readonly() { 0o444 } else { 0o666 };
    FileInfo {
        name,
        size: i64::try_from(meta.len()).unwrap_or(i64::MAX),
        mode,
        modified: meta.modified().ok().and_then(|time| jiff::Timestamp::try_from(time).ok()),
    }
}

/// Fetches the machine's file `path` into the local file `local`, which appears whole or not at all (`recorder` writes down
/// what is there until it does), and shows how far it has come.
///
/// # Errors
///
/// When the file cannot be written, and what the communicator says.
pub async fn download_file(
    machine: &dyn Communicator,
    path: &str,
    local: &Path,
    recorder: &Recorder,
    ui: &dyn Ui,
    cancel: &Cancel,
) -> Result<(), ComponentError> {
    let target = local.to_path_buf();
    let cannot = move |error: io::Error| {
        ComponentError::new(format!("cannot write {}: {}", target.display(), words_and_advice(&error)))
    };
    let (target, recorder) = (local.to_path_buf(), recorder.clone());
    let begun = offload(move || {
        let begun = Draft::begin(&target, FETCHED, &recorder).and_then(|draft| Ok((draft.file().try_clone()?, draft)));
        Ok(begun)
    });
    let (file, draft) = begun.await?.map_err(&cannot)?;
    let mut content = Writing { file: tokio::fs::File::from_std(file), progress: ui.track(base_name(path), 0, 0) };
    unless_stopped(cancel, machine.download(path, &mut content, cancel)).await?;
    // The last piece is written behind our back, and its failure is told here.
    content.file.flush().await.map_err(&cannot)?;
    drop(content);
    offload(move || Ok(draft.publish())).await?.map_err(cannot)
}

/// The last part of a path of the machine, which may have either kind of separator.
pub fn base_name(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    let is_windows = path.contains('\\') && (!path.contains('/') || path.as_bytes().get(1) == Some(&b':'));
    if is_windows { name.rsplit('\\').next().unwrap_or(name) } else { name }
}

/// Communicators stop by themselves when they are told to; one that does not is left behind when the run is killed.
async fn unless_stopped(
    cancel: &Cancel,
    work: impl Future<Output = Result<(), ComponentError>>,
) -> Result<(), ComponentError> {
    if cancel.is_stopping() {
        return Err(ComponentError::Cancelled);
    }
    tokio::select! {
        biased;
        result = work => result,
        () = cancel.killing() => Err(ComponentError::Cancelled),
    }
}

/// A local file on its way to a machine.
struct Reading<'a> {
    file: tokio::fs::File,
    progress: Box<dyn Progress>,
    path: &'a Path,
}

impl AsyncRead for Reading<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = std::task::ready!(Pin::new(&mut self.file).poll_read(context, buffer));
        self.progress.add((buffer.filled().len() - before) as u64);
        // The communicator passes this on, and knows nothing of the path.
        let named = |error: io::Error| {
            io::Error::new(error.kind(), format!("cannot read {}: {}", self.path.display(), os_words(&error)))
        };
        Poll::Ready(read.map_err(named))
    }
}

/// A local file that is being fetched.
struct Writing {
    file: tokio::fs::File,
    progress: Box<dyn Progress>,
}

impl AsyncWrite for Writing {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = std::task::ready!(Pin::new(&mut self.file).poll_write(context, bytes));
        if let Ok(n_bytes) = written {
            self.progress.add(n_bytes as u64);
        }
        Poll::Ready(written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.file).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.file).poll_shutdown(context)
    }
}
