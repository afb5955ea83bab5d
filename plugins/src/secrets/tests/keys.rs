//! Keys that stay where they are.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::builtin::fixtures::context;
use crate::component::ComponentContext;
use crate::secrets::Patience;
use crate::secrets::tests::server::{Reply, Request, Server};
use crate::signing::{Envelope, PrivateKey, PublicKey, Signer, Surroundings};

fn surroundings(variables: &[(&str, &str)]) -> Surroundings {
    let environment: BTreeMap<String, String> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let context = ComponentContext { environment: Arc::new(environment), ..context() };
    Surroundings::of(&context, Patience { retry: Duration::from_millis(1), ..Patience::default() })
}

/// The signature that a service gives, which stands for one by `key`: services get digests, which `key` would not sign.
fn answers(key: &PrivateKey) -> String {
    STANDARD.encode(key.sign(&Envelope::signed_bytes("application/vnd.in-toto+json", b"{}")).unwrap())
}

fn digest() -> String {
    let message = Envelope::signed_bytes("application/vnd.in-toto+json", b"{}");
    STANDARD.encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &message))
}

async fn seal(uri: &str, surroundings: &Surroundings, verifier: Option<&PublicKey>) -> Result<Envelope, String> {
    let signer = Signer::Service(uri.parse().unwrap());
    let sealed = signer.seal(b"{}", verifier.map(|key| (key, "v.pem")), surroundings).await;
    sealed.map_err(|error| error.to_string())
}

fn vault(request: &Request, kind: &str, public: &str, signature: &str) -> Reply {
    assert_eq!(request.headers["x-vault-token"], "t");
    match request.line.as_str() {
        "GET /v1/engine/keys/image" => {
            let key = json!({ "type": kind, "latest_version": 2, "keys": { "2": { "public_key": public } } });
            Reply::new(200, &json!({ "data": key }).to_string())
        }
        "POST /v1/engine/sign/image/sha2-256" => {
            let body: Value = serde_json::from_str(&request.body).unwrap();
            let expected = json!({
                "input": digest(), "key_version": 2, "prehashed": true, "marshaling_algorithm": "asn1",
                "signature_algorithm": "pkcs1v15",
            });
            assert_eq!(body, expected);
            Reply::new(200, &json!({ "data": { "signature": format!("vault:v2:{signature}") } }).to_string())
        }
        _ => Reply::new(404, r#"{"errors":[]}"#),
    }
}

#[tokio::test]
async fn vault_signs() {
    let key = PrivateKey::generate().unwrap();
    let (pem, signature) = (key.public().to_pem(), answers(&key));
    let server = Server::start(move |request| vault(request, "ecdsa-p256", &pem, &signature));
    let url = server.url();
    let set = [("VAULT_ADDR", url.as_str()), ("VAULT_TOKEN", "t"), ("TRANSIT_SECRET_ENGINE_PATH", "engine")];
    let envelope = seal("hashivault://image", &surroundings(&set), None).await.unwrap();
    assert_eq!(envelope.signatures[0].keyid, key.public().id());
    seal("hashivault://image", &surroundings(&set), Some(key.public())).await.unwrap();
    let other = PrivateKey::generate().unwrap();
    let error = seal("hashivault://image", &surroundings(&set), Some(other.public())).await.unwrap_err();
    assert_eq!(error, "the signature is not one of v.pem: it was made with another key");
    let error = seal("hashivault://none", &surroundings(&set), None).await.unwrap_err();
    let expected =
        "hashivault://none: there is no key none in the engine engine: Error making API request.\n\nURL: GET ";
    assert!(error.starts_with(expected), "{error}");
    let error = seal("hashivault://image", &surroundings(&set[..1]), None).await.unwrap_err();
    assert!(error.starts_with("hashivault://image: Must set VAULT_TOKEN"), "{error}");
}

#[tokio::test]
async fn vault_signs_with_ed25519() {
    let pair = aws_lc_rs::signature::Ed25519KeyPair::generate().unwrap();
    let message = Envelope::signed_bytes("application/vnd.in-toto+json", b"{}");
    let signature = STANDARD.encode(pair.sign(&message));
    let public = STANDARD.encode(aws_lc_rs::signature::KeyPair::public_key(&pair));
    let server = Server::start(move |request| match request.line.as_str() {
        "POST /v1/transit/sign/image" => {
            let body: Value = serde_json::from_str(&request.body).unwrap();
            assert_eq!(body, json!({ "input": STANDARD.encode(&message), "key_version": 2 }));
            Reply::new(200, &json!({ "data": { "signature": format!("vault:v2:{signature}") } }).to_string())
        }
        "GET /v1/transit/keys/image" => {
            let key = json!({ "type": "ed25519", "latest_version": 2, "keys": { "2": { "public_key": public } } });
            Reply::new(200, &json!({ "data": key }).to_string())
        }
        other => panic!("{other}"),
    });
    let url = server.url();
    let set = [("VAULT_ADDR", url.as_str()), ("VAULT_TOKEN", "t")];
    seal("hashivault://image", &surroundings(&set), None).await.unwrap();
}

#[tokio::test]
async fn aws_signs() {
    let key = PrivateKey::generate().unwrap();
    let text: String = key.public().to_pem().lines().filter(|line| !line.starts_with('-')).collect();
    let signature = answers(&key);
    let server = Server::start(move |request| {
        assert!(request.headers["authorization"].contains("/eu-west-1/kms/aws4_request"));
        let body: Value = serde_json::from_str(&request.body).unwrap();
        match (request.headers["x-amz-target"].as_str(), body["KeyId"].as_str().unwrap()) {
            (_, "none") => Reply::new(400, r#"{"__type":"NotFoundException","message":"no such key"}"#),
            ("TrentService.GetPublicKey", "alias/image") => Reply::new(200, &json!({ "PublicKey": text }).to_string()),
            ("TrentService.Sign", "alias/image") => {
                let expected = json!({
                    "KeyId": "alias/image", "Message": digest(), "MessageType": "DIGEST",
                    "SigningAlgorithm": "ECDSA_SHA_256",
                });
                assert_eq!(body, expected);
                Reply::new(200, &json!({ "Signature": signature }).to_string())
            }
            other => panic!("{other:?}"),
        }
    });
    let url = server.url();
    let set = [
        ("AWS_ENDPOINT_URL_KMS", url.as_str()),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "id"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_MAX_ATTEMPTS", "1"),
    ];
    let envelope = seal("awskms:///alias/image", &surroundings(&set), None).await.unwrap();
    assert_eq!(envelope.signatures[0].keyid, key.public().id());
    let error = seal("awskms:///none", &surroundings(&set), None).await.unwrap_err();
    let expected = "awskms:///none: operation error KMS: GetPublicKey, https response error StatusCode: 400, RequestID: , \
                    NotFoundException: no such key";
    assert_eq!(error, expected);
    let error = seal("awskms:///k", &surroundings(&[]), None).await.unwrap_err();
    assert!(error.contains("operation error KMS: GetPublicKey, Missing Region"), "{error}");
}
