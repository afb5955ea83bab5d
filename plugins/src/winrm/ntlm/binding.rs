//! What ties a login to the TLS connection it is made over, so that nobody can pass it on over another.

use sha2::{Digest as _, Sha256, Sha384, Sha512};
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

use super::crypto::{Key, md5};

/// The hash that stands for a connection to the server with this certificate (RFC 5929, `tls-server-end-point`).
pub(in crate::winrm) fn channel_binding(certificate: &[u8]) -> Key {
    let algorithm = Certificate::from_der(certificate).map(|parsed| parsed.signature_algorithm().oid.to_string());
    let hash = match algorithm.unwrap_or_default().as_str() {
        SHA384_WITH_RSA | ECDSA_WITH_SHA384 => Sha384::digest(certificate).to_vec(),
        SHA512_WITH_RSA | ECDSA_WITH_SHA512 => Sha512::digest(certificate).to_vec(),
        // Also where the certificate's own hash is older.
        _ => Sha256::digest(certificate).to_vec(),
    };
    let data = [b"tls-server-end-point:", &hash[..]].concat();
    // Neither side's address counts.
    md5(&[&[0; 16], &(data.len() as u32).to_le_bytes(), &data])
}

const SHA384_WITH_RSA: &str = "1.2.840.113549.1.1.12";
const SHA512_WITH_RSA: &str = "1.2.840.113549.1.1.13";
const ECDSA_WITH_SHA384: &str = "1.2.840.10045.4.3.3";
const ECDSA_WITH_SHA512: &str = "1.2.840.10045.4.3.4";

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ECDSA_P521_SHA512};

    use super::*;

    #[test]
    fn the_hash_is_the_one_of_the_certificate() {
        let with = |hash: &[u8]| {
            let data = [b"tls-server-end-point:", hash].concat();
            md5(&[&[0; 16], &(data.len() as u32).to_le_bytes(), &data])
        };
        for algorithm in [&PKCS_ECDSA_P256_SHA256, &PKCS_ECDSA_P384_SHA384, &PKCS_ECDSA_P521_SHA512] {
            let key = KeyPair::generate_for(algorithm).unwrap();
            let certificate = CertificateParams::default().self_signed(&key).unwrap();
            let der: &[u8] = certificate.der();
            let hash = match der {
                _ if *algorithm == PKCS_ECDSA_P256_SHA256 => Sha256::digest(der).to_vec(),
                _ if *algorithm == PKCS_ECDSA_P384_SHA384 => Sha384::digest(der).to_vec(),
                _ => Sha512::digest(der).to_vec(),
            };
            assert_eq!(channel_binding(der), with(&hash));
        }
        assert_eq!(channel_binding(b"none"), with(&Sha256::digest(b"none")));
    }
}
