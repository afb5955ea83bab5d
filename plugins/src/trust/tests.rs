//! Signatures made here, by keys that are trusted and by others.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use minisign::KeyPair;
use tempfile::TempDir;

use crate::discovery::checksum::in_digits;
use crate::trust::policy::Trust;
use crate::trust::signatures::path_of;

const CONTENT: &[u8] = b"a binary";

struct Desk {
    folder: TempDir,
    trust: Trust,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("trust")).unwrap();
        fs::write(folder.path().join("binary"), CONTENT).unwrap();
        fs::write(folder.path().join("trust/README"), "no key").unwrap();
        let trust = Trust { is_required: true, keys: Some(folder.path().join("trust")) };
        Self { folder, trust }
    }

    fn trust(&self, name: &str, key: impl AsRef<[u8]>) {
        fs::write(self.folder.path().join(format!("trust/{name}.pub")), key).unwrap();
    }

    fn sign(&self, suffix: &str, signature: impl AsRef<[u8]>) {
        fs::write(path_of(&self.folder.path().join("binary"), suffix), signature).unwrap();
    }

    /// Why the binary may not be used; empty when it may.
    fn refusal(&self) -> String {
        let checked = self.trust.check_use(&self.folder.path().join("binary"));
        checked.err().map(|error| error.to_string()).unwrap_or_default()
    }
}

fn minisign(key: &KeyPair, content: &[u8]) -> String {
    minisign::sign(None, &key.sk, Cursor::new(content), None, None).unwrap().into_string()
}

fn starts(text: &str, expected: &str) {
    assert!(text.starts_with(expected) && text.is_empty() == expected.is_empty(), "{text}");
}

#[test]
fn signatures_of_minisign() {
    let (key, other) =
        (KeyPair::generate_unencrypted_keypair().unwrap(), KeyPair::generate_unencrypted_keypair().unwrap());
    let desk = Desk::new();
    starts(&desk.refusal(), "ErrUnsignedPlugin: ");
    desk.sign(".minisig", minisign(&key, CONTENT));
    starts(&desk.refusal(), "ErrUnsignedPlugin: ");
    assert!(desk.refusal().contains("is not signed with a key that is trusted"));
    desk.trust("other", other.pk.to_box().unwrap().to_string());
    desk.trust("maker", key.pk.to_box().unwrap().to_string());
    starts(&desk.refusal(), "");
    desk.trust("maker", key.pk.to_base64());
    starts(&desk.refusal(), "");
    desk.sign(".minisig", minisign(&key, b"something else"));
    starts(&desk.refusal(), "ErrInvalidPlugin: ");
    assert!(desk.refusal().contains("is not what was signed with the key maker"));
    desk.sign(".minisig", "nonsense");
    starts(&desk.refusal(), "ErrInvalidPlugin: ");
    fs::remove_file(path_of(&desk.folder.path().join("binary"), ".minisig")).unwrap();
    starts(&desk.refusal(), "ErrUnsignedPlugin: ");
}

#[test]
fn signatures_of_bare_keys_in_all_forms() {
    let (key, other) = (SigningKey::from_bytes(&[7; 32]), SigningKey::from_bytes(&[8; 32]));
    let bytes = key.verifying_key().to_bytes();
    let der = [&[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00][..], &bytes].concat();
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", BASE64_STANDARD.encode(der));
    let forms = |bytes: &[u8]| {
        [
            bytes.to_vec(),
            format!("{}\n", in_digits(bytes)).into(),
            format!("{}\n", BASE64_STANDARD.encode(bytes)).into(),
        ]
    };
    let signature = key.sign(CONTENT).to_bytes();
    for public in forms(&bytes).into_iter().chain([pem.into_bytes()]) {
        let desk = Desk::new();
        desk.trust("another", other.verifying_key().to_bytes());
        desk.sign(".sig", signature);
        starts(&desk.refusal(), "ErrUnsignedPlugin: ");
        desk.trust("maker", &public);
        for form in forms(&signature) {
            desk.sign(".sig", form);
            starts(&desk.refusal(), "");
        }
        desk.sign(".sig", key.sign(b"something else").to_bytes());
        starts(&desk.refusal(), "ErrUnsignedPlugin: ");
        desk.sign(".sig", "short");
        starts(&desk.refusal(), "ErrInvalidPlugin: ");
    }
}

#[test]
fn what_is_no_key_is_said() {
    let desk = Desk::new();
    desk.sign(".sig", [0; 64]);
    for broken in ["", "nonsense", &format!("RW{}", "!".repeat(54))] {
        desk.trust("broken", broken);
        assert!(desk.refusal().contains("trust/broken.pub: it is n"), "{}", desk.refusal());
    }
    // A key that every signature fits to.
    let weak = [&[1][..], &[0; 31]].concat();
    desk.trust("broken", weak);
    starts(&desk.refusal(), "ErrUnsignedPlugin: ");
}

#[test]
fn what_is_not_required_must_still_fit_when_it_is_installed() {
    let key = KeyPair::generate_unencrypted_keypair().unwrap();
    let mut desk = Desk::new();
    desk.trust.is_required = false;
    let binary = desk.folder.path().join("binary");
    let install = |desk: &Desk| {
        let signatures = crate::trust::signatures::Signatures::beside(Path::new(&binary)).unwrap();
        desk.trust.check_install(&binary, &signatures).err().map(|error| error.to_string()).unwrap_or_default()
    };
    starts(&install(&desk), "");
    desk.sign(".minisig", minisign(&key, b"something else"));
    starts(&install(&desk), "");
    desk.trust("maker", key.pk.to_base64());
    starts(&install(&desk), "ErrInvalidPlugin: ");
    starts(&desk.refusal(), "");
}
