//! Private keys and certificates in files.

use std::path::Path;
use std::sync::Arc;

use russh::keys::{Certificate, PrivateKey, decode_secret_key};

use crate::io_fault::os_words;

/// What is wrong with such a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// It cannot be read.
    #[error("open {path}: {words}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        words: String,
    },
    /// It holds no key.
    #[error("Failed to read key '{0}': no key found")]
    NotAKey(String),
    /// It needs a passphrase, for which there is no option.
    #[error(
        "Failed to read key '{0}': password protected keys are not supported. \
         Please decrypt the key prior to use, or let an SSH agent hold it (ssh_agent_auth)."
    )]
    Encrypted(String),
    /// It holds no certificate.
    #[error("{path} holds no OpenSSH certificate: {words}")]
    NotACertificate {
        /// The file.
        path: String,
        /// Why.
        words: String,
    },
}

/// The private key in a file: OpenSSH's own format, PKCS#1, PKCS#8 or SEC 1.
///
/// # Errors
///
/// It cannot be read, holds no key, or is protected by a passphrase.
pub fn load_key(path: &Path) -> Result<Arc<PrivateKey>, KeyFault> {
    let shown = path.display().to_string();
    let text = read(path)?;
    match decode_secret_key(&text, None) {
        Ok(key) if key.is_encrypted() => Err(KeyFault::Encrypted(shown)),
        Ok(key) => Ok(Arc::new(key)),
        Err(russh::keys::Error::KeyIsEncrypted) => Err(KeyFault::Encrypted(shown)),
        Err(_) if text.contains("ENCRYPTED") => Err(KeyFault::Encrypted(shown)),
        Err(_) => Err(KeyFault::NotAKey(shown)),
    }
}

/// The OpenSSH certificate in a file.
///
/// # Errors
///
/// It cannot be read, or holds no certificate.
pub fn load_certificate(path: &Path) -> Result<Certificate, KeyFault> {
    let text = read(path)?;
    Certificate::from_openssh(text.trim())
        .map_err(|error| KeyFault::NotACertificate { path: path.display().to_string(), words: error.to_string() })
}

fn read(path: &Path) -> Result<String, KeyFault> {
    let content = std::fs::read(path)
        .map_err(|error| KeyFault::Unreadable { path: path.display().to_string(), words: os_words(&error) })?;
    // What is no text is no key either.
    Ok(String::from_utf8_lossy(&content).into_owned())
}

#[cfg(test)]
mod tests {
    use russh::keys::ssh_key::LineEnding;

    use super::*;
    use crate::ssh::key_pair::{KeyPair, KeyType};

    #[test]
    fn keys_of_every_format_are_read_and_others_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        for ty in [KeyType::Ed25519, KeyType::Ecdsa] {
            let pair = KeyPair::generate(ty, None, "c").unwrap();
            std::fs::write(&path, &pair.private_pem).unwrap();
            assert_eq!(load_key(&path).unwrap().public_key().key_data(), pair.key.public_key().key_data());
        }
        std::fs::write(&path, "no key").unwrap();
        assert_eq!(
            load_key(&path).unwrap_err().to_string(),
            format!("Failed to read key '{}': no key found", path.display())
        );
        let gone = folder.path().join("gone");
        assert!(load_key(&gone).unwrap_err().to_string().ends_with("gone: no such file or directory"));
        assert!(load_certificate(&path).unwrap_err().to_string().contains("holds no OpenSSH certificate"));
    }

    #[test]
    fn a_passphrase_is_said_to_be_the_trouble() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let pair = KeyPair::generate(KeyType::Ed25519, None, "c").unwrap();
        let locked = pair.key.encrypt(&mut russh::keys::key::safe_rng(), "secret").unwrap();
        std::fs::write(&path, locked.to_openssh(LineEnding::LF).unwrap().as_bytes()).unwrap();
        assert!(load_key(&path).unwrap_err().to_string().contains("password protected keys are not supported"));
    }
}
