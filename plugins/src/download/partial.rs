//! What has arrived of a long file. It is kept in a folder under a key that says what the whole must be, so that the next
//! run can go on where this one broke off; whoever has all of it checks that.
//!
//! Only one program at a time adds to a kept part. Another one that wants the same file at the same time gets a part of its
//! own, without a name.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::discovery::checksum::digest;
use crate::discovery::remove::remove_if_there;

/// Parts that nobody came back for in this time are removed.
const FORGOTTEN: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// What has arrived so far.
#[derive(Debug)]
pub struct Partial {
    file: File,
    len: u64,
    /// Where it is kept, and the server's name for the version of the file that it is part of beside it.
    path: Option<PathBuf>,
}

impl Partial {
    /// What is kept under `key`, a name for a file. Without a folder that can be written to, something new that is gone
    /// in the end.
    ///
    /// # Errors
    ///
    /// There is no room for files at all.
    pub fn open(folder: Option<&Path>, key: &str) -> io::Result<Self> {
        let Some(folder) = folder else { return Self::unnamed() };
        let path = folder.join(format!("{key}.part"));
        match Self::kept(folder, &path) {
            Ok(Some(kept)) => Ok(kept),
            Ok(None) => {
                tracing::debug!("{} is being downloaded by another program, so it is not shared", path.display());
                Self::unnamed()
            }
            Err(error) => {
                tracing::debug!("parts of downloads are not kept in {}: {error}", folder.display());
                Self::unnamed()
            }
        }
    }

    /// Something new that is gone in the end.
    ///
    /// # Errors
    ///
    /// There is no room for files at all.
    pub fn unnamed() -> io::Result<Self> {
        Ok(Self { file: tempfile::tempfile()?, len: 0, path: None })
    }

    fn kept(folder: &Path, path: &Path) -> io::Result<Option<Self>> {
        fs::create_dir_all(folder)?;
        remove_forgotten(folder);
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        if file.try_lock().is_err() {
            return Ok(None);
        }
        // Who held the lock before may have finished and taken the file away.
        if !is_at(&file, path) {
            return Ok(None);
        }
        let len = file.seek(SeekFrom::End(0))?;
        Ok(Some(Self { file, len, path: Some(path.to_owned()) }))
    }

    /// How much is there.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether nothing is there yet.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Where it is kept, if it has a name.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The server's name for the version of the file that this is part of, if it has one.
    pub fn validator(&self) -> Option<String> {
        fs::read_to_string(tag_path(self.path()?)).ok().filter(|tag| !tag.is_empty())
    }

    /// Forgets all of it; what comes belongs to this version of the file.
    ///
    /// # Errors
    ///
    /// The system refuses.
    pub fn restart(&mut self, validator: Option<&str>) -> io::Result<()> {
        if !self.is_empty() {
            self.file.set_len(0)?;
            self.len = 0;
        }
        let Some(path) = &self.path else { return Ok(()) };
        match validator {
            Some(validator) => fs::write(tag_path(path), validator),
            None => remove_if_there(&tag_path(path)),
        }
    }

    /// Adds to it.
    ///
    /// # Errors
    ///
    /// The system refuses.
    pub fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let written = self.file.seek(SeekFrom::Start(self.len)).and_then(|_| self.file.write_all(bytes));
        written.map(|()| self.len += bytes.len() as u64)
    }

    /// The digest of what is there.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn digest(&mut self) -> io::Result<String> {
        self.file.rewind()?;
        digest(&self.file, |_| Ok(()))
    }

    /// The whole file, which is not kept any longer than it is open.
    ///
    /// # Errors
    ///
    /// The system refuses.
    pub fn finish(mut self) -> io::Result<File> {
        self.file.rewind()?;
        if let Some(path) = &self.path {
            remove_if_there(&tag_path(path))?;
            remove_if_there(path)?;
        }
        Ok(self.file)
    }
}

fn tag_path(part: &Path) -> PathBuf {
    part.with_extension("tag")
}

/// Whether the open file is the one at `path`.
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    match (file.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(there)) => (open.dev(), open.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

/// Removes parts that nobody came back for. One that cannot be removed stays.
fn remove_forgotten(folder: &Path) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries {
        let modified = entry.metadata().and_then(|metadata| metadata.modified());
        let age = modified.ok().and_then(|modified| SystemTime::now().duration_since(modified).ok());
        if age.is_some_and(|age| age > FORGOTTEN) {
            let _ = fs::remove_file(entry.path());
        }
    }
}
