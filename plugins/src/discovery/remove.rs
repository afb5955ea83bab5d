//! How a plugin goes.

use std::fs;
use std::io;
use std::path::Path;

use crate::discovery::checksum::path_of;
use crate::trust::signatures::{SUFFIXES, path_of as signature_of};

/// Removes a binary, and the checksum and signatures beside it.
///
/// # Errors
///
/// One of them cannot be removed. That there is no checksum or signature is none.
pub fn remove(binary: &Path) -> io::Result<()> {
    fs::remove_file(binary)?;
    remove_if_there(&path_of(binary))?;
    SUFFIXES.iter().try_for_each(|suffix| remove_if_there(&signature_of(binary, suffix)))
}

/// Removes a file that need not be there.
///
/// # Errors
///
/// It is there and cannot be removed.
pub fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binary_goes_with_its_checksum() {
        let folder = tempfile::tempdir().unwrap();
        let binary = folder.path().join("a");
        for beside in [true, false] {
            fs::write(&binary, "").unwrap();
            if beside {
                fs::write(path_of(&binary), "").unwrap();
                fs::write(signature_of(&binary, ".sig"), "").unwrap();
            }
            remove(&binary).unwrap();
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        }
        assert_eq!(remove(&binary).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
