//! How a plugin goes.

use std::fs;
use std::io;
use std::path::Path;

use crate::discovery::checksum::path_of;

/// Removes a binary and the checksum beside it.
///
/// # Errors
///
/// One of the two cannot be removed. That there is no checksum is none.
pub fn remove(binary: &Path) -> io::Result<()> {
    fs::remove_file(binary)?;
    match fs::remove_file(path_of(binary)) {
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
            }
            remove(&binary).unwrap();
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        }
        assert_eq!(remove(&binary).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
