//! The services, on this machine.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::jwk;
use crate::builtin::fixtures::context_in;
use crate::component::ComponentContext;
use crate::secrets::Patience;
use crate::secrets::tests::server::{Reply, Request, Server};
use crate::signing::{Envelope, PrivateKey, PublicKey, STATEMENT, Scheme, Signer, Surroundings};

const RSA: &str = include_str!("../testdata/rsa-pkcs8.pem");
const NAME: &str = "projects/p/locations/l/keyRings/r/cryptoKeys/k";

async fn seal(uri: &str, folder: &std::path::Path, variables: &[(&str, &str)]) -> Result<Envelope, String> {
    let environment: BTreeMap<String, String> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let context = ComponentContext { environment: Arc::new(environment), ..context_in(folder) };
    let patience = Patience { retry: Duration::from_millis(1), ..Patience::default() };
    let signer = Signer::Service(uri.parse().unwrap());
    signer.seal(b"{}", None, &Surroundings::of(&context, patience)).await.map_err(|error| error.to_string())
}

fn message() -> Vec<u8> {
    Envelope::signed_bytes(STATEMENT, b"{}")
}

fn digest() -> aws_lc_rs::digest::Digest {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &message())
}

fn form(request: &Request) -> BTreeMap<String, String> {
    let url = reqwest::Url::parse(&format!("http://h/?{}", request.body)).unwrap();
    url.query_pairs().into_owned().collect()
}

fn google(request: &Request, key: &PrivateKey) -> Reply {
    if request.line == "POST /token" {
        let form = form(request);
        assert_eq!(form["grant_type"], "urn:ietf:params:oauth:grant-type:jwt-bearer");
        let (message, signature) = form["assertion"].rsplit_once('.').unwrap();
        let account = PrivateKey::from_pem(RSA.as_bytes(), "k").unwrap();
        assert!(account.public().verifies(message.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()));
        let claims = URL_SAFE_NO_PAD.decode(message.split('.').nth(1).unwrap()).unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!(
            (&claims["iss"], &claims["scope"]),
            (&json!("me@p"), &json!("https://www.googleapis.com/auth/cloudkms"))
        );
        return Reply::new(200, r#"{"access_token":"the-token"}"#);
    }
    if request.headers.get("authorization").map(String::as_str) != Some("Bearer the-token") {
        return Reply::new(401, r#"{"error":{"code":401,"message":"who are you?"}}"#);
    }
    let version = |n: u32, state: &str| json!({ "name": format!("{NAME}/cryptoKeyVersions/{n}"), "state": state });
    match request.line.strip_suffix(' ').unwrap_or(&request.line) {
        line if line == format!("GET /v1/{NAME}/cryptoKeyVersions") => {
            let versions = [version(2, "ENABLED"), version(11, "ENABLED"), version(12, "DISABLED")];
            Reply::new(200, &json!({ "cryptoKeyVersions": versions }).to_string())
        }
        line if line == format!("GET /v1/{NAME}/cryptoKeyVersions/11/publicKey") => {
            let public = json!({ "pem": key.public().to_pem(), "algorithm": "EC_SIGN_P256_SHA256" });
            Reply::new(200, &public.to_string())
        }
        line if line == format!("GET /v1/{NAME}/cryptoKeyVersions/3/publicKey") => {
            let public = json!({ "pem": key.public().to_pem(), "algorithm": "RSA_SIGN_PSS_2048_SHA256" });
            Reply::new(200, &public.to_string())
        }
        line if line == format!("POST /v1/{NAME}/cryptoKeyVersions/11:asymmetricSign") => {
            let body: Value = serde_json::from_str(&request.body).unwrap();
            assert_eq!(body, json!({ "digest": { "sha256": STANDARD.encode(digest()) } }));
            let signature = STANDARD.encode(key.sign(&message()).unwrap());
            Reply::new(200, &json!({ "signature": signature }).to_string())
        }
        other => Reply::new(404, &format!(r#"{{"error":{{"message":"no {other}"}}}}"#)),
    }
}

#[tokio::test]
async fn google_signs() {
    let folder = tempfile::tempdir().unwrap();
    let key = PrivateKey::generate().unwrap();
    let id = key.public().id();
    let server = Server::start(move |request| google(request, &key));
    let url = server.url();
    let account = json!({
        "type": "service_account", "client_email": "me@p", "private_key": RSA, "private_key_id": "1",
        "token_uri": format!("{url}/token"),
    });
    std::fs::write(folder.path().join("account.json"), account.to_string()).unwrap();
    let service = ("CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS", url.as_str());
    let by_account = [service, ("GOOGLE_APPLICATION_CREDENTIALS", "account.json")];
    let by_token = [service, ("GOOGLE_OAUTH_ACCESS_TOKEN", "the-token")];
    for (uri, variables) in [
        (format!("gcpkms://{NAME}"), by_account),
        (format!("gcpkms://{NAME}"), by_token),
        (format!("gcpkms://{NAME}/versions/11"), by_token),
    ] {
        let envelope = seal(&uri, folder.path(), &variables).await.unwrap();
        assert_eq!(envelope.signatures[0].keyid, id);
    }
    std::fs::write(folder.path().join("junk"), "{}").unwrap();
    for (uri, variables, expected) in [
        ("", vec![service], "there are no credentials: set GOOGLE_APPLICATION_CREDENTIALS"),
        ("", vec![service, ("GOOGLE_OAUTH_ACCESS_TOKEN", "x")], "it answers 401 Unauthorized: who are you?"),
        ("", vec![service, ("GOOGLE_APPLICATION_CREDENTIALS", "junk")], "junk is not the key of a service account"),
        ("", vec![service, ("GOOGLE_APPLICATION_CREDENTIALS", "none")], "unable to read none: no such file"),
        ("/versions/3", by_token.to_vec(), "keys that sign with RSA_SIGN_PSS_2048_SHA256 are not supported"),
        ("/versions/4", by_token.to_vec(), "it answers 404 Not Found: no GET"),
    ] {
        let error = seal(&format!("gcpkms://{NAME}{uri}"), folder.path(), &variables).await.unwrap_err();
        assert!(error.starts_with("gcpkms://projects/p") && error.contains(expected), "{error}");
    }
}

fn azure(request: &Request, pair: &EcdsaKeyPair, port: &str) -> Reply {
    if request.line == "POST /tenant/oauth2/v2.0/token" {
        let form = form(request);
        assert_eq!((&*form["client_id"], &*form["scope"]), ("me", "https://vault.azure.net/.default"));
        let secret = form.get("client_secret").or_else(|| form.get("client_assertion")).unwrap();
        return match secret.as_str() {
            "hunter2" | "a.b.c" => Reply::new(200, r#"{"access_token":"the-token"}"#),
            _ => Reply::new(401, r#"{"error":"invalid_client","error_description":"wrong secret"}"#),
        };
    }
    assert_eq!(request.headers["authorization"], "Bearer the-token");
    match request.line.as_str() {
        "GET /keys/k?api-version=7.4" => {
            let point = pair.public_key().as_ref();
            let key = json!({
                "kid": format!("http://127.0.0.1:{port}/keys/k/1"), "kty": "EC-HSM", "crv": "P-256",
                "x": URL_SAFE_NO_PAD.encode(&point[1..33]), "y": URL_SAFE_NO_PAD.encode(&point[33..]),
            });
            Reply::new(200, &json!({ "key": key }).to_string())
        }
        "POST /keys/k/1/sign?api-version=7.4" => {
            let body: Value = serde_json::from_str(&request.body).unwrap();
            assert_eq!(body, json!({ "alg": "ES256", "value": URL_SAFE_NO_PAD.encode(digest()) }));
            let signature = pair.sign(&SystemRandom::new(), &message()).unwrap();
            Reply::new(200, &json!({ "value": URL_SAFE_NO_PAD.encode(signature) }).to_string())
        }
        _ => Reply::new(404, r#"{"error":{"code":"KeyNotFound","message":"no such key"}}"#),
    }
}

#[tokio::test]
async fn azure_signs() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("federated"), "a.b.c\n").unwrap();
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let server =
        Server::start(move |request| azure(request, &pair, request.headers["host"].rsplit(':').next().unwrap()));
    let (url, host) = (server.url(), server.address.to_string());
    let who = [("AZURE_TENANT_ID", "tenant"), ("AZURE_CLIENT_ID", "me"), ("AZURE_AUTHORITY_HOST", url.as_str())];
    for proof in [("AZURE_CLIENT_SECRET", "hunter2"), ("AZURE_FEDERATED_TOKEN_FILE", "federated")] {
        seal(&format!("azurekms://{host}/k"), folder.path(), &[&who[..], &[proof]].concat()).await.unwrap();
    }
    for (key, variables, expected) in [
        ("k", vec![], "there are no credentials: set AZURE_TENANT_ID"),
        ("k", who.to_vec(), "there are no credentials: set AZURE_TENANT_ID"),
        ("k", [&who[..], &[("AZURE_CLIENT_SECRET", "x")]].concat(), "it answers 401 Unauthorized: wrong secret"),
        ("none", [&who[..], &[("AZURE_CLIENT_SECRET", "hunter2")]].concat(), "it answers 404 Not Found: no such key"),
    ] {
        let error = seal(&format!("azurekms://{host}/{key}"), folder.path(), &variables).await.unwrap_err();
        assert!(error.starts_with("azurekms://127.0.0.1") && error.contains(expected), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[test]
fn keys_of_every_kind_are_read() {
    let rsa = json!({ "kty": "RSA", "n": URL_SAFE_NO_PAD.encode([0x80; 256]), "e": "AQAB" });
    let key = PublicKey::from_der(jwk::public_key(&rsa).unwrap(), "k").unwrap();
    assert_eq!(key.scheme(), Scheme::Rsa);
    let p384 = json!({ "kty": "EC", "crv": "P-384", "x": "AQ", "y": "Ag" });
    let key = PublicKey::from_der(jwk::public_key(&p384).unwrap(), "k").unwrap();
    assert_eq!(key.scheme(), Scheme::EcdsaP384);
    for other in [json!({}), json!({ "kty": "oct" }), json!({ "kty": "EC", "crv": "P-256K", "x": "", "y": "" })] {
        assert_eq!(jwk::public_key(&other), None, "{other}");
    }
    // Numbers are as short as they can be, and never look negative.
    assert_eq!(jwk::signature(&[0, 1, 0x80, 2]).unwrap(), [0x30, 8, 2, 1, 1, 2, 3, 0, 0x80, 2]);
}
