//! What ties a login to the TLS connection it is made over, so that nobody can pass it on over another.

use sha2::{Digest as _, Sha256, Sha384, Sha512};

use super::crypto::{Key, md5};

/// The hash that stands for a connection to the server with this certificate (RFC 5929, `tls-server-end-point`).
pub(in crate::winrm) fn channel_binding(certificate: &[u8]) -> Key {
    let hash = match signature_algorithm(certificate) {
        Some(
            [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0c] | [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03],
        ) => Sha384::digest(certificate).to_vec(),
        Some(
            [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0d] | [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04],
        ) => Sha512::digest(certificate).to_vec(),
        // Also where the certificate's own hash is older.
        _ => Sha256::digest(certificate).to_vec(),
    };
    let data = [b"tls-server-end-point:", &hash[..]].concat();
    // Neither side's address counts.
    md5(&[&[0; 16], &(data.len() as u32).to_le_bytes(), &data])
}

/// The object identifier of what a certificate is signed with: the first item of the second item.
fn signature_algorithm(certificate: &[u8]) -> Option<&[u8]> {
    let (content, _) = item(certificate)?;
    let (_, after) = item(content)?;
    let (algorithm, _) = item(after)?;
    Some(item(algorithm)?.0)
}

/// The content of the first item of DER, and what comes after it.
fn item(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let [_, length, rest @ ..] = der else { return None };
    let n_more = usize::from(length.checked_sub(0x80).unwrap_or_default());
    let (more, rest) = rest.split_at_checked(n_more).filter(|(more, _)| more.len() <= 4)?;
    let length = match n_more {
        0 => usize::from(*length),
        _ => more.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)),
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A certificate as far as it matters: something, an algorithm, a signature.
    fn certificate(algorithm: &[u8]) -> Vec<u8> {
        let algorithm = [&[6, algorithm.len() as u8], algorithm].concat();
        let body = [&[0x30, 0x81, 1, 9, 0x30, algorithm.len() as u8][..], &algorithm, &[3, 1, 0]].concat();
        [&[0x30, 0x82, 0, body.len() as u8][..], &body].concat()
    }

    #[test]
    fn the_hash_is_the_one_of_the_certificate() {
        let with = |hash: &[u8]| {
            let data = [b"tls-server-end-point:", hash].concat();
            md5(&[&[0; 16], &(data.len() as u32).to_le_bytes(), &data])
        };
        let rsa = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];
        let der = certificate(&[&rsa[..], &[0x0b]].concat());
        assert_eq!(channel_binding(&der), with(&Sha256::digest(&der)));
        let der = certificate(&[&rsa[..], &[0x0c]].concat());
        assert_eq!(channel_binding(&der), with(&Sha384::digest(&der)));
        let der = certificate(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04]);
        assert_eq!(channel_binding(&der), with(&Sha512::digest(&der)));
        for broken in [&b""[..], &[0x30], &[0x30, 0xff, 1], &[0x30, 0x84, 255, 255, 255, 255]] {
            assert_eq!(channel_binding(broken), with(&Sha256::digest(broken)));
        }
    }
}
