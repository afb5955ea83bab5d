//! The whole exchange, with services on this machine.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;
use serde_json::{Value, json};

use super::fake::{FakeSigstore, Wrong, token};
use super::{Keyless, Sealed, TokenSource, TrustedRoot};
use crate::secrets::tests::server::{Reply, Server};
use crate::signing::{Envelope, JsonService, PublicKey, SigningError};

const ISSUER: &str = "https://issuer.example";

struct Exchange {
    wrong: Wrong,
    subject: &'static str,
    identity: &'static str,
    issuer: &'static str,
    with_root: bool,
    with_log: bool,
}

const FINE: Exchange = Exchange {
    wrong: Wrong::Nothing,
    subject: "me",
    identity: "https://id.example/me",
    issuer: ISSUER,
    with_root: true,
    with_log: true,
};

fn service() -> JsonService {
    JsonService::new(&BTreeMap::new(), Duration::from_millis(1)).unwrap()
}

impl Exchange {
    async fn seal(&self) -> Result<Sealed, String> {
        let sigstore = FakeSigstore::start(ISSUER, self.wrong);
        let url = Url::parse(&sigstore.server.url()).unwrap();
        let root = TrustedRoot::parse(sigstore.trusted_root.as_bytes(), "root.json").unwrap();
        let keyless = Keyless {
            fulcio: url.clone(),
            rekor: self.with_log.then_some(url),
            identity: self.identity.to_owned(),
            issuer: self.issuer.to_owned(),
            trusted_root: self.with_root.then_some(root),
        };
        let token = TokenSource::Given(token(self.subject)).token(&service()).await.unwrap();
        keyless.seal(b"{}", &token, &service()).await.map_err(|error| {
            let text = error.to_string();
            assert!(!text.contains(&token.text), "{text}");
            text.replace(&sigstore.server.url(), "URL")
        })
    }
}

#[tokio::test]
async fn a_statement_is_signed_certified_and_logged() {
    let Sealed { envelope, bundle } = FINE.seal().await.unwrap();
    let certificate = envelope.signatures[0].cert.clone().unwrap();
    let public = PublicKey::from_pem(certificate.as_bytes(), "certificate").unwrap();
    let signature = STANDARD.decode(&envelope.signatures[0].sig).unwrap();
    assert!(public.verifies(&Envelope::signed_bytes(&envelope.payload_type, b"{}"), &signature));
    let bundle = serde_json::to_value(&bundle).unwrap();
    assert_eq!(bundle["mediaType"], "application/vnd.dev.sigstore.bundle.v0.3+json");
    let material = &bundle["verificationMaterial"];
    let der = STANDARD.decode(material["certificate"]["rawBytes"].as_str().unwrap()).unwrap();
    assert_eq!(PublicKey::of_certificate(&der, "certificate").unwrap(), public);
    let entry = &material["tlogEntries"][0];
    assert_eq!((&entry["logIndex"], &entry["integratedTime"]), (&json!("42"), &json!("1700000000")));
    assert_eq!(entry["kindVersion"], json!({ "kind": "dsse", "version": "0.0.1" }));
    assert_eq!(STANDARD.decode(entry["logId"]["keyId"].as_str().unwrap()).unwrap().len(), 32);
    let proof = json!({
        "logIndex": "42", "rootHash": "/wA=", "treeSize": "43", "hashes": ["AP8="],
        "checkpoint": { "envelope": "log\n42\n" },
    });
    assert_eq!(entry["inclusionProof"], proof);
    assert!(entry["inclusionPromise"]["signedEntryTimestamp"].is_string() && entry["canonicalizedBody"].is_string());
    let signed = &bundle["dsseEnvelope"];
    assert_eq!((&signed["payload"], &signed["payloadType"]), (&json!("e30="), &json!("application/vnd.in-toto+json")));
    assert_eq!(signed["signatures"], json!([{ "sig": envelope.signatures[0].sig }]));
    let unlogged = Exchange { with_log: false, ..FINE }.seal().await.unwrap();
    let unlogged: Value = serde_json::to_value(&unlogged.bundle).unwrap();
    assert!(unlogged["verificationMaterial"].get("tlogEntries").is_none());
}

#[tokio::test]
async fn what_cannot_be_believed_is_refused() {
    let rows = [
        (Exchange { wrong: Wrong::OtherKey, ..FINE }, "URL/ cannot be used: it is for another key"),
        (Exchange { wrong: Wrong::Authority, ..FINE }, "no authority of the trusted root vouches for it ("),
        (Exchange { wrong: Wrong::Promise, ..FINE }, "the transparency log at URL/: the log did not sign its promise"),
        (Exchange { wrong: Wrong::Form, ..FINE }, "the certificate authority at URL/: its answer has no certificates"),
        (
            Exchange { identity: "https://id.example/you", ..FINE },
            "it is for \"https://id.example/me\", and keyless_identity is \"https://id.example/you\"",
        ),
        (
            Exchange { issuer: "https://other.example", ..FINE },
            "the identity is that of \"https://issuer.example\", and keyless_oidc_issuer is \"https://other.example\"",
        ),
        (
            Exchange { subject: "nobody", ..FINE },
            "the certificate authority at URL/api/v2/signingCert: it answers 400 Bad Request: the proof of possession is \
             wrong",
        ),
    ];
    for (exchange, expected) in rows {
        let error = exchange.seal().await.unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
    // Who names nobody to believe believes who answers.
    for wrong in [Wrong::Authority, Wrong::Promise] {
        Exchange { wrong, with_root: false, ..FINE }.seal().await.unwrap();
    }
}

#[tokio::test]
async fn github_makes_tokens() {
    let sigstore = FakeSigstore::start(ISSUER, Wrong::Nothing);
    let url = format!("{}/token?x=y", sigstore.server.url());
    let source = TokenSource::Actions { url, token: "the-request-token".to_owned() };
    assert_eq!(source.token(&service()).await.unwrap().subject, "repo:a/b");
}

#[tokio::test]
async fn services_are_asked_again_while_they_are_not_ready() {
    let replies = [Reply::new(503, ""), Reply::new(429, "slow down"), Reply::new(200, r#"{"ok":1}"#)];
    let server = Server::replying(&replies);
    let url = Url::parse(&server.url()).unwrap();
    assert_eq!(service().get("it", &url, "t").await.unwrap(), json!({ "ok": 1 }));
    assert_eq!(server.requests().len(), 3);
    for (replies, expected, n_requests) in [
        (vec![Reply::new(500, "<p>oh\n no</p>")], "it answers 500 Internal Server Error: <p>oh no</p>", 3),
        (vec![Reply::new(403, "")], "it answers 403 Forbidden", 1),
        (vec![Reply::new(200, "<p>")], "its answer is not JSON", 1),
    ] {
        let server = Server::replying(&replies);
        let url = Url::parse(&server.url()).unwrap();
        let error = service().post("it", &url, &json!({})).await.unwrap_err();
        assert!(matches!(&error, SigningError::Service { reason, .. } if reason == expected), "{error}");
        assert_eq!(server.requests().len(), n_requests);
    }
}

#[test]
fn trusted_roots_that_are_none() {
    for (text, expected) in [
        ("", "root.json is no trusted root: EOF"),
        ("{}", "it names no certificate authority"),
        (
            r#"{"certificateAuthorities":[{"certChain":{"certificates":[{"rawBytes":"!"}]}}]}"#,
            "bytes that are not base 64",
        ),
    ] {
        let error = TrustedRoot::parse(text.as_bytes(), "root.json").unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}
