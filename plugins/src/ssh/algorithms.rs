//! Which algorithms are offered to servers: by default those of Go's library, so that the same machines can be reached, the
//! strongest first.

use std::borrow::Cow;

use russh::keys::ssh_key::{Algorithm, EcdsaCurve, HashAlg};
use russh::{Preferred, cipher, kex, mac};

/// Key exchanges, including the old one that machines of the last decade still need.
const KEY_EXCHANGES: &[kex::Name] = &[
    kex::MLKEM768X25519_SHA256,
    kex::CURVE25519,
    kex::CURVE25519_PRE_RFC_8731,
    kex::ECDH_SHA2_NISTP256,
    kex::ECDH_SHA2_NISTP384,
    kex::ECDH_SHA2_NISTP521,
    kex::DH_GEX_SHA256,
    kex::DH_G16_SHA512,
    kex::DH_G14_SHA256,
    kex::DH_G14_SHA1,
];

/// What else may be asked for by name.
const MORE_KEY_EXCHANGES: &[kex::Name] =
    &[kex::DH_G18_SHA512, kex::DH_G17_SHA512, kex::DH_G15_SHA512, kex::DH_GEX_SHA1, kex::DH_G1_SHA1];

const CIPHERS: &[cipher::Name] = &[
    cipher::AES_128_GCM,
    cipher::AES_256_GCM,
    cipher::CHACHA20_POLY1305,
    cipher::AES_128_CTR,
    cipher::AES_192_CTR,
    cipher::AES_256_CTR,
];

const MORE_CIPHERS: &[cipher::Name] = &[cipher::AES_128_CBC, cipher::AES_192_CBC, cipher::AES_256_CBC];

const MACS: &[mac::Name] = &[
    mac::HMAC_SHA256_ETM,
    mac::HMAC_SHA512_ETM,
    mac::HMAC_SHA256,
    mac::HMAC_SHA512,
    mac::HMAC_SHA1_ETM,
    mac::HMAC_SHA1,
];

/// What makes a key exchange safe against tampering with its order, and tells which signatures the server knows.
const EXTENSIONS: [kex::Name; 2] = [kex::EXTENSION_SUPPORT_AS_CLIENT, kex::EXTENSION_OPENSSH_STRICT_KEX_AS_CLIENT];

const HOST_KEYS: &[Algorithm] = &[
    Algorithm::Ed25519,
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP384 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP521 },
    Algorithm::Rsa { hash: Some(HashAlg::Sha512) },
    Algorithm::Rsa { hash: Some(HashAlg::Sha256) },
    Algorithm::Rsa { hash: None },
    Algorithm::Dsa,
];

/// The algorithms to agree on.
#[derive(Clone, Debug)]
pub struct Algorithms(Preferred);

impl Default for Algorithms {
    fn default() -> Self {
        Self::of(KEY_EXCHANGES.to_vec(), CIPHERS.to_vec())
    }
}

impl Algorithms {
    /// Those of these names, in this order; an empty list is the default.
    ///
    /// # Errors
    ///
    /// A name that is not known.
    pub fn named(key_exchanges: &[String], ciphers: &[String]) -> Result<Self, String> {
        let key_exchanges = pick("ssh_key_exchange_algorithms", key_exchanges, KEY_EXCHANGES, MORE_KEY_EXCHANGES)?;
        Ok(Self::of(key_exchanges, pick("ssh_ciphers", ciphers, CIPHERS, MORE_CIPHERS)?))
    }

    fn of(mut key_exchanges: Vec<kex::Name>, ciphers: Vec<cipher::Name>) -> Self {
        key_exchanges.extend(EXTENSIONS);
        Self(Preferred {
            kex: Cow::Owned(key_exchanges),
            key: Cow::Borrowed(HOST_KEYS),
            cipher: Cow::Owned(ciphers),
            mac: Cow::Borrowed(MACS),
            ..Preferred::DEFAULT
        })
    }

    /// As the library wants them.
    pub(super) fn preferred(&self) -> Preferred {
        self.0.clone()
    }
}

fn pick<N: AsRef<str> + Copy>(field: &str, wanted: &[String], usual: &[N], more: &[N]) -> Result<Vec<N>, String> {
    if wanted.is_empty() {
        return Ok(usual.to_vec());
    }
    let known = || usual.iter().chain(more);
    let find = |name: &String| {
        known().find(|known| known.as_ref() == name).copied().ok_or_else(|| {
            let names: Vec<&str> = known().map(AsRef::as_ref).collect();
            format!("{field}: {name:?} is not known; known are {}", names.join(", "))
        })
    };
    wanted.iter().map(find).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(preferred: &Preferred) -> (Vec<&str>, Vec<&str>) {
        (preferred.kex.iter().map(AsRef::as_ref).collect(), preferred.cipher.iter().map(AsRef::as_ref).collect())
    }

    #[test]
    fn names_choose_and_order() {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let kexes = list(&["diffie-hellman-group1-sha1", "curve25519-sha256"]);
        let chosen = Algorithms::named(&kexes, &list(&["aes256-ctr", "aes128-cbc"])).unwrap().preferred();
        let (kexes, ciphers) = names(&chosen);
        assert_eq!(kexes[..2], ["diffie-hellman-group1-sha1", "curve25519-sha256"]);
        assert!(kexes[2..].iter().all(|name| name.starts_with("ext-info") || name.starts_with("kex-strict")));
        assert_eq!(ciphers, ["aes256-ctr", "aes128-cbc"]);
        let usual = Algorithms::named(&[], &[]).unwrap().preferred();
        assert_eq!(names(&usual).1[0], "aes128-gcm@openssh.com");
    }

    #[test]
    fn an_unknown_name_is_named_with_what_is_known() {
        let error = Algorithms::named(&[], &["rot13".to_owned()]).unwrap_err();
        assert!(
            error.starts_with("ssh_ciphers: \"rot13\" is not known; known are aes128-gcm@openssh.com, "),
            "{error}"
        );
        let error = Algorithms::named(&["x".to_owned()], &[]).unwrap_err();
        assert!(error.starts_with("ssh_key_exchange_algorithms: \"x\" is not known; known are mlkem"), "{error}");
    }
}
