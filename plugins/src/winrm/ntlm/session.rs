//! What is said after a login, encrypted and numbered.

use rc4::{Rc4, StreamCipher as _};

use super::crypto::{Key, hmac_md5, md5, rc4};
use crate::winrm::fault::Fault;

/// How long the signature of a message is.
pub(in crate::winrm) const SIGNATURE_LENGTH: usize = 16;

/// One direction.
struct Way {
    signing: Key,
    cipher: Rc4,
    number: u32,
}

/// A session after a login. Messages must be handled in the order in which they are sent.
pub(in crate::winrm) struct Session {
    outward: Way,
    inward: Way,
}

impl Session {
    /// The client's side of a session with this key.
    pub(in crate::winrm) fn of_client(key: &Key) -> Self {
        Self { outward: Way::new(key, "client-to-server"), inward: Way::new(key, "server-to-client") }
    }

    /// The server's.
    #[cfg(test)]
    pub(in crate::winrm) fn of_server(key: &Key) -> Self {
        Self { outward: Way::new(key, "server-to-client"), inward: Way::new(key, "client-to-server") }
    }

    /// The signature of `data`, which is encrypted.
    pub(in crate::winrm) fn seal(&mut self, data: &mut [u8]) -> [u8; SIGNATURE_LENGTH] {
        let hash = self.outward.hash(data);
        self.outward.cipher.apply_keystream(data);
        self.outward.signature(hash)
    }

    /// Decrypts `data` and checks its signature.
    pub(in crate::winrm) fn unseal(&mut self, signature: &[u8], data: &mut [u8]) -> Result<(), Fault> {
        self.inward.cipher.apply_keystream(data);
        let hash = self.inward.hash(data);
        if self.inward.signature(hash) == *signature {
            Ok(())
        } else {
            Err(Fault::Ntlm("the signature of an answer is wrong"))
        }
    }
}

impl Way {
    fn new(key: &Key, direction: &str) -> Self {
        let derived =
            |what: &str| md5(&[key, format!("session key to {direction} {what} key magic constant\0").as_bytes()]);
        Self { signing: derived("signing"), cipher: rc4(&derived("sealing")), number: 0 }
    }

    fn hash(&self, data: &[u8]) -> [u8; 8] {
        let hash = hmac_md5(&self.signing, &[&self.number.to_le_bytes(), data]);
        let mut first = [0; 8];
        first.copy_from_slice(&hash[..8]);
        first
    }

    /// To be called once for each message, after its data went through the cipher.
    fn signature(&mut self, mut hash: [u8; 8]) -> [u8; SIGNATURE_LENGTH] {
        self.cipher.apply_keystream(&mut hash);
        let mut signature = [0; SIGNATURE_LENGTH];
        signature[..4].copy_from_slice(&1_u32.to_le_bytes());
        signature[4..12].copy_from_slice(&hash);
        signature[12..].copy_from_slice(&self.number.to_le_bytes());
        self.number = self.number.wrapping_add(1);
        signature
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::winrm::ntlm::crypto::utf16;

    /// The example of MS-NLMP 4.2.4.4.
    #[test]
    fn the_published_example() {
        let mut session = Session::of_client(&[0x55; 16]);
        let mut data = utf16("Plaintext");
        let signature = session.seal(&mut data);
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert_eq!(hex(&data), "54e50165bf1936dc996020c1811b0f06fb5f");
        assert_eq!(hex(&signature), "010000007fb38ec5c55d497600000000");
    }

    #[test]
    fn what_was_changed_is_noticed() {
        let (mut client, mut server) = (Session::of_client(&[7; 16]), Session::of_server(&[7; 16]));
        for text in ["one", "two"] {
            let mut data = text.as_bytes().to_vec();
            let signature = client.seal(&mut data);
            server.unseal(&signature, &mut data).unwrap();
            assert_eq!(data, text.as_bytes());
        }
        let mut data = b"three".to_vec();
        let signature = server.seal(&mut data);
        data[0] ^= 1;
        let error = client.unseal(&signature, &mut data).unwrap_err();
        assert_eq!(error.to_string(), "NTLM: the signature of an answer is wrong");
    }
}
