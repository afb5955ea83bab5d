//! The old ciphers and hashes that NTLM is made of.

use hmac::{Hmac, KeyInit as _, Mac as _};
use md4::Md4;
use md5::{Digest as _, Md5};
use rc4::{Rc4, StreamCipher as _};

/// A key, or a hash.
pub(super) type Key = [u8; 16];

/// HMAC with MD5 over all parts.
pub(super) fn hmac_md5(key: &[u8], parts: &[&[u8]]) -> Key {
    let mut mac = Hmac::<Md5>::new_from_slice(key).expect("HMAC takes keys of any length");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// MD5 over all parts.
pub(super) fn md5(parts: &[&[u8]]) -> Key {
    let mut hash = Md5::new();
    parts.iter().for_each(|part| hash.update(part));
    hash.finalize().into()
}

/// What Windows keeps instead of a password, bound to a user and a domain (`NTOWFv2`).
pub(super) fn ntowf_v2(password: &str, user: &str, domain: &str) -> Key {
    let password: Key = Md4::digest(utf16(password)).into();
    hmac_md5(&password, &[&utf16(&user.to_uppercase()), &utf16(domain)])
}

/// A stream of RC4 that begins.
pub(super) fn rc4(key: &Key) -> Rc4 {
    Rc4::new_from_slice(key).expect("RC4 takes keys of 16 bytes")
}

/// Encrypts or decrypts with a fresh stream.
pub(super) fn rc4_once(key: &Key, mut data: Key) -> Key {
    rc4(key).apply_keystream(&mut data);
    data
}

/// Text as Windows writes it.
pub(super) fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}
