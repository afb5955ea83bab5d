//! Files that are written to be started.

use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use tempfile::TempPath;

/// Held for reading while a process starts; see [`while_nothing_starts`]. The table of open files belongs to the whole
/// process, and so does this lock; it guards no data of ours.
static OPEN_FILES: RwLock<()> = RwLock::new(());

/// Writes an executable file of a fresh name into `directory`. It is removed when the returned path is dropped, and left
/// nowhere when writing fails.
pub fn write_script(directory: &Path, prefix: &str, suffix: &str, content: &[u8]) -> io::Result<TempPath> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix).suffix(suffix).rand_bytes(10);
    while_nothing_starts(|| {
        let mut file = builder.tempfile_in(directory)?;
        file.write_all(content)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            file.as_file().set_permissions(std::fs::Permissions::from_mode(0o700))?;
        }
        Ok(file.into_temp_path())
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
