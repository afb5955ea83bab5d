//! Private keys in PEM files.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;

use super::fault::SigningError;
use super::public_key::PublicKey;

const CURVES: [&EcdsaSigningAlgorithm; 3] =
    [&ECDSA_P256_SHA256_ASN1_SIGNING, &ECDSA_P384_SHA384_ASN1_SIGNING, &ECDSA_P521_SHA512_ASN1_SIGNING];

/// A private key.
pub struct PrivateKey {
    pair: Pair,
    public: PublicKey,
}

enum Pair {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

impl PrivateKey {
    /// The key in a PEM file: PKCS #8 (`PRIVATE KEY`), SEC 1 (`EC PRIVATE KEY`) or PKCS #1 (`RSA PRIVATE KEY`). `name` is
    /// the file's.
    ///
    /// # Errors
    ///
    /// There is none that can be used.
    pub fn from_pem(pem: &[u8], name: &str) -> Result<Self, SigningError> {
        let unusable = |reason: &str| SigningError::PrivateKey { name: name.to_owned(), reason: reason.to_owned() };
        let der = PrivateKeyDer::from_pem_slice(pem).map_err(|_| unusable(reason(pem)))?;
        let pair = match &der {
            PrivateKeyDer::Pkcs8(der) => from_pkcs8(der.secret_pkcs8_der()),
            PrivateKeyDer::Sec1(der) => ecdsa(der.secret_sec1_der()),
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()).ok().map(Pair::Rsa),
            _ => None,
        };
        // The library takes no RSA key that could be broken.
        let kinds =
            "it is not an ECDSA (P-256, P-384, P-521), Ed25519 or RSA (2048 bits or more) key, or it is damaged";
        let pair = pair.ok_or_else(|| unusable(kinds))?;
        let public = pair.public().ok_or_else(|| unusable(kinds))?;
        Ok(Self { public: PublicKey::from_der(public, name)?, pair })
    }

    /// A new ECDSA key on P-256.
    ///
    /// # Errors
    ///
    /// The system has no random numbers to give.
    pub fn generate() -> Result<Self, SigningError> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(|_| SigningError::Refused)?;
        let pair = Pair::Ecdsa(pair);
        let public = pair.public().ok_or(SigningError::Refused)?;
        Ok(Self { public: PublicKey::from_der(public, "a new key")?, pair })
    }

    /// The other half.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Signs.
    ///
    /// # Errors
    ///
    /// The library would not.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        let random = SystemRandom::new();
        let signed = match &self.pair {
            Pair::Ecdsa(pair) => pair.sign(&random, message).map(|signature| signature.as_ref().to_vec()),
            Pair::Ed25519(pair) => pair.try_sign(message).map(|signature| signature.as_ref().to_vec()),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map(|()| signature)
            }
        };
        signed.map_err(|_| SigningError::Refused)
    }
}

impl Pair {
    fn public(&self) -> Option<Vec<u8>> {
        let der: Result<PublicKeyX509Der<'_>, _> = match self {
            Self::Ecdsa(pair) => pair.public_key().as_der(),
            Self::Ed25519(pair) => pair.public_key().as_der(),
            Self::Rsa(pair) => pair.public_key().as_der(),
        };
        der.ok().map(|der| der.as_ref().to_vec())
    }
}

fn from_pkcs8(der: &[u8]) -> Option<Pair> {
    let ecdsa = CURVES.iter().find_map(|curve| EcdsaKeyPair::from_pkcs8(curve, der).ok()).map(Pair::Ecdsa);
    let ed25519 = || Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).ok().map(Pair::Ed25519);
    ecdsa.or_else(ed25519).or_else(|| RsaKeyPair::from_pkcs8(der).ok().map(Pair::Rsa))
}

fn ecdsa(der: &[u8]) -> Option<Pair> {
    CURVES.iter().find_map(|curve| EcdsaKeyPair::from_private_key_der(curve, der).ok()).map(Pair::Ecdsa)
}

/// Why there is no key in a text.
fn reason(pem: &[u8]) -> &'static str {
    let text = String::from_utf8_lossy(pem);
    if text.contains("ENCRYPTED") {
        "it is encrypted, and nobody can be asked for the password here; give one that is not, or use a key service"
    } else if text.contains("OPENSSH PRIVATE KEY") {
        "it is in the form of OpenSSH; give one in PKCS #8 (ssh-keygen -p -m PKCS8)"
    } else {
        "it is not PEM with a PRIVATE KEY, EC PRIVATE KEY or RSA PRIVATE KEY in it"
    }
}

/// Only what everybody may know.
impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("PrivateKey").field("public", &self.public).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::{AsDer as _, EcPrivateKeyRfc5915Der};

    use super::*;
    use crate::signing::Scheme;
    use crate::signing::public_key::pem;

    fn check(text: &str, scheme: Scheme) {
        let key = PrivateKey::from_pem(text.as_bytes(), "k.pem").unwrap();
        assert_eq!(key.public().scheme(), scheme);
        let signature = key.sign(b"message").unwrap();
        let public = PublicKey::from_pem(key.public().to_pem().as_bytes(), "k.pub").unwrap();
        assert!(public.verifies(b"message", &signature));
        assert!(!public.verifies(b"massage", &signature) && !public.verifies(b"message", b""));
        assert_eq!((public.id().len(), public.id()), (64, key.public().id()));
        assert!(!format!("{key:?}").contains("pair"));
    }

    #[test]
    fn every_kind_of_key_in_every_form_signs() {
        for (curve, scheme) in CURVES.into_iter().zip([Scheme::EcdsaP256, Scheme::EcdsaP384, Scheme::EcdsaP521]) {
            let pair = EcdsaKeyPair::generate(curve).unwrap();
            check(&pem("PRIVATE KEY", pair.to_pkcs8v1().unwrap().as_ref()), scheme);
            let sec1: EcPrivateKeyRfc5915Der<'_> = pair.private_key().as_der().unwrap();
            check(&pem("EC PRIVATE KEY", sec1.as_ref()), scheme);
        }
        let pair = Ed25519KeyPair::generate().unwrap();
        check(&pem("PRIVATE KEY", pair.to_pkcs8().unwrap().as_ref()), Scheme::Ed25519);
        check(&pem("PRIVATE KEY", pair.to_pkcs8v1().unwrap().as_ref()), Scheme::Ed25519);
        check(RSA_PKCS8, Scheme::Rsa);
        check(RSA_PKCS1, Scheme::Rsa);
    }

    const RSA_PKCS8: &str = include_str!("testdata/rsa-pkcs8.pem");
    const RSA_PKCS1: &str = include_str!("testdata/rsa-pkcs1.pem");

    #[test]
    fn what_is_no_key_is_said_with_what_to_do() {
        for (text, expected) in [
            ("", "k.pem holds no private key that can be used: it is not PEM with a PRIVATE KEY"),
            (include_str!("testdata/encrypted.pem"), "it is encrypted, and nobody can be asked"),
            ("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n", "the form of OpenSSH"),
            (include_str!("testdata/rsa-1024.pem"), "RSA (2048 bits or more) key"),
            ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "it is not an ECDSA"),
        ] {
            let error = PrivateKey::from_pem(text.as_bytes(), "k.pem").unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        let error = PublicKey::from_pem(b"", "v.pem").unwrap_err().to_string();
        assert!(error.starts_with("v.pem holds no public key"), "{error}");
        let dsa = include_bytes!("testdata/dsa.pub");
        let error = PublicKey::from_pem(dsa, "v.pem").unwrap_err().to_string();
        assert!(error.contains("it is not an ECDSA, RSA or Ed25519 key"), "{error}");
    }
}
