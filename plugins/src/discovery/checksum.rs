//! The checksum that lies beside every binary, in a file of the same name and `_SHA256SUM`.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::io_fault::os_words;

const SUFFIX: &str = "_SHA256SUM";
/// A digest is much shorter; whatever goes on longer is none.
const MAX_LEN: u64 = 1024;
/// How much is read at once.
const PART: usize = 1 << 17;

/// Why a binary is not known to be the one that was installed.
#[derive(Debug, thiserror::Error)]
pub enum ChecksumError {
    /// Its checksum cannot be read.
    #[error("{}", os_words(.0))]
    Missing(io::Error),
    /// What lies there is no checksum.
    #[error("{0:?} is no SHA-256 checksum")]
    Malformed(String),
    /// The binary cannot be read.
    #[error("{}", os_words(.0))]
    Unreadable(io::Error),
    /// It is another binary, or a damaged one.
    #[error("ErrInvalidPlugin: Checksums (*sha256.digest) did not match.\nExpected: {expected}\nGot: {found}")]
    Mismatch {
        /// The checksum beside it.
        expected: String,
        /// Its own.
        found: String,
    },
}

/// Where the checksum of `binary` lies.
pub fn path_of(binary: &Path) -> PathBuf {
    let mut path = binary.as_os_str().to_owned();
    path.push(SUFFIX);
    path.into()
}

/// The digest, in hexadecimal digits, of all that `source` holds. Each part read is handed to `each`.
///
/// # Errors
///
/// It cannot be read, or `each` fails.
pub fn digest(source: impl Read, mut each: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<String> {
    let mut hasher = Sha256::new();
    read_parts(source, |part| {
        hasher.update(part);
        each(part)
    })?;
    Ok(in_digits(&hasher.finalize()))
}

/// Hands all that `source` holds to `each`, part by part.
///
/// # Errors
///
/// It cannot be read, or `each` fails.
pub fn read_parts(mut source: impl Read, mut each: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut part = vec![0; PART];
    loop {
        match source.read(&mut part) {
            Ok(0) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => each(&part[..read?])?,
        }
    }
}

/// Bytes as hexadecimal digits.
pub fn in_digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The checksum of `binary` if it is the one that lies beside it.
///
/// # Errors
///
/// It is not, or cannot be told.
pub fn verify(binary: &Path) -> Result<String, ChecksumError> {
    let expected = read(&path_of(binary))?;
    let found = File::open(binary).and_then(|file| digest(file, |_| Ok(()))).map_err(ChecksumError::Unreadable)?;
    if found == expected { Ok(found) } else { Err(ChecksumError::Mismatch { expected, found }) }
}

/// The checksum of `binary`, which must be the one that lies beside it if any does.
///
/// # Errors
///
/// It is not, or cannot be told.
pub fn verify_if_there(binary: &Path) -> Result<String, ChecksumError> {
    match verify(binary) {
        Err(ChecksumError::Missing(error)) if error.kind() == io::ErrorKind::NotFound => {
            File::open(binary).and_then(|file| digest(file, |_| Ok(()))).map_err(ChecksumError::Unreadable)
        }
        verified => verified,
    }
}

fn read(path: &Path) -> Result<String, ChecksumError> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_LEN).read_to_end(&mut bytes));
    read.map_err(ChecksumError::Missing)?;
    let text = String::from_utf8_lossy(&bytes).trim().to_ascii_lowercase();
    if is_digest(&text) { Ok(text) } else { Err(ChecksumError::Malformed(text.chars().take(80).collect())) }
}

/// Whether `text` is a digest in lower-case hexadecimal digits.
pub fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn a_binary_is_what_its_checksum_says() {
        let folder = tempfile::tempdir().unwrap();
        let binary = folder.path().join("größe");
        std::fs::write(&binary, "").unwrap();
        let other = "0".repeat(64);
        for (beside, expected) in [
            (EMPTY.to_owned(), ""),
            (format!("{}\n", EMPTY.to_uppercase()), ""),
            (other.clone(), "ErrInvalidPlugin: Checksums (*sha256.digest) did not match.\nExpected: 0000"),
            (format!("{EMPTY}  größe\n"), "is no SHA-256 checksum"),
            (String::new(), "\"\" is no SHA-256 checksum"),
            ("x".repeat(1 << 20), "is no SHA-256 checksum"),
        ] {
            std::fs::write(path_of(&binary), &beside).unwrap();
            let found = verify(&binary).map_err(|error| error.to_string());
            match expected {
                "" => assert_eq!(found.as_deref(), Ok(EMPTY)),
                expected => assert!(found.as_ref().unwrap_err().contains(expected), "{found:?}"),
            }
        }
        std::fs::remove_file(path_of(&binary)).unwrap();
        assert_eq!(verify(&binary).unwrap_err().to_string(), "no such file or directory");
        assert_eq!(verify_if_there(&binary).as_deref().ok(), Some(EMPTY));
        std::fs::write(path_of(&binary), other).unwrap();
        assert!(verify_if_there(&binary).is_err());
    }
}
