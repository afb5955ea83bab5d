//! Whether a binary is what somebody trusted signed.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use ed25519_dalek::{Signature, VerifyingKey};

use crate::discovery::checksum::read_parts;
use crate::trust::fault::TrustError;
use crate::trust::keys::{TrustedKeys, decoded};
use crate::trust::signatures::{SUFFIXES, Signatures, path_of};

/// Succeeds when one of the signatures was made with a trusted key, for this binary. `folder` is where the keys are.
///
/// # Errors
///
/// There is none, or one with a trusted key is for something else.
pub fn verify(
    binary: &Path,
    signatures: &Signatures,
    keys: &TrustedKeys,
    folder: Option<&Path>,
) -> Result<(), TrustError> {
    let [minisign, bare] = &signatures.files;
    if signatures.is_empty() {
        return Err(TrustError::Unsigned(binary.to_owned()));
    }
    let by_minisign = match minisign {
        Some(signature) => is_by_minisign(binary, signature, keys)?,
        None => false,
    };
    let is_trusted = by_minisign
        || match bare {
            Some(signature) => is_by_bare_key(binary, signature, keys)?,
            None => false,
        };
    if is_trusted {
        return Ok(());
    }
    Err(TrustError::Untrusted { binary: binary.to_owned(), folder: folder.map(Path::to_owned) })
}

/// Whether the key that a signature of minisign names is trusted; then it must fit.
fn is_by_minisign(binary: &Path, signature: &[u8], keys: &TrustedKeys) -> Result<bool, TrustError> {
    let malformed = |()| TrustError::Malformed { path: path_of(binary, SUFFIXES[0]), reason: "it is no signature" };
    let text = std::str::from_utf8(signature).map_err(|_| malformed(()))?;
    let signature = minisign_verify::Signature::decode(text).map_err(|_| malformed(()))?;
    for (name, key) in &keys.minisign {
        let verified = match key.verify_stream(&signature) {
            Ok(mut stream) => {
                read(binary, |part| stream.update(part))?;
                stream.finalize()
            }
            // Signatures of the old kind are of the whole file at once.
            Err(minisign_verify::Error::UnsupportedLegacyMode) => {
                let unreadable = |source| TrustError::Unreadable { path: binary.to_owned(), source };
                key.verify(&fs::read(binary).map_err(unreadable)?, &signature, true)
            }
            Err(error) => Err(error),
        };
        match verified {
            Ok(()) => return Ok(true),
            Err(minisign_verify::Error::UnexpectedKeyId) => {}
            Err(_) => return Err(TrustError::Invalid { binary: binary.to_owned(), key: name.clone() }),
        }
    }
    Ok(false)
}

/// Whether a bare signature fits a trusted key. It does not name one.
fn is_by_bare_key(binary: &Path, signature: &[u8], keys: &TrustedKeys) -> Result<bool, TrustError> {
    let malformed = || TrustError::Malformed { path: path_of(binary, SUFFIXES[1]), reason: "it is no signature" };
    let signature = Signature::from_bytes(&decoded::<64>(signature).ok_or_else(malformed)?);
    for (_, key) in &keys.bare {
        if is_by(binary, &signature, key)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_by(binary: &Path, signature: &Signature, key: &VerifyingKey) -> Result<bool, TrustError> {
    // Keys that fit anything are no keys.
    if key.is_weak() {
        return Ok(false);
    }
    let Ok(mut stream) = key.verify_stream(signature) else { return Ok(false) };
    read(binary, |part| stream.update(part))?;
    Ok(stream.finalize_and_verify().is_ok())
}

fn read(binary: &Path, mut each: impl FnMut(&[u8])) -> Result<(), TrustError> {
    let read = File::open(binary).and_then(|file| {
        read_parts(file, |part| {
            each(part);
            io::Result::Ok(())
        })
    });
    read.map_err(|source| TrustError::Unreadable { path: binary.to_owned(), source })
}
