//! Looks at files and folders: which files there are, and which packages are installed.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use engine::Cancel;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::exclude::Exclude;
use super::package::{Package, distribution};
use super::{apk, dpkg};
use crate::io_fault::words_and_advice;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// What it was found in.
    pub subject: String,
    /// The files, by name.
    pub files: Vec<FileEntry>,
    /// The packages, by name.
    pub packages: Vec<Package>,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileEntry {
    /// Its path below the place that was scanned.
    pub name: String,
    /// How many bytes it has.
    pub size: u64,
    /// Its SHA-1, which SPDX cannot do without.
    pub sha1: String,
    /// Its SHA-256.
    pub sha256: String,
}

/// Nothing was found out.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ScanError {
    /// Something could not be read.
    #[error("cannot scan {path}: {reason}")]
    Unreadable {
        /// What.
        path: String,
        /// Why not.
        reason: String,
    },
    /// The run is stopping.
    #[error("context canceled")]
    Cancelled,
}

/// Looks at `files`, by their base names; what is in folders counts as well.
///
/// # Errors
///
/// One cannot be read, or the run is stopping.
pub fn scan_files(
    subject: &str,
    files: &[PathBuf],
    exclude: &Exclude,
    cancel: &Cancel,
) -> Result<Inventory, ScanError> {
    let mut scan = Scan { exclude, cancel, files: BTreeMap::new() };
    for file in files {
        scan.visit(file, file.file_name().unwrap_or(file.as_os_str()).to_string_lossy().into_owned())?;
    }
    Ok(Inventory { subject: subject.to_owned(), files: scan.files.into_values().collect(), packages: Vec::new() })
}

/// Looks at what is at `root`: a file, or a folder that may be the root of a system with packages.
///
/// # Errors
///
/// Something cannot be read, or the run is stopping.
pub fn scan_root(subject: &str, root: &Path, exclude: &Exclude, cancel: &Cancel) -> Result<Inventory, ScanError> {
    if std::fs::metadata(root).map_err(|error| unreadable(root, &error))?.is_file() {
        return scan_files(subject, &[root.to_path_buf()], exclude, cancel);
    }
    let mut scan = Scan { exclude, cancel, files: BTreeMap::new() };
    scan.visit(root, String::new())?;
    let packages = packages(root, exclude)?;
    Ok(Inventory { subject: subject.to_owned(), files: scan.files.into_values().collect(), packages })
}

struct Scan<'a> {
    exclude: &'a Exclude,
    cancel: &'a Cancel,
    files: BTreeMap<String, FileEntry>,
}

impl Scan<'_> {
    /// Links, devices and sockets have no content of their own. What goes away meanwhile was not there.
    fn visit(&mut self, path: &Path, name: String) -> Result<(), ScanError> {
        if self.cancel.is_stopping() {
            return Err(ScanError::Cancelled);
        }
        if !name.is_empty() && self.exclude.leaves_out(&name) {
            return Ok(());
        }
        let meta = std::fs::symlink_metadata(path).map_err(|error| unreadable(path, &error))?;
        if meta.is_file() {
            let entry = self.read(path, name.clone())?;
            self.files.insert(name, entry);
        } else if meta.is_dir() {
            for entry in std::fs::read_dir(path).map_err(|error| unreadable(path, &error))? {
                let entry = entry.map_err(|error| unreadable(path, &error))?;
                let below = entry.file_name().to_string_lossy().into_owned();
                let name = if name.is_empty() { below } else { format!("{name}/{below}") };
                self.visit(&entry.path(), name)?;
            }
        }
        Ok(())
    }

    fn read(&self, path: &Path, name: String) -> Result<FileEntry, ScanError> {
        let mut file = std::fs::File::open(path).map_err(|error| unreadable(path, &error))?;
        let (mut sha1, mut sha256, mut size) = (Sha1::new(), Sha256::new(), 0);
        let mut buffer = vec![0; 256 * 1024];
        loop {
            match file.read(&mut buffer) {
                _ if self.cancel.is_stopping() => return Err(ScanError::Cancelled),
                Ok(0) => break,
                Ok(n) => {
                    sha1.update(&buffer[..n]);
                    sha256.update(&buffer[..n]);
                    size += n as u64;
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(unreadable(path, &error)),
            }
        }
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(FileEntry { name, size, sha1: hex(&sha1.finalize()), sha256: hex(&sha256.finalize()) })
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> ScanError {
    ScanError::Unreadable { path: path.display().to_string(), reason: words_and_advice(error) }
}

/// The packages of the system at `root`, if it is one.
fn packages(root: &Path, exclude: &Exclude) -> Result<Vec<Package>, ScanError> {
    let read = |name: &str| match std::fs::read(root.join(name)) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(unreadable(&root.join(name), &error)),
    };
    let os = match read("etc/os-release")? {
        text if text.is_empty() => read("usr/lib/os-release")?,
        text => text,
    };
    let os = distribution(&os);
    let mut found = Vec::new();
    if !exclude.leaves_out(dpkg::PATH) {
        found.extend(dpkg::packages(&read(dpkg::PATH)?, &os));
    }
    if let Ok(entries) = std::fs::read_dir(root.join(dpkg::FOLDER)) {
        for name in entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()) {
            let name = format!("{}/{name}", dpkg::FOLDER);
            if !exclude.leaves_out(&name) && root.join(&name).is_file() {
                found.extend(dpkg::packages(&read(&name)?, &os));
            }
        }
    }
    for path in apk::PATHS.iter().filter(|path| !exclude.leaves_out(path)) {
        found.extend(apk::packages(&read(path)?, &os));
    }
    found.sort_by(|one, other| (&one.name, &one.purl).cmp(&(&other.name, &other.purl)));
    found.dedup();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn system() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("etc/os-release", "ID=debian\n"),
            ("var/lib/dpkg/status", "Package: bash\nStatus: install ok installed\nVersion: 5\n"),
            ("var/lib/dpkg/status.d/tz", "Package: tzdata\nVersion: 1\n"),
            ("lib/apk/db/installed", "P:musl\nV:2\n"),
            ("tmp/x.log", "log"),
            ("hello", "hello"),
        ] {
            let path = root.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink("/etc/passwd", root.path().join("link")).unwrap();
        root
    }

    #[test]
    fn a_system_has_files_and_packages() {
        let root = system();
        let exclude = Exclude::new(&["**/*.log".to_owned(), "var/lib/dpkg/status.d/*".to_owned()]).unwrap();
        let found = scan_root("x", root.path(), &exclude, &Cancel::new()).unwrap();
        let names: Vec<&str> = found.files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["etc/os-release", "hello", "lib/apk/db/installed", "var/lib/dpkg/status"]);
        let hello = &found.files[1];
        assert_eq!((hello.size, &*hello.sha1), (5, "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"));
        assert_eq!(hello.sha256, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
        let packages: Vec<&str> = found.packages.iter().map(|package| package.purl.as_str()).collect();
        assert_eq!(packages, ["pkg:deb/debian/bash@5", "pkg:apk/debian/musl@2"]);
        let all = scan_root("x", root.path(), &Exclude::default(), &Cancel::new()).unwrap();
        assert_eq!((all.files.len(), all.packages.len()), (6, 3));
    }

    #[test]
    fn single_files_go_by_their_base_names() {
        let root = system();
        let files = [root.path().join("hello"), root.path().join("tmp")];
        let found = scan_files("x", &files, &Exclude::default(), &Cancel::new()).unwrap();
        let names: Vec<&str> = found.files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["hello", "tmp/x.log"]);
        let same = scan_root("x", &files[0], &Exclude::default(), &Cancel::new()).unwrap();
        assert_eq!(same.files, found.files[..1]);
        let error = scan_root("x", &root.path().join("none"), &Exclude::default(), &Cancel::new()).unwrap_err();
        assert!(error.to_string().ends_with("none: no such file or directory"), "{error}");
        let cancel = Cancel::new();
        cancel.raise(engine::CancelPhase::Stopping);
        assert_eq!(scan_files("x", &files, &Exclude::default(), &cancel), Err(ScanError::Cancelled));
    }
}
