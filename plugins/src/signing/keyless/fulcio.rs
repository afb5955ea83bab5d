//! Fulcio: a certificate authority that vouches for whoever an identity token is about.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde_json::{Value, json};

use super::token::IdentityToken;
use crate::signing::fault::SigningError;
use crate::signing::private_key::PrivateKey;
use crate::signing::service::JsonService;

/// What it is, for messages.
pub(super) const WHAT: &str = "the certificate authority";

/// The certificate for `key`, and those above it.
pub(super) async fn certify(
    service: &JsonService,
    base: &Url,
    token: &IdentityToken,
    key: &PrivateKey,
) -> Result<Vec<CertificateDer<'static>>, SigningError> {
    let url = super::sign::below(base, "api/v2/signingCert");
    let proof = key.sign(token.subject.as_bytes())?;
    let body = json!({
        "credentials": { "oidcIdentityToken": token.text },
        "publicKeyRequest": {
            "publicKey": { "algorithm": "ECDSA", "content": key.public().to_pem() },
            "proofOfPossession": STANDARD.encode(proof),
        },
    });
    let answer = service.post(WHAT, &url, &body).await?;
    let failed =
        |reason: &str| SigningError::Service { service: format!("{WHAT} at {base}"), reason: reason.to_owned() };
    let chain = chain_in(&answer).ok_or_else(|| failed("its answer has no certificates"))?;
    let parsed: Result<Vec<_>, _> = chain.iter().map(|pem| CertificateDer::from_pem_slice(pem.as_bytes())).collect();
    let certificates = parsed.map_err(|_| failed("its answer has certificates that are none"))?;
    if certificates.is_empty() { Err(failed("its answer has no certificates")) } else { Ok(certificates) }
}

/// The promise of a log to list the certificate is in it, or beside it.
fn chain_in(answer: &Value) -> Option<Vec<&str>> {
    let forms = ["signedCertificateEmbeddedSct", "signedCertificateDetachedSct"];
    let form = forms.iter().find_map(|form| answer.get(form))?;
    let certificates = form.get("chain")?.get("certificates")?.as_array()?;
    certificates.iter().map(Value::as_str).collect()
}
