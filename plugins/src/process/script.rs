//! Files that are written to be started.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use tempfile::TempPath;

use crate::journal::{Recorder, ResourceKind, Temporary};

/// Held for reading while a process starts; see [`while_nothing_starts`]. The table of open files belongs to the whole
/// process, and so does this lock; it guards no data of ours.
static OPEN_FILES: RwLock<()> = RwLock::new(());

/// An executable file, which is removed when this is dropped.
#[derive(Debug)]
pub struct Script {
    path: TempPath,
    // After the file is gone.
    _recorded: Temporary,
}

impl Script {
    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Writes an executable file of a fresh name into `directory`, once `recorder` has written down that it will. It is left
/// nowhere when writing fails.
pub fn write_script(
    directory: &Path,
    (prefix, suffix): (&str, &str),
    content: &[u8],
    recorder: &Recorder,
) -> io::Result<Script> {
    let path = directory.join(format!("{prefix}{}{suffix}", uuid::Uuid::new_v4().simple()));
    let recorded = recorder.temporary(ResourceKind::TemporaryFile, path.clone());
    let path = write_executable(path, content)?;
    Ok(Script { path, _recorded: recorded })
}

fn write_executable(path: PathBuf, content: &[u8]) -> io::Result<TempPath> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o700);
    while_nothing_starts(|| {
        let mut file = options.open(&path)?;
        let path = TempPath::try_from_path(path)?;
        file.write_all(content)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            // Whatever the umask took away.
            file.set_permissions(std::fs::Permissions::from_mode(0o700))?;
        }
        Ok(path)
    })
}

/// Writes a file that may be executed soon; `write` opens it, writes it, and closes it before it returns.
///
/// A process that starts inherits every open file until it executes its own program, and the kernel refuses to execute a
/// file that anyone has open for writing ("text file busy"). To wait, after closing the file, for the processes then being
/// started is not enough: the kernel tells us that a process executes before it closes what that process inherited.
pub fn while_nothing_starts<T>(write: impl FnOnce() -> T) -> T {
    let _nothing_starts = OPEN_FILES.write().unwrap_or_else(PoisonError::into_inner);
    write()
}

/// Held while a process starts.
pub(crate) fn starting() -> RwLockReadGuard<'static, ()> {
    OPEN_FILES.read().unwrap_or_else(PoisonError::into_inner)
}
