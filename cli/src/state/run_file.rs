//! The journal of one run on disk, and the lock by which others know that the run is alive.
//!
//! The lock is the kernel's (`flock`), so it goes with the process however that ends. Child processes do not inherit it:
//! the file is closed when they start.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::state::folder::StateError;

/// A journal that may be somebody's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFile {
    path: PathBuf,
}

/// A journal that is ours as long as this lives.
#[derive(Debug)]
pub struct RunLock {
    file: File,
    path: PathBuf,
}

impl RunFile {
    /// The journal at `path`.
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// The run's id.
    pub fn id(&self) -> &str {
        self.path.file_stem().and_then(|name| name.to_str()).unwrap_or_default()
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens it for reading, whoever has it.
    ///
    /// # Errors
    ///
    /// It is gone, or not ours to read.
    pub fn open(&self) -> Result<File, StateError> {
        File::open(&self.path).map_err(|source| failed(&self.path, source))
    }

    /// Takes it over to add to it; none when its run is alive, or somebody cleans up after it.
    ///
    /// # Errors
    ///
    /// It is gone, or not ours to write.
    pub fn lock(&self) -> Result<Option<RunLock>, StateError> {
        let file = OpenOptions::new().read(true).write(true).open(&self.path);
        let file = file.map_err(|source| failed(&self.path, source))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(RunLock { file, path: self.path.clone() })),
            Err(Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(failed(&self.path, error.into())),
        }
    }

    /// Whether somebody has it: its run is alive, or being cleaned up after.
    ///
    /// # Errors
    ///
    /// It is gone, or not ours to read.
    pub fn is_locked(&self) -> Result<bool, StateError> {
        let file = self.open()?;
        match flock(&file, FlockOperation::NonBlockingLockShared) {
            Ok(()) => Ok(false),
            Err(Errno::WOULDBLOCK) => Ok(true),
            Err(error) => Err(failed(&self.path, error.into())),
        }
    }
}

impl RunLock {
    /// Makes a new journal, empty and locked.
    pub(super) fn create(path: &Path) -> Result<Self, StateError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(|source| failed(path, source))?;
        // Nobody else knows its name yet, but may be looking at all there are.
        flock(&file, FlockOperation::LockExclusive).map_err(|error| failed(path, error.into()))?;
        // The name must last as well as what is in the file.
        let folder = path.parent().unwrap_or(path);
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(|source| failed(folder, source))?;
        Ok(Self { file, path: path.to_owned() })
    }

    /// The journal.
    pub fn run(&self) -> RunFile {
        RunFile::new(self.path.clone())
    }

    /// The file, to read and write. The lock is on it, and lasts until all its copies are closed.
    ///
    /// # Errors
    ///
    /// No file can be opened any more.
    pub fn file(&self) -> io::Result<File> {
        self.file.try_clone()
    }
}

fn failed(path: &Path, source: io::Error) -> StateError {
    StateError::File { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_a_journal_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("abc.journal");
        let lock = RunLock::create(&path).unwrap();
        assert!(RunLock::create(&path).is_err());
        let run = RunFile::new(path);
        assert_eq!(run.id(), "abc");
        assert!(run.is_locked().unwrap());
        assert!(run.lock().unwrap().is_none());
        let copy = lock.file().unwrap();
        drop(lock);
        assert!(run.is_locked().unwrap());
        drop(copy);
        assert!(!run.is_locked().unwrap());
        assert!(run.lock().unwrap().is_some());
    }
}
