//! A Sigstore on this machine: an authority that vouches for anybody, and a log.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    PKCS_ECDSA_P256_SHA256, PublicKeyData, SanType, SignatureAlgorithm,
};
use serde_json::{Value, json};

use super::rekor::{LogEntry, Verification};
use crate::secrets::tests::server::{Reply, Request, Server};
use crate::signing::{Envelope, PrivateKey, PublicKey};

/// What it does wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Wrong {
    #[default]
    Nothing,
    /// The certificate is for a key that nobody asked about.
    OtherKey,
    /// The log promises something else.
    Promise,
    /// The authority is not the one that is known.
    Authority,
    /// It answers what nobody understands.
    Form,
}

/// The services, at one address.
pub(crate) struct FakeSigstore {
    pub(crate) server: Server,
    /// The text of a file that names both.
    pub(crate) trusted_root: String,
}

/// A token about somebody.
pub(crate) fn token(subject: &str) -> String {
    format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(json!({ "sub": subject }).to_string()))
}

/// The bare key that a certificate is made for.
struct Bits(Vec<u8>);

impl PublicKeyData for Bits {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    der: Vec<u8>,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let der = params.self_signed(&key).unwrap().der().to_vec();
        Self { issuer: Issuer::new(params, key), der }
    }

    /// A certificate for `subject`, whom `issuer` knows.
    fn certify(&self, subject: &str, issuer: &str, public: &[u8]) -> String {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.subject_alt_names = vec![SanType::URI(subject.try_into().unwrap())];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning];
        let text = [&[0x0c, u8::try_from(issuer.len()).unwrap()], issuer.as_bytes()].concat();
        params.custom_extensions = vec![CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 57264, 1, 8], text)];
        let bits = Bits(public[public.len() - 65..].to_vec());
        crate::signing::public_key::pem("CERTIFICATE", params.signed_by(&bits, &self.issuer).unwrap().der())
    }
}

impl FakeSigstore {
    /// One that knows `issuer`.
    pub(crate) fn start(issuer: &'static str, wrong: Wrong) -> Self {
        let (authority, log) = (Authority::new(), PrivateKey::generate().unwrap());
        let known = if wrong == Wrong::Authority { Authority::new().der } else { authority.der.clone() };
        let log_der = der(log.public());
        let trusted_root = json!({
            "certificateAuthorities": [
                { "certChain": { "certificates": [{ "rawBytes": STANDARD.encode(known) }] } },
            ],
            "tlogs": [{
                "publicKey": { "rawBytes": STANDARD.encode(&log_der) },
                "logId": { "keyId": STANDARD.encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &log_der)) },
            }],
        });
        let server = Server::start(move |request| match request.line.as_str() {
            _ if wrong == Wrong::Form => Reply::new(200, "{}"),
            "POST /api/v2/signingCert" => certificate(&authority, issuer, request, wrong),
            "POST /api/v1/log/entries" => entry(&log, request, wrong),
            "GET /token?x=y&audience=sigstore" => {
                assert_eq!(request.headers["authorization"], "Bearer the-request-token");
                Reply::new(200, &json!({ "value": token("repo:a/b") }).to_string())
            }
            other => Reply::new(404, &format!("no {other}")),
        });
        Self { server, trusted_root: trusted_root.to_string() }
    }
}

fn der(key: &PublicKey) -> Vec<u8> {
    let pem = key.to_pem();
    let text: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode(text).unwrap()
}

fn certificate(authority: &Authority, issuer: &str, request: &Request, wrong: Wrong) -> Reply {
    let asked: Value = serde_json::from_str(&request.body).unwrap();
    let token = asked["credentials"]["oidcIdentityToken"].as_str().unwrap();
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    let subject = claims["sub"].as_str().unwrap();
    let key = &asked["publicKeyRequest"];
    let public = PublicKey::from_pem(key["publicKey"]["content"].as_str().unwrap().as_bytes(), "key").unwrap();
    let proof = STANDARD.decode(key["proofOfPossession"].as_str().unwrap()).unwrap();
    if subject == "nobody" || !public.verifies(subject.as_bytes(), &proof) {
        return Reply::new(400, r#"{"code":3,"message":"the proof of possession is wrong"}"#);
    }
    let other = PrivateKey::generate().unwrap();
    let public = if wrong == Wrong::OtherKey { other.public() } else { &public };
    let leaf = authority.certify(&format!("https://id.example/{subject}"), issuer, &der(public));
    let root = crate::signing::public_key::pem("CERTIFICATE", &authority.der);
    let chain = json!({ "signedCertificateEmbeddedSct": { "chain": { "certificates": [leaf, root] } } });
    Reply::new(200, &chain.to_string())
}

fn entry(log: &PrivateKey, request: &Request, wrong: Wrong) -> Reply {
    let asked: Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!((&asked["kind"], &asked["apiVersion"]), (&json!("dsse"), &json!("0.0.1")));
    let content = &asked["spec"]["proposedContent"];
    let envelope: Envelope = serde_json::from_str(content["envelope"].as_str().unwrap()).unwrap();
    let certificate = STANDARD.decode(content["verifiers"][0].as_str().unwrap()).unwrap();
    let payload = STANDARD.decode(&envelope.payload).unwrap();
    let signature = STANDARD.decode(&envelope.signatures[0].sig).unwrap();
    let public = PublicKey::from_pem(&certificate, "certificate").unwrap();
    assert!(public.verifies(&Envelope::signed_bytes(&envelope.payload_type, &payload), &signature));
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &der(log.public()));
    let mut promised = LogEntry {
        body: STANDARD.encode(request.body.as_bytes()),
        integrated_time: 1_700_000_000,
        log_id: digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect(),
        log_index: 42,
        verification: Verification { signed_entry_timestamp: String::new(), inclusion_proof: None },
    };
    let signed = STANDARD.encode(log.sign(&promised.promised()).unwrap());
    if wrong == Wrong::Promise {
        promised.log_index = 43;
    }
    let entry = json!({
        "body": promised.body,
        "integratedTime": promised.integrated_time,
        "logID": promised.log_id,
        "logIndex": promised.log_index,
        "verification": {
            "signedEntryTimestamp": signed,
            "inclusionProof": {
                "checkpoint": "log\n42\n", "hashes": ["00ff"], "logIndex": 42, "rootHash": "ff00", "treeSize": 43,
            },
        },
    });
    Reply::new(201, &json!({ "24296fb2": entry }).to_string())
}
