//! The keys that are trusted: files called `*.pub` in one folder. Each holds a public key as minisign writes it, or a bare
//! Ed25519 key: its 32 bytes, these in hexadecimal digits or in base64, or as OpenSSL writes it (PEM).

use std::fs;
use std::io;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ed25519_dalek::VerifyingKey;

use crate::trust::fault::TrustError;

/// What stands before the key in the DER form of an Ed25519 key: no more than that it is one.
const DER_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
/// How a key of minisign starts in base64.
const MINISIGN_PREFIX: &str = "RW";

/// Keys with the names of their files.
#[derive(Clone, Debug, Default)]
pub struct TrustedKeys {
    /// Those of minisign.
    pub minisign: Vec<(String, minisign_verify::PublicKey)>,
    /// Bare ones.
    pub bare: Vec<(String, VerifyingKey)>,
}

impl TrustedKeys {
    /// The keys in `folder`; none when there is no such folder.
    ///
    /// # Errors
    ///
    /// It, or a key in it, cannot be read or understood.
    pub fn read(folder: &Path) -> Result<Self, TrustError> {
        let unreadable = |path: &Path, source| TrustError::Unreadable { path: path.to_owned(), source };
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(unreadable(folder, error)),
        };
        let paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>();
        let mut paths = paths.map_err(|error| unreadable(folder, error))?;
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "pub"));
        paths.sort();
        let mut keys = Self::default();
        for path in paths {
            let bytes = fs::read(&path).map_err(|error| unreadable(&path, error))?;
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            keys.add(name, &bytes).map_err(|reason| TrustError::Malformed { path, reason })?;
        }
        Ok(keys)
    }

    /// Whether nobody is trusted.
    pub fn is_empty(&self) -> bool {
        self.minisign.is_empty() && self.bare.is_empty()
    }

    fn add(&mut self, name: String, bytes: &[u8]) -> Result<(), &'static str> {
        if let Some(line) = minisign_line(bytes) {
            let key = minisign_verify::PublicKey::from_base64(line);
            self.minisign.push((name, key.map_err(|_| "it is no public key of minisign")?));
            return Ok(());
        }
        let key = decoded::<32>(bytes).ok_or("it is neither a public key of minisign nor one of Ed25519")?;
        let key = VerifyingKey::from_bytes(&key).map_err(|_| "it is no key of Ed25519")?;
        self.bare.push((name, key));
        Ok(())
    }
}

/// The line with the key in a file of minisign, with or without the comment before it.
fn minisign_line(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    let line = text.lines().map(str::trim).rfind(|line| !line.is_empty())?;
    (line.len() == 56 && line.starts_with(MINISIGN_PREFIX)).then_some(line)
}

/// `N` bytes, as they are or in one of the forms that people keep them in.
pub(super) fn decoded<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    if let Ok(bytes) = bytes.try_into() {
        return Some(bytes);
    }
    let text = std::str::from_utf8(bytes).ok()?;
    let is_frame = |line: &&str| !line.starts_with("-----");
    let text: String = text.lines().map(str::trim).filter(is_frame).collect();
    if text.len() == 2 * N && text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        let pairs = (0..N).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok());
        return pairs.collect::<Option<Vec<u8>>>()?.try_into().ok();
    }
    let bytes = BASE64_STANDARD.decode(text).ok()?;
    bytes.strip_prefix(&DER_PREFIX).unwrap_or(&bytes).try_into().ok()
}
