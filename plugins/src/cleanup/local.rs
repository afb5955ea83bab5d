//! Removes what is on this machine: files and folders that are still what they were, and groups of processes.

use std::fs::{self, Metadata};
use std::io;
use std::time::{Duration, SystemTime};

use crate::cleanup::carry_out::Removed;
use crate::journal::{Destroy, FileMark, Resource};

/// The times of files lag behind the clock, and some file systems know only every other second.
const LAG: Duration = Duration::from_secs(3);

/// Removes a file, or a folder with all that is in it, unless something else is there by now. Links are not followed: a
/// link is removed, not what it points to. What was only planned must have been written after `not_before`.
///
/// # Errors
///
/// The system does not let us.
pub(super) fn remove(mark: &FileMark, not_before: SystemTime) -> io::Result<Removed> {
    let found = match fs::symlink_metadata(&mark.path) {
        Ok(found) => found,
        Err(error) if is_absence(&error) => return Ok(Removed::WasGone),
        Err(error) => return Err(error),
    };
    let is_ours = if mark.inode.is_some() { mark.is_same_file() } else { is_younger(&found, not_before) };
    if is_ours { remove_found(mark, &found) } else { Ok(Removed::IsOthers) }
}

/// Removes a file or folder that is as it was. One that was written to since may be what another run has made. What was
/// only planned must have been written after `not_before`.
///
/// # Errors
///
/// The system does not let us.
pub(super) fn remove_unchanged(mark: &FileMark, not_before: SystemTime) -> io::Result<Removed> {
    if mark.inode.is_none() {
        return remove(mark, not_before);
    }
    match fs::symlink_metadata(&mark.path) {
        Ok(found) if mark.is_unchanged() => remove_found(mark, &found),
        Ok(_) => Ok(Removed::IsOthers),
        Err(error) if is_absence(&error) => Ok(Removed::WasGone),
        Err(error) => Err(error),
    }
}

fn remove_found(mark: &FileMark, found: &Metadata) -> io::Result<Removed> {
    let removed = if found.is_dir() { fs::remove_dir_all(&mark.path) } else { fs::remove_file(&mark.path) };
    match removed {
        Err(error) if !is_absence(&error) => Err(error),
        _ => Ok(Removed::Now),
    }
}

/// Whether a resource is seen to be gone without asking anybody: files that are not there, processes that have ended.
pub fn is_gone(resource: &Resource) -> bool {
    let is_missing = |file: &FileMark| fs::symlink_metadata(&file.path).is_err_and(|error| is_absence(&error));
    match &resource.destroy {
        Destroy::Files { files } => files.iter().all(is_missing),
        #[cfg(target_os = "linux")]
        Destroy::Process { pid, started: Some(started) } => crate::process::is_extinct(*pid, *started),
        _ => false,
    }
}

fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn is_younger(found: &Metadata, not_before: SystemTime) -> bool {
    let not_before = not_before.checked_sub(LAG).unwrap_or(not_before);
    found.modified().is_ok_and(|modified| modified >= not_before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_made_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let now = SystemTime::now();
        let remove_of = |mark: &FileMark| remove(mark, now).unwrap();
        // A file that was written to since.
        fs::write(path("a"), "1").unwrap();
        let mark = FileMark::of(path("a")).unwrap();
        fs::write(path("a"), "22").unwrap();
        assert_eq!((remove_of(&mark), path("a").exists()), (Removed::Now, false));
        assert_eq!(remove_of(&mark), Removed::WasGone);
        // An artifact that another run has made in its place.
        fs::write(path("a"), "1").unwrap();
        let mark = FileMark::of(path("a")).unwrap();
        fs::write(path("a"), "22").unwrap();
        assert_eq!(remove_unchanged(&mark, now).unwrap(), Removed::IsOthers);
        let mark = FileMark::of(path("a")).unwrap();
        assert_eq!(remove_unchanged(&mark, now).unwrap(), Removed::Now);
        assert_eq!(remove_unchanged(&mark, now).unwrap(), Removed::WasGone);
        // Another file in its place, with the same number as likely as not.
        fs::write(path("a"), "mine").unwrap();
        assert_eq!((remove_of(&mark), path("a").exists()), (Removed::IsOthers, true));
        // A folder, and what is in it.
        fs::create_dir_all(path("b/c")).unwrap();
        fs::write(path("b/c/d"), "").unwrap();
        let mark = FileMark::of(path("b")).unwrap();
        assert_eq!((remove_of(&mark), path("b").exists()), (Removed::Now, false));
        // A folder above it is a file now.
        fs::write(path("b"), "").unwrap();
        assert_eq!(remove_of(&FileMark::planned(path("b/c"))), Removed::WasGone);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("precious")).unwrap();
        fs::write(path("precious/file"), "").unwrap();
        fs::create_dir(path("made")).unwrap();
        std::os::unix::fs::symlink(path("precious"), path("made/link")).unwrap();
        let made = FileMark::of(path("made")).unwrap();
        assert_eq!(remove(&made, SystemTime::now()).unwrap(), Removed::Now);
        // The folder was replaced by a link to another.
        std::os::unix::fs::symlink(path("precious"), path("made")).unwrap();
        assert_eq!(remove(&made, SystemTime::now()).unwrap(), Removed::IsOthers);
        let planned = FileMark::planned(path("made"));
        assert_eq!(remove(&planned, SystemTime::now()).unwrap(), Removed::Now);
        assert!(path("precious/file").exists());
    }

    #[test]
    fn what_was_planned_is_older_than_the_run_or_made_by_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("planned");
        fs::write(&path, "").unwrap();
        let mark = FileMark::planned(path.clone());
        let later = SystemTime::now() + Duration::from_secs(60);
        assert_eq!((remove(&mark, later).unwrap(), path.exists()), (Removed::IsOthers, true));
        assert_eq!((remove(&mark, SystemTime::now()).unwrap(), path.exists()), (Removed::Now, false));
    }
}
