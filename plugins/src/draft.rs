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
    /// permissions, and links still point to the file afterwards. What is there until it is published is written down by
    /// `recorder` before it is made; to wait for that takes as long as to write a small file.
    pub fn begin(target: &Path, mode: u32, recorder: &Recorder) -> io::Result<Self> {
        let Ok(meta) = std::fs::metadata(target) else {
            return Self::beside(target.to_path_buf(), mode, recorder);
        };
        // Also tells whether we may write to it at all, which replacing it would not.
        let existing = OpenOptions::new().write(true).open(target)?;
        if !meta.is_file() {
            return Ok(Self::direct(existing));
        }
        match Self::beside(std::fs::canonicalize(target)?, mode, recorder) {
            Ok(draft) => {
                draft.file().set_permissions(meta.permissions())?;
                Ok(draft)
            }
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                existing.set_len(0)?;
                Ok(Self::direct(existing))
            }
            Err(error) => Err(error),
        }
    }

    fn beside(target: PathBuf, mode: u32, recorder: &Recorder) -> io::Result<Self> {
        let folder = match target.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let mut recorded = None;
        let drafted = tempfile::Builder::new().prefix(".packer-part-").make_in(folder, |path| {
            recorded = Some(recorder.temporary(ResourceKind::TemporaryFile, path.to_path_buf()));
            let mut options = OpenOptions::new();
            options.read(true).write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
            #[cfg(not(unix))]
            let _ = mode;
            options.open(path)
        });
        // The path of the draft would only confuse: the fault is its folder's.
        let plain = |error: io::Error| error.raw_os_error().map_or(error, io::Error::from_raw_os_error);
        Ok(Self { place: Place::Beside(drafted.map_err(plain)?, target), _recorded: recorded })
    }

    fn direct(file: File) -> Self {
        Self { place: Place::Direct(file), _recorded: None }
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

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::io::Write as _;
    use std::os::unix::fs::PermissionsExt as _;

    use engine::journal::Journal;

    use super::*;
    use crate::journal::History;
    use crate::scrubber::Scrubber;

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
        let draft = Draft::begin(&target, 0o600, &Recorder::default()).unwrap();
        draft.file().write_all(b"half").unwrap();
        assert!(!target.exists());
        drop(draft);
        assert_eq!(names(folder.path()), Vec::<String>::new());
        let draft = Draft::begin(&target, 0o600, &Recorder::default()).unwrap();
        draft.file().write_all(b"whole").unwrap();
        draft.publish().unwrap();
        assert_eq!((std::fs::read_to_string(&target).unwrap().as_str(), mode(&target)), ("whole", 0o600));
        assert_eq!(names(folder.path()), ["out"]);
    }

    #[test]
    fn what_is_there_until_it_is_published_is_written_down() {
        let folder = tempfile::tempdir().unwrap();
        let [book, out] = ["book", "out"].map(|name| tempfile::tempdir_in(folder.path()).unwrap().keep().join(name));
        let journal = Journal::start(File::create_new(&book).unwrap()).unwrap();
        let recorder = Recorder::new(journal, Scrubber::default());
        let left = || {
            let history = History::read(File::open(&book).unwrap()).unwrap();
            history.leftovers().map(|left| PathBuf::from(&left.resource.id)).collect::<Vec<_>>()
        };
        let draft = Draft::begin(&out, 0o600, &recorder).unwrap();
        let part = out.with_file_name(&names(out.parent().unwrap())[0]);
        assert_eq!(left(), [part]);
        draft.publish().unwrap();
        drop(recorder);
        assert_eq!((left(), out.exists()), (vec![], true));
    }

    #[test]
    fn what_is_replaced_keeps_its_permissions_and_links() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("out"), folder.path().join("link"));
        std::fs::write(&target, "old and long").unwrap();
        std::fs::set_permissions(&target, std::fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        let draft = Draft::begin(&link, 0o600, &Recorder::default()).unwrap();
        draft.file().write_all(b"new").unwrap();
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "old and long");
        draft.publish().unwrap();
        assert_eq!((std::fs::read_to_string(&target).unwrap().as_str(), mode(&target)), ("new", 0o640));
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[test]
    fn devices_are_written_to_and_folders_are_not() {
        let draft = Draft::begin(Path::new("/dev/null"), 0o600, &Recorder::default()).unwrap();
        draft.file().write_all(b"gone").unwrap();
        draft.publish().unwrap();
        assert!(!std::fs::metadata("/dev/null").unwrap().is_file());
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(
            Draft::begin(folder.path(), 0o600, &Recorder::default()).unwrap_err().kind(),
            io::ErrorKind::IsADirectory
        );
        let missing = Draft::begin(&folder.path().join("no/out"), 0o600, &Recorder::default()).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    }
}
