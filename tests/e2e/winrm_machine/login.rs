//! Who is let in: basic authentication, and the server's side of NTLMv2 (MS-NLMP), written from the specification alone.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use md4::Md4;
use md5::{Digest as _, Md5};
use rc4::{Rc4, StreamCipher as _};
use sha2::Sha256;

/// What NTLM must agree on here: text in Unicode, signatures, encryption, key exchange, 128 bits.
const FLAGS: u32 = 0xe2_8a_82_35;

/// Who may log in.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub(super) domain: String,
    pub(super) user: String,
    pub(super) password: String,
}

impl Account {
    /// Whether a header of basic authentication names it.
    pub(super) fn is_basic(&self, header: &str) -> bool {
        let user = if self.domain.is_empty() { self.user.clone() } else { format!("{}\\{}", self.domain, self.user) };
        header.strip_prefix("Basic ") == Some(&*STANDARD.encode(format!("{user}:{}", self.password)))
    }
}

/// A login on one connection.
#[derive(Default)]
pub(super) struct Handshake {
    negotiate: Vec<u8>,
    challenge: Vec<u8>,
}

/// How far a login has come.
pub(super) enum Step {
    Challenge(Vec<u8>),
    In(Box<Session>),
    Refused(&'static str),
}

impl Handshake {
    /// Takes a message of the client. `certificate` is ours on this connection, if it has one.
    pub(super) fn take(&mut self, message: &[u8], account: &Account, certificate: Option<&[u8]>) -> Step {
        match message.get(8) {
            Some(1) => {
                self.negotiate = message.to_vec();
                self.challenge = challenge();
                Step::Challenge(self.challenge.clone())
            }
            Some(3) if !self.challenge.is_empty() => match self.check(message, account, certificate) {
                Ok(key) => Step::In(Box::new(Session::new(&key))),
                Err(why) => Step::Refused(why),
            },
            _ => Step::Refused("no such message"),
        }
    }

    fn check(&self, message: &[u8], account: &Account, certificate: Option<&[u8]>) -> Result<[u8; 16], &'static str> {
        let (response, domain, user) = (field(message, 20), field(message, 28), field(message, 36));
        if user.to_lowercase_utf16() != account.user.to_lowercase() || domain.to_lowercase_utf16() != account.domain {
            return Err("no such user");
        }
        let (proof, blob) = response.split_at_checked(16).ok_or("no proof")?;
        let hash: [u8; 16] = Md4::digest(utf16(&account.password)).into();
        let domain = String::from_utf16(&domain.units()).map_err(|_| "no domain")?;
        let secret = hmac(&hash, &[&utf16(&format!("{}{domain}", account.user.to_uppercase()))]);
        if hmac(&secret, &[&self.challenge[24..32], blob]) != proof {
            return Err("wrong password");
        }
        let facts = facts(blob.get(28..).ok_or("no facts")?);
        let fact = |kind: u16| facts.iter().find(|(found, _)| *found == kind).map(|(_, value)| *value);
        if let Some(certificate) = certificate {
            let data = [b"tls-server-end-point:", &Sha256::digest(certificate)[..]].concat();
            let bindings = [&[0; 16][..], &(data.len() as u32).to_le_bytes(), &data].concat();
            if fact(10) != Some(&Md5::digest(bindings)[..]) {
                return Err("bound to another connection");
            }
        }
        let exchange = hmac(&secret, &[proof]);
        let mut key: [u8; 16] = field(message, 52).try_into().map_err(|_| "no key")?;
        Rc4::new_from_slice(&exchange).unwrap().apply_keystream(&mut key);
        // Our challenge says what time it is, so there must be a hash over all three messages.
        let mut blank = message.to_vec();
        blank[72..88].fill(0);
        let whole = hmac(&key, &[&self.negotiate, &self.challenge, &blank]);
        if fact(6) != Some(&2_u32.to_le_bytes()) || whole != message[72..88] {
            return Err("the messages were changed");
        }
        Ok(key)
    }
}

fn challenge() -> Vec<u8> {
    let name = utf16("MACHINE");
    let mut facts = Vec::new();
    for (kind, value) in [(2_u16, &name[..]), (1, &name), (7, &[0, 0x80, 0x3e, 0xd5, 0xde, 0xb1, 0x9d, 1]), (0, &[])] {
        facts.extend(kind.to_le_bytes());
        facts.extend((value.len() as u16).to_le_bytes());
        facts.extend(value);
    }
    let mut message = b"NTLMSSP\0\x02\0\0\0".to_vec();
    let length = (name.len() as u16).to_le_bytes();
    message.extend([length, length].concat());
    message.extend(56_u32.to_le_bytes());
    message.extend(FLAGS.to_le_bytes());
    message.extend(&uuid::Uuid::new_v4().as_bytes()[..8]);
    message.extend([0; 8]);
    let length = (facts.len() as u16).to_le_bytes();
    message.extend([length, length].concat());
    message.extend((56 + name.len() as u32).to_le_bytes());
    message.extend([10, 0, 0x61, 0x4a, 0, 0, 0, 15]);
    message.extend(&name);
    message.extend(&facts);
    message
}

/// The field that is described at `at`; empty when there is none.
fn field(message: &[u8], at: usize) -> &[u8] {
    let Some(descriptor) = message.get(at..at + 8) else { return &[] };
    let length = usize::from(u16::from_le_bytes([descriptor[0], descriptor[1]]));
    let start = u32::from_le_bytes([descriptor[4], descriptor[5], descriptor[6], descriptor[7]]) as usize;
    message.get(start..start + length).unwrap_or_default()
}

fn facts(mut list: &[u8]) -> Vec<(u16, &[u8])> {
    let mut found = Vec::new();
    while list.len() >= 4 {
        let (kind, length) = (u16::from_le_bytes([list[0], list[1]]), u16::from_le_bytes([list[2], list[3]]));
        let end = 4 + usize::from(length);
        if kind == 0 || list.len() < end {
            break;
        }
        found.push((kind, &list[4..end]));
        list = &list[end..];
    }
    found
}

trait Utf16 {
    fn units(&self) -> Vec<u16>;

    fn to_lowercase_utf16(&self) -> String {
        String::from_utf16_lossy(&self.units()).to_lowercase()
    }
}

impl Utf16 for [u8] {
    fn units(&self) -> Vec<u16> {
        self.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect()
    }
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 16] {
    let mut mac = Hmac::<Md5>::new_from_slice(key).unwrap();
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// A connection that somebody is logged in on.
pub(super) struct Session {
    from_client: Way,
    to_client: Way,
}

struct Way {
    signing: [u8; 16],
    cipher: Rc4,
    number: u32,
}

impl Session {
    fn new(key: &[u8; 16]) -> Self {
        Self { from_client: Way::new(key, "client-to-server"), to_client: Way::new(key, "server-to-client") }
    }

    /// The text of an encrypted body; none when a signature or a length is wrong.
    pub(super) fn unseal(&mut self, body: &[u8]) -> Option<String> {
        let marker = b"Content-Type: application/octet-stream\r\n";
        let at = body.windows(marker.len()).position(|window| window == marker)?;
        let head = std::str::from_utf8(&body[..at]).ok()?;
        let length: usize = head.split("Length=").nth(1)?.split("\r\n").next()?.parse().ok()?;
        let data = &body[at + marker.len()..];
        let (signature, data) = data.strip_prefix(&16_u32.to_le_bytes())?.split_at_checked(16)?;
        let mut text = data.get(..length)?.to_vec();
        data[length..].starts_with(b"--Encrypted Boundary--\r\n").then_some(())?;
        let number = self.from_client.number;
        self.from_client.cipher.apply_keystream(&mut text);
        (self.from_client.sign(&text) == signature && signature[12..] == number.to_le_bytes()).then_some(())?;
        String::from_utf8(text).ok()
    }

    /// The encrypted body that carries `text`.
    pub(super) fn seal(&mut self, text: &str) -> Vec<u8> {
        let mut data = text.as_bytes().to_vec();
        self.to_client.cipher.apply_keystream(&mut data);
        let signature = self.to_client.sign(text.as_bytes());
        let head = format!(
            "--Encrypted Boundary\r\nContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n\
             OriginalContent: type=application/soap+xml;charset=UTF-8;Length={}\r\n--Encrypted Boundary\r\n\
             Content-Type: application/octet-stream\r\n",
            text.len()
        );
        [head.as_bytes(), &16_u32.to_le_bytes(), &signature, &data, b"--Encrypted Boundary--\r\n"].concat()
    }
}

impl Way {
    fn new(key: &[u8; 16], direction: &str) -> Self {
        let derive = |what: &str| -> [u8; 16] {
            let text = format!("session key to {direction} {what} key magic constant\0");
            Md5::digest([&key[..], text.as_bytes()].concat()).into()
        };
        Self { signing: derive("signing"), cipher: Rc4::new_from_slice(&derive("sealing")).unwrap(), number: 0 }
    }

    /// The signature of a text that was just encrypted or decrypted.
    fn sign(&mut self, text: &[u8]) -> [u8; 16] {
        let mut hash = hmac(&self.signing, &[&self.number.to_le_bytes(), text]);
        self.cipher.apply_keystream(&mut hash[..8]);
        let mut signature = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        signature[4..12].copy_from_slice(&hash[..8]);
        signature[12..].copy_from_slice(&self.number.to_le_bytes());
        self.number += 1;
        signature
    }
}
