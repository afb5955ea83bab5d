//! The three messages of a login: what we can do, the server's challenge, our proof.

use super::crypto::{Key, hmac_md5, ntowf_v2, rc4_once, utf16};
use super::session::Session;
use super::wire::{SIGNATURE, VERSION, facts, field, flags, number, read_facts, write_facts};
use crate::winrm::fault::Fault;

/// What must be agreed on for encryption that is worth it.
const NEEDED: u32 = flags::UNICODE
    | flags::SIGN
    | flags::SEAL
    | flags::NTLM
    | flags::EXTENDED_SECURITY
    | flags::KEY_128
    | flags::KEY_EXCHANGE;
const WANTED: u32 =
    NEEDED | flags::REQUEST_TARGET | flags::ALWAYS_SIGN | flags::TARGET_INFO | flags::VERSION | flags::KEY_56;

/// The first message. It is always the same.
pub(in crate::winrm) const NEGOTIATE: [u8; 40] = {
    let mut message = [0; 40];
    let mut at = 0;
    while at < 8 {
        message[at] = SIGNATURE[at];
        message[32 + at] = VERSION[at];
        at += 1;
    }
    message[8] = 1;
    let flags = WANTED.to_le_bytes();
    at = 0;
    while at < 4 {
        message[12 + at] = flags[at];
        at += 1;
    }
    message
};

/// Who logs in.
#[derive(Clone, Copy)]
pub(in crate::winrm) struct Identity<'a> {
    user: &'a str,
    domain: &'a str,
    password: &'a str,
}

impl<'a> Identity<'a> {
    /// A user may be given as `domain\user`.
    pub(in crate::winrm) fn new(user: &'a str, password: &'a str) -> Self {
        let (domain, user) = user.split_once('\\').unwrap_or(("", user));
        Self { user, domain, password }
    }
}

/// Numbers that nobody can guess.
#[derive(Clone, Copy)]
pub(in crate::winrm) struct Nonces {
    pub(in crate::winrm) challenge: [u8; 8],
    pub(in crate::winrm) key: Key,
}

/// What a login is made of.
pub(in crate::winrm) struct Login<'a> {
    pub(in crate::winrm) identity: Identity<'a>,
    /// The name of the service, `HTTP/machine`.
    pub(in crate::winrm) service: String,
    /// What ties the login to a TLS connection.
    pub(in crate::winrm) binding: Option<Key>,
    pub(in crate::winrm) nonces: Nonces,
    /// The time, if the server does not say what it is.
    pub(in crate::winrm) now: jiff::Timestamp,
}

/// The proof of the password, and the key that comes out of it.
struct Proof {
    response: Vec<u8>,
    key: Key,
}

impl Login<'_> {
    /// The proof that answers `challenge`, and the session that begins with it.
    pub(in crate::winrm) fn answer(&self, challenge: &[u8]) -> Result<(Vec<u8>, Session), Fault> {
        if challenge.get(..8) != Some(SIGNATURE) || number(challenge, 8)? != 2 {
            return Err(Fault::Ntlm("the server's challenge is none"));
        }
        let agreed = number(challenge, 20)? & WANTED;
        if agreed & NEEDED != NEEDED {
            return Err(Fault::Ntlm("the server does not agree to encryption with 128-bit keys"));
        }
        let server = challenge.get(24..32).ok_or(Fault::Ntlm("the challenge is too short"))?;
        let offered = read_facts(field(challenge, 40)?);
        let timestamp = offered.iter().find(|(kind, _)| *kind == facts::TIMESTAMP).map(|(_, value)| *value);
        let proof = self.proof(server, &offered, timestamp);
        let sealed_key = rc4_once(&proof.key, self.nonces.key);
        let mut message = self.layout(agreed, &proof.response, timestamp.is_some(), &sealed_key);
        if timestamp.is_some() {
            let seal = hmac_md5(&self.nonces.key, &[&NEGOTIATE, challenge, &message]);
            message[72..88].copy_from_slice(&seal);
        }
        Ok((message, Session::of_client(&self.nonces.key)))
    }

    fn proof(&self, server: &[u8], offered: &[(u16, &[u8])], timestamp: Option<&[u8]>) -> Proof {
        let Identity { user, domain, password } = self.identity;
        let now = filetime(self.now).to_le_bytes();
        let (service, with_seal) = (utf16(&self.service), 2_u32.to_le_bytes());
        let mut all: Vec<(u16, &[u8])> = offered.to_vec();
        if timestamp.is_some() {
            all.retain(|(kind, _)| *kind != facts::FLAGS);
            all.push((facts::FLAGS, &with_seal));
        }
        if let Some(binding) = &self.binding {
            all.push((facts::CHANNEL_BINDINGS, binding));
        }
        all.push((facts::TARGET_NAME, &service));
        let mut blob = vec![1, 1, 0, 0, 0, 0, 0, 0];
        blob.extend(timestamp.unwrap_or(&now));
        blob.extend(self.nonces.challenge);
        blob.extend([0; 4]);
        blob.extend(write_facts(&all));
        blob.extend([0; 4]);
        let secret = ntowf_v2(password, user, domain);
        let hash = hmac_md5(&secret, &[server, &blob]);
        Proof { response: [&hash[..], &blob].concat(), key: hmac_md5(&secret, &[&hash]) }
    }

    /// The third message, with room for the hash over all three when `with_seal`.
    fn layout(&self, agreed: u32, response: &[u8], with_seal: bool, key: &Key) -> Vec<u8> {
        let (domain, user) = (utf16(self.identity.domain), utf16(self.identity.user));
        let fields: [&[u8]; 6] = [&[0; 24], response, &domain, &user, &[], key];
        let mut message = [&SIGNATURE[..], &3_u32.to_le_bytes()].concat();
        let mut at = if with_seal { 88 } else { 72 };
        for field in fields {
            let length = (field.len() as u16).to_le_bytes();
            message.extend([length, length].concat());
            message.extend((at as u32).to_le_bytes());
            at += field.len();
        }
        message.extend(agreed.to_le_bytes());
        message.extend(VERSION);
        if with_seal {
            message.extend([0; 16]);
        }
        fields.iter().for_each(|field| message.extend(*field));
        message
    }
}

/// Steps of 100 ns since 1601, as Windows counts.
fn filetime(now: jiff::Timestamp) -> u64 {
    let since_1601 = now.as_nanosecond() / 100 + 116_444_736_000_000_000;
    u64::try_from(since_1601).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of MS-NLMP 4.2.4, whose time is zero.
    #[test]
    fn the_published_example() {
        assert_eq!(ntowf_v2("Password", "User", "Domain"), *unhex("0c868a403bfd7a93a3001ef22ef02e3f").as_slice());
        let secret = ntowf_v2("Password", "User", "Domain");
        let facts = unhex("02000c0044006f006d00610069006e0001000c005300650072007600650072000000000000000000");
        let blob =
            [&unhex("01010000000000000000000000000000aaaaaaaaaaaaaaaa00000000")[..], &facts[..36], &[0; 4]].concat();
        let hash = hmac_md5(&secret, &[&unhex("0123456789abcdef"), &blob]);
        assert_eq!(hash, *unhex("68cd0ab851e51c96aabc927bebef6a1c").as_slice());
        let key = hmac_md5(&secret, &[&hash]);
        assert_eq!(key, *unhex("8de40ccadbc14a82f15cb0ad0de95ca3").as_slice());
        assert_eq!(rc4_once(&key, [0x55; 16]), *unhex("c5dad2544fc9799094ce1ce90bc9d03e").as_slice());
    }

    fn unhex(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    }

    fn login() -> Login<'static> {
        Login {
            identity: Identity::new("Domain\\User", "Password"),
            service: "HTTP/Server".to_owned(),
            binding: None,
            nonces: Nonces { challenge: [0xaa; 8], key: [0x55; 16] },
            now: jiff::Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn challenges_that_are_none() {
        let refused = |challenge: &[u8]| login().answer(challenge).err().unwrap().to_string();
        assert_eq!(refused(b"NTLMSSP\0"), "NTLM: the challenge is too short");
        assert_eq!(refused(b"<html>"), "NTLM: the server's challenge is none");
        assert_eq!(refused(&NEGOTIATE), "NTLM: the server's challenge is none");
        let mut weak = [&SIGNATURE[..], &2_u32.to_le_bytes(), &[0; 40]].concat();
        assert_eq!(refused(&weak), "NTLM: the server does not agree to encryption with 128-bit keys");
        weak[20..24].copy_from_slice(&WANTED.to_le_bytes());
        weak[40..48].copy_from_slice(&[9, 0, 9, 0, 255, 255, 255, 255]);
        assert_eq!(refused(&weak), "NTLM: the challenge is cut off");
    }

    #[test]
    fn times_count_from_1601() {
        assert_eq!(filetime(jiff::Timestamp::UNIX_EPOCH), 116_444_736_000_000_000);
    }

    proptest::proptest! {
        #[test]
        fn no_challenge_is_a_reason_to_panic(tail in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = login().answer(&tail);
            let mut challenge = [&SIGNATURE[..], &2_u32.to_le_bytes(), &tail].concat();
            if let Some(flags) = challenge.get_mut(20..24) {
                flags.copy_from_slice(&WANTED.to_le_bytes());
            }
            if let Some(facts) = challenge.get_mut(40..48) {
                facts.copy_from_slice(&[8, 0, 8, 0, 48, 0, 0, 0]);
            }
            let _ = login().answer(&challenge);
        }
    }
}
