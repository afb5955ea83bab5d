//! Files that appear whole or not at all: written under another name beside their place, then moved there.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::journal::{Recorder, ResourceKind, Temporary};

/// A file being written. Dropped unpublished it leaves nothing.
#[derive(Debug)]
pub struct Draft {
    place: Place,
    // After the file is gone.
    _recorded: Option<Temporary>,
}

#[derive(Debug)]
enum Place {
    /// To be moved to this path.
    Beside(NamedTempFile, PathBuf),
    /// Written in place, because it cannot be replaced: a device, a pipe, a file in a folder that we may not write to.
    Direct(File),
}

impl Draft {
    /// Begins a file at `target`, with permissions `mode` less the umask when it is new. Existing files keep their
    /// permissions, and links still point to the file afterwards.
    pub fn begin(target: &Path, mode: u32) -> io::Result<Self> {
        let Ok(meta) = std::fs::metadata(target) else {
            return Ok(Self::at(Place::Beside(beside(target, mode)?, target.to_path_buf())));
        };
        // Also tells whether we may write to it at all, which replacing it would not.
        let existing = OpenOptions::new().write(true).open(target)?;
        if !meta.is_file() {
            return Ok(Self::at(Place::Direct(existing)));
        }
        let target = std::fs::canonicalize(target)?;
        match beside(&target, mode) {
            Ok(file) => {
                file.as_file().set_permissions(meta.permissions())?;
                Ok(Self::at(Place::Beside(file, target)))
            }
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                existing.set_len(0)?;
                Ok(Self::at(Place::Direct(existing)))
            }
            Err(error) => Err(error),
        }
    }

    /// The same, written down by `recorder` until it is published or gone.
    pub fn recorded(mut self, recorder: &Recorder) -> Self {
        if let Place::Beside(file, _) = &self.place {
            self._recorded = Some(recorder.temporary(ResourceKind::TemporaryFile, file.path().to_path_buf()));
        }
        self
    }

    fn at(place: Place) -> Self {
        Self { place, _recorded: None }
    }

    /// The open file.
    pub fn file(&self) -> &File {
        match &self.place {
            Place::Beside(file, _) => file.as_file(),
            Place::Direct(file) => file,
        }
    }

    /// Puts the file in its place.
    pub fn publish(self) -> io::Result<()> {
        match self.place {
            Place::Beside(file, target) => file.persist(target).map(drop).map_err(|error| error.error),
            Place::Direct(_) => Ok(()),
        }
    }
}

fn beside(target: &Path, mode: u32) -> io::Result<NamedTempFile> {
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".packer-part-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    #[cfg(not(unix))]
    let _ = mode;
    builder.tempfile_in(folder).map_err(|error| {
        // The path of the draft would only confuse: the fault is its folder's.
        error.raw_os_error().map_or(error, io::Error::from_raw_os_error)
    })
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::io::Write as _;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn appears_only_when_published() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("out");
        let draft = Draft::begin(&target, 0o600).unwrap();
        draft.file().write_all(b"half").unwrap();
        assert!(!target.exists());
        drop(draft);
        assert_eq!(names(folder.path()), Vec::<String>::new());
        let draft = Draft::begin(&target, 0o600).unwrap();
        draft.file().write_all(b"whole").unwrap();
        draft.publish().unwrap();
        assert_eq!((std::fs::read_to_string(&target).unwrap().as_str(), mode(&target)), ("whole", 0o600));
        assert_eq!(names(folder.path()), ["out"]);
    }

    #[test]
    fn what_is_replaced_keeps_its_permissions_and_links() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("out"), folder.path().join("link"));
        std::fs::write(&target, "old and long").unwrap();
        std::fs::set_permissions(&target, std::fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        let draft = Draft::begin(&link, 0o600).unwrap();
        draft.file().write_all(b"new").unwrap();
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "old and long");
        draft.publish().unwrap();
        assert_eq!((std::fs::read_to_string(&target).unwrap().as_str(), mode(&target)), ("new", 0o640));
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[test]
    fn devices_are_written_to_and_folders_are_not() {
        let draft = Draft::begin(Path::new("/dev/null"), 0o600).unwrap();
        draft.file().write_all(b"gone").unwrap();
        draft.publish().unwrap();
        assert!(!std::fs::metadata("/dev/null").unwrap().is_file());
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Draft::begin(folder.path(), 0o600).unwrap_err().kind(), io::ErrorKind::IsADirectory);
        let missing = Draft::begin(&folder.path().join("no/out"), 0o600).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    }
}
