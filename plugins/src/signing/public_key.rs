//! Public keys: from files and certificates, and whether a signature is theirs.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ECDSA_P521_SHA512_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256,
    UnparsedPublicKey, VerificationAlgorithm,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, SubjectPublicKeyInfoDer};
use sha2::{Digest, Sha256};
use x509_cert::Certificate;
use x509_cert::der::{Decode, Encode};
use x509_cert::spki::SubjectPublicKeyInfoRef;

use super::fault::SigningError;
use super::hex;

/// How keys of a kind sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// ECDSA on P-256, SHA-256.
    EcdsaP256,
    /// ECDSA on P-384, SHA-384.
    EcdsaP384,
    /// ECDSA on P-521, SHA-512.
    EcdsaP521,
    /// Ed25519.
    Ed25519,
    /// RSA, PKCS #1 version 1.5, SHA-256.
    Rsa,
}

const EC: &str = "1.2.840.10045.2.1";
const CURVES: [(&str, Scheme); 3] = [
    ("1.2.840.10045.3.1.7", Scheme::EcdsaP256),
    ("1.3.132.0.34", Scheme::EcdsaP384),
    ("1.3.132.0.35", Scheme::EcdsaP521),
];

impl Scheme {
    fn of(info: &SubjectPublicKeyInfoRef<'_>) -> Result<Self, String> {
        let algorithm = info.algorithm.oid.to_string();
        match algorithm.as_str() {
            "1.3.101.112" => Ok(Self::Ed25519),
            "1.2.840.113549.1.1.1" => Ok(Self::Rsa),
            EC => {
                let curve = info.algorithm.parameters_oid().map(|curve| curve.to_string()).unwrap_or_default();
                let known = CURVES.iter().find(|(oid, _)| *oid == curve);
                known
                    .map(|(_, scheme)| *scheme)
                    .ok_or_else(|| format!("its curve ({curve}) is not P-256, P-384, P-521"))
            }
            other => Err(format!("it is not an ECDSA, RSA or Ed25519 key (algorithm {other})")),
        }
    }

    fn algorithm(self) -> &'static dyn VerificationAlgorithm {
        match self {
            Self::EcdsaP256 => &ECDSA_P256_SHA256_ASN1,
            Self::EcdsaP384 => &ECDSA_P384_SHA384_ASN1,
            Self::EcdsaP521 => &ECDSA_P521_SHA512_ASN1,
            Self::Ed25519 => &ED25519,
            Self::Rsa => &RSA_PKCS1_2048_8192_SHA256,
        }
    }
}

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    der: Vec<u8>,
    scheme: Scheme,
}

impl PublicKey {
    /// The key in a PEM file: `PUBLIC KEY`, or that of a `CERTIFICATE`. `name` is the file's.
    ///
    /// # Errors
    ///
    /// There is none that can be used.
    pub fn from_pem(pem: &[u8], name: &str) -> Result<Self, SigningError> {
        if let Ok(certificate) = CertificateDer::from_pem_slice(pem) {
            return Self::of_certificate(&certificate, name);
        }
        match SubjectPublicKeyInfoDer::from_pem_slice(pem) {
            Ok(der) => Self::from_der(der.to_vec(), name),
            Err(_) => Err(unusable(name, "it is not PEM with a PUBLIC KEY or a CERTIFICATE in it")),
        }
    }

    /// The key of a certificate.
    ///
    /// # Errors
    ///
    /// It is no certificate, or one of a key that cannot be used.
    pub fn of_certificate(der: &[u8], name: &str) -> Result<Self, SigningError> {
        let certificate = Certificate::from_der(der).map_err(|error| unusable(name, &error.to_string()))?;
        let info = certificate.tbs_certificate().subject_public_key_info();
        let der = info.to_der().map_err(|error| unusable(name, &error.to_string()))?;
        Self::from_der(der, name)
    }

    /// The key of a `SubjectPublicKeyInfo`.
    ///
    /// # Errors
    ///
    /// It is none that can be used.
    pub fn from_der(der: Vec<u8>, name: &str) -> Result<Self, SigningError> {
        let info = SubjectPublicKeyInfoRef::from_der(&der).map_err(|error| unusable(name, &error.to_string()))?;
        let scheme = Scheme::of(&info).map_err(|reason| unusable(name, &reason))?;
        Ok(Self { der, scheme })
    }

    /// How it signs.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Whether `signature` over `message` is by the private half of this.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(self.scheme.algorithm(), &self.der).verify(message, signature).is_ok()
    }

    /// Its name: the SHA-256 of its DER form.
    pub fn id(&self) -> String {
        hex::digits(&Sha256::digest(&self.der))
    }

    /// Its PEM form.
    pub fn to_pem(&self) -> String {
        pem("PUBLIC KEY", &self.der)
    }
}

/// The PEM form of something.
pub(super) fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut lines: Vec<&str> = Vec::new();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        // Base 64 is ASCII.
        let (line, after) = rest.split_at(rest.len().min(64));
        lines.push(line);
        rest = after;
    }
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

fn unusable(name: &str, reason: &str) -> SigningError {
    SigningError::PublicKey { name: name.to_owned(), reason: reason.to_owned() }
}
