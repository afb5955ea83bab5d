//! Key pairs that live as long as one build.

use std::sync::Arc;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::KeySize;
use p256::pkcs8::{EncodePrivateKey, LineEnding, SecretDocument};
use russh::keys::ssh_key::LineEnding as OpenSshLineEnding;
use russh::keys::ssh_key::private::{DsaKeypair, KeypairData};
use russh::keys::{Algorithm, EcdsaCurve, PrivateKey, decode_secret_key, key::safe_rng};

/// What a PKCS#8 key begins with.
const PEM_LABEL: &str = "PRIVATE KEY";

/// The algorithm of a key pair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyType {
    /// RSA, 4096 bits unless said otherwise.
    #[default]
    Rsa,
    /// A NIST curve, that of 521 bits unless said otherwise.
    Ecdsa,
    /// Ed25519, which has one size.
    Ed25519,
    /// DSA, 1024 bits: for machines that know nothing else.
    Dsa,
}

impl KeyType {
    /// The type of this name; the empty one is RSA.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "" | "rsa" => Self::Rsa,
            "ecdsa" => Self::Ecdsa,
            "ed25519" => Self::Ed25519,
            "dsa" => Self::Dsa,
            _ => return None,
        })
    }

    /// Its name, as it is shown.
    pub fn label(self) -> &'static str {
        match self {
            Self::Rsa => "RSA",
            Self::Ecdsa => "ECDSA",
            Self::Ed25519 => "ED25519",
            Self::Dsa => "DSA",
        }
    }
}

/// A private key and its two texts.
#[derive(Clone)]
pub struct KeyPair {
    /// The key.
    pub key: Arc<PrivateKey>,
    /// PKCS#8 in PEM; OpenSSH's own format for Ed25519.
    pub private_pem: String,
    /// A line of `authorized_keys`, with its end.
    pub authorized_key: String,
}

/// Without the private part.
impl std::fmt::Debug for KeyPair {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "KeyPair({})", self.authorized_key.trim_end())
    }
}

impl KeyPair {
    /// Makes one of `bits`, or of the usual size. Takes up to some seconds of computing.
    ///
    /// # Errors
    ///
    /// A size that there is not.
    pub fn generate(ty: KeyType, bits: Option<u32>, comment: &str) -> Result<Self, String> {
        let private_pem = match ty {
            KeyType::Rsa => rsa(bits.unwrap_or(4096))?,
            KeyType::Ecdsa => ecdsa(bits.unwrap_or(521))?,
            KeyType::Ed25519 => ed25519(comment)?,
            KeyType::Dsa => dsa(bits.unwrap_or(1024))?,
        };
        let mut key = decode_secret_key(&private_pem, None).map_err(failed)?;
        key.set_comment(comment);
        let authorized_key = format!("{}\n", key.public_key().to_openssh().map_err(failed)?);
        Ok(Self { key: Arc::new(key), private_pem, authorized_key })
    }

    /// What is wrong with asking for `bits`, if anything is.
    pub fn check_bits(ty: KeyType, bits: u32) -> Result<(), String> {
        let possible: &[u32] = match ty {
            KeyType::Rsa => &[2048, 3072, 4096, 8192],
            KeyType::Ecdsa => &[256, 384, 521],
            // There is one size, and the option is not looked at.
            KeyType::Ed25519 => return Ok(()),
            KeyType::Dsa => &[1024],
        };
        if possible.contains(&bits) {
            return Ok(());
        }
        let possible: Vec<String> = possible.iter().map(u32::to_string).collect();
        Err(format!("{} keys of {bits} bits cannot be made; possible sizes are {}", ty.label(), possible.join(", ")))
    }
}

fn failed(error: impl std::fmt::Display) -> String {
    format!("cannot make a key: {error}")
}

fn rsa(bits: u32) -> Result<String, String> {
    KeyPair::check_bits(KeyType::Rsa, bits)?;
    let size = match bits {
        2048 => KeySize::Rsa2048,
        3072 => KeySize::Rsa3072,
        4096 => KeySize::Rsa4096,
        _ => KeySize::Rsa8192,
    };
    let pair = aws_lc_rs::rsa::KeyPair::generate(size).map_err(failed)?;
    let der = pair.as_der().map_err(failed)?;
    let document = SecretDocument::try_from(der.as_ref()).map_err(failed)?;
    Ok(document.to_pem(PEM_LABEL, LineEnding::LF).map_err(failed)?.to_string())
}

fn ecdsa(bits: u32) -> Result<String, String> {
    KeyPair::check_bits(KeyType::Ecdsa, bits)?;
    let curve = match bits {
        256 => EcdsaCurve::NistP256,
        384 => EcdsaCurve::NistP384,
        _ => EcdsaCurve::NistP521,
    };
    let key = PrivateKey::random(&mut safe_rng(), Algorithm::Ecdsa { curve }).map_err(failed)?;
    let KeypairData::Ecdsa(pair) = key.key_data() else { return Err(failed("the library made another kind")) };
    let secret = pair.private_key_bytes();
    let pem = match curve {
        EcdsaCurve::NistP256 => p256::SecretKey::from_slice(secret).map_err(failed)?.to_pkcs8_pem(LineEnding::LF),
        EcdsaCurve::NistP384 => p384::SecretKey::from_slice(secret).map_err(failed)?.to_pkcs8_pem(LineEnding::LF),
        EcdsaCurve::NistP521 => p521::SecretKey::from_slice(secret).map_err(failed)?.to_pkcs8_pem(LineEnding::LF),
    };
    Ok(pem.map_err(failed)?.to_string())
}

fn ed25519(comment: &str) -> Result<String, String> {
    let mut key = PrivateKey::random(&mut safe_rng(), Algorithm::Ed25519).map_err(failed)?;
    key.set_comment(comment);
    Ok(key.to_openssh(OpenSshLineEnding::LF).map_err(failed)?.to_string())
}

fn dsa(bits: u32) -> Result<String, String> {
    KeyPair::check_bits(KeyType::Dsa, bits)?;
    let pair = DsaKeypair::random(&mut safe_rng()).map_err(failed)?;
    let key = dsa::SigningKey::try_from(&pair).map_err(failed)?;
    Ok(key.to_pkcs8_pem(LineEnding::LF).map_err(failed)?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_its_format_and_size() {
        let rows = [
            (KeyType::Rsa, Some(2048), "-----BEGIN PRIVATE KEY-----\n", "ssh-rsa "),
            (KeyType::Ecdsa, None, "-----BEGIN PRIVATE KEY-----\n", "ecdsa-sha2-nistp521 "),
            (KeyType::Ecdsa, Some(256), "-----BEGIN PRIVATE KEY-----\n", "ecdsa-sha2-nistp256 "),
            (KeyType::Ecdsa, Some(384), "-----BEGIN PRIVATE KEY-----\n", "ecdsa-sha2-nistp384 "),
            (KeyType::Ed25519, Some(7), "-----BEGIN OPENSSH PRIVATE KEY-----\n", "ssh-ed25519 "),
        ];
        for (ty, bits, private, public) in rows {
            let pair = KeyPair::generate(ty, bits, "packer_1").unwrap();
            assert!(pair.private_pem.starts_with(private) && pair.private_pem.ends_with('\n'), "{ty:?}");
            assert!(pair.authorized_key.starts_with(public), "{}", pair.authorized_key);
            assert!(pair.authorized_key.ends_with(" packer_1\n"), "{}", pair.authorized_key);
            assert!(!format!("{pair:?}").contains("PRIVATE"));
        }
    }

    #[test]
    fn sizes_that_there_are_not() {
        let error = KeyPair::generate(KeyType::Rsa, Some(1000), "").unwrap_err();
        assert_eq!(error, "RSA keys of 1000 bits cannot be made; possible sizes are 2048, 3072, 4096, 8192");
        assert!(KeyPair::check_bits(KeyType::Ecdsa, 255).is_err());
        assert!(KeyPair::check_bits(KeyType::Dsa, 2048).is_err());
    }
}
