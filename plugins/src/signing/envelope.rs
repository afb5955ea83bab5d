//! DSSE envelopes: a payload, and signatures over it and its type.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// The type of payloads that are in-toto statements.
pub const STATEMENT: &str = "application/vnd.in-toto+json";

/// A payload with signatures.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// What the payload is.
    pub payload_type: String,
    /// The payload in base 64.
    pub payload: String,
    /// Who signed it.
    pub signatures: Vec<EnvelopeSignature>,
}

/// One signature.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct EnvelopeSignature {
    /// Names the key.
    #[serde(default)]
    pub keyid: String,
    /// The signature in base 64.
    pub sig: String,
    /// The certificate of the key, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cert: Option<String>,
}

impl Envelope {
    /// The envelope of a statement that was signed; `signature` is over [`Envelope::signed_bytes`].
    pub fn of_statement(statement: &[u8], signature: &[u8], keyid: String, cert: Option<String>) -> Self {
        Self {
            payload_type: STATEMENT.to_owned(),
            payload: STANDARD.encode(statement),
            signatures: vec![EnvelopeSignature { keyid, sig: STANDARD.encode(signature), cert }],
        }
    }

    /// What is signed: the type and the payload, with their lengths.
    pub fn signed_bytes(payload_type: &str, payload: &[u8]) -> Vec<u8> {
        let mut bytes = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
        bytes.extend_from_slice(payload);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_is_as_the_specification_of_dsse_has_it() {
        let bytes = Envelope::signed_bytes("http://example.com/HelloWorld", b"hello world");
        assert_eq!(bytes, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
        assert_eq!(Envelope::signed_bytes("", b""), b"DSSEv1 0  0 ");
    }

    #[test]
    fn the_form_of_an_envelope() {
        let envelope = Envelope::of_statement(b"{}", b"\xff", "k".to_owned(), None);
        let text = serde_json::to_string(&envelope).unwrap();
        assert_eq!(
            text,
            r#"{"payloadType":"application/vnd.in-toto+json","payload":"e30=","signatures":[{"keyid":"k","sig":"/w=="}]}"#
        );
        assert_eq!(serde_json::from_str::<Envelope>(&text).unwrap(), envelope);
    }
}
