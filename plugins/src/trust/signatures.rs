//! The signatures that come with a binary: files of the same name and `.minisig` (of minisign) or `.sig` (the 64 bytes of an
//! Ed25519 signature, as they are, in hexadecimal digits or in base64).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::trust::fault::TrustError;

/// How names of signatures end.
pub const SUFFIXES: [&str; 2] = [".minisig", ".sig"];
/// Signatures are much shorter.
pub const MAX_LEN: u64 = 64 << 10;

/// What the signatures of a binary say; nothing for those that are not there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signatures {
    /// By suffix, in the order of [`SUFFIXES`].
    pub files: [Option<Vec<u8>>; 2],
}

impl Signatures {
    /// Those that lie beside `binary`.
    ///
    /// # Errors
    ///
    /// One is there and cannot be read.
    pub fn beside(binary: &Path) -> Result<Self, TrustError> {
        let mut found = Self::default();
        for (file, suffix) in found.files.iter_mut().zip(SUFFIXES) {
            let path = path_of(binary, suffix);
            match fs::metadata(&path) {
                Ok(metadata) if metadata.len() > MAX_LEN => {
                    return Err(TrustError::Malformed { path, reason: "it is too long for a signature" });
                }
                Ok(_) => *file = Some(fs::read(&path).map_err(|source| TrustError::Unreadable { path, source })?),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(TrustError::Unreadable { path, source }),
            }
        }
        Ok(found)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.files.iter().all(Option::is_none)
    }
}

/// Where the signature of `binary` with this suffix lies.
pub fn path_of(binary: &Path, suffix: &str) -> PathBuf {
    let mut path = binary.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}
