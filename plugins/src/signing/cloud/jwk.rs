//! Keys and signatures as JSON has them, in the forms that everybody else has.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use x509_cert::der::Encode as _;
use x509_cert::der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, UintRef};
use x509_cert::spki::{AlgorithmIdentifier, SubjectPublicKeyInfo};

const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// Curves by their names, with the bytes that a coordinate takes.
const CURVES: [(&str, ObjectIdentifier, usize); 3] = [
    ("P-256", ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7"), 32),
    ("P-384", ObjectIdentifier::new_unwrap("1.3.132.0.34"), 48),
    ("P-521", ObjectIdentifier::new_unwrap("1.3.132.0.35"), 66),
];

/// The `SubjectPublicKeyInfo` of a key; none if it is of a kind that is not known.
pub(super) fn public_key(key: &Value) -> Option<Vec<u8>> {
    let bytes = |name: &str| URL_SAFE_NO_PAD.decode(key.get(name)?.as_str()?.trim_end_matches('=')).ok();
    match key.get("kty")?.as_str()?.trim_end_matches("-HSM") {
        "EC" => {
            let named = key.get("crv")?.as_str()?;
            let (_, curve, len) = CURVES.iter().find(|(name, ..)| *name == named)?;
            let point = [vec![4], padded(&bytes("x")?, *len)?, padded(&bytes("y")?, *len)?].concat();
            info(EC, AnyRef::from(curve), &point)
        }
        "RSA" => {
            let numbers = [bytes("n")?, bytes("e")?];
            info(RSA, AnyRef::NULL, &sequence(&numbers)?)
        }
        _ => None,
    }
}

fn info(algorithm: ObjectIdentifier, parameters: AnyRef<'_>, key: &[u8]) -> Option<Vec<u8>> {
    let algorithm = AlgorithmIdentifier { oid: algorithm, parameters: Some(parameters) };
    SubjectPublicKeyInfo { algorithm, subject_public_key: BitStringRef::from_bytes(key).ok()? }.to_der().ok()
}

/// A signature on an elliptic curve, of two numbers one after the other, in the form of ASN.1.
pub(super) fn signature(fixed: &[u8]) -> Option<Vec<u8>> {
    let (r, s) = fixed.split_at(fixed.len() / 2);
    sequence(&[r.to_vec(), s.to_vec()])
}

/// A sequence of two numbers without sign.
fn sequence(numbers: &[Vec<u8>; 2]) -> Option<Vec<u8>> {
    let [one, other] = numbers;
    vec![UintRef::new(one).ok()?, UintRef::new(other).ok()?].to_der().ok()
}

fn padded(bytes: &[u8], len: usize) -> Option<Vec<u8>> {
    let missing = len.checked_sub(bytes.len())?;
    Some([vec![0; missing], bytes.to_vec()].concat())
}
