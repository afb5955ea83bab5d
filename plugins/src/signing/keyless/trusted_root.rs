//! Whom to believe: the authorities and logs of a `trusted_root.json`, as Sigstore publishes it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::{CertificateDer, UnixTime};
use serde::Deserialize;
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, anchor_from_trusted_cert};

use super::rekor::LogEntry;
use crate::signing::fault::SigningError;
use crate::signing::public_key::PublicKey;

/// What certificates of code signers are for, as bytes of ASN.1: 1.3.6.1.5.5.7.3.3.
const CODE_SIGNING: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x03];

/// Authorities and logs.
#[derive(Debug)]
pub struct TrustedRoot {
    /// Each from the one that signs to the one that nobody signed.
    chains: Vec<Vec<CertificateDer<'static>>>,
    /// The name and key of each log.
    logs: Vec<(Vec<u8>, PublicKey)>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Document {
    certificate_authorities: Vec<Authority>,
    tlogs: Vec<Log>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Authority {
    cert_chain: Chain,
}

#[derive(Deserialize)]
struct Chain {
    certificates: Vec<Raw>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    raw_bytes: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Log {
    public_key: Raw,
    log_id: LogId,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LogId {
    key_id: String,
}

impl TrustedRoot {
    /// Reads the text of the file `path`.
    ///
    /// # Errors
    ///
    /// It is not such a file, or names no authority.
    pub fn parse(text: &[u8], path: &str) -> Result<Self, SigningError> {
        let unusable = |reason: String| SigningError::TrustedRoot { path: path.to_owned(), reason };
        let document: Document = serde_json::from_slice(text).map_err(|error| unusable(error.to_string()))?;
        let bytes =
            |text: &str| STANDARD.decode(text).map_err(|_| unusable("it has bytes that are not base 64".to_owned()));
        let mut chains = Vec::new();
        for authority in &document.certificate_authorities {
            let certificates = authority.cert_chain.certificates.iter();
            let chain: Result<Vec<_>, _> =
                certificates.map(|raw| bytes(&raw.raw_bytes).map(CertificateDer::from)).collect();
            chains.extend(Some(chain?).filter(|chain| !chain.is_empty()));
        }
        if chains.is_empty() {
            return Err(unusable("it names no certificate authority".to_owned()));
        }
        let mut logs = Vec::new();
        for log in &document.tlogs {
            // Logs come and go; one with a key of a kind that we do not know is one that we cannot believe.
            if let Ok(key) = PublicKey::from_der(bytes(&log.public_key.raw_bytes)?, path) {
                logs.push((bytes(&log.log_id.key_id)?, key));
            }
        }
        Ok(Self { chains, logs })
    }

    /// Says why a certificate is not to be believed now.
    pub(super) fn check_certificate(&self, leaf: &CertificateDer<'_>) -> Result<(), String> {
        let leaf = EndEntityCert::try_from(leaf).map_err(|error| format!("{error:?}"))?;
        let mut last = "there is no authority".to_owned();
        for chain in &self.chains {
            let Some((root, intermediates)) = chain.split_last() else { continue };
            let anchor = anchor_from_trusted_cert(root).map_err(|error| format!("{error:?}"))?;
            let usage = KeyUsage::required(CODE_SIGNING);
            let now = UnixTime::now();
            let anchors = [anchor];
            match leaf.verify_for_usage(ALL_VERIFICATION_ALGS, &anchors, intermediates, now, usage, None, None) {
                Ok(_) => return Ok(()),
                Err(error) => last = format!("{error:?}"),
            }
        }
        Err(format!("no authority of the trusted root vouches for it ({last})"))
    }

    /// Says why what a log promised is not to be believed.
    pub(super) fn check_entry(&self, entry: &LogEntry) -> Result<(), String> {
        let id = entry.log_key();
        let key = self.logs.iter().find(|(log, _)| *log == id).map(|(_, key)| key);
        let key = key.ok_or_else(|| format!("the log {} is not in the trusted root", entry.log_id))?;
        let signature = STANDARD.decode(&entry.verification.signed_entry_timestamp).unwrap_or_default();
        if key.verifies(&entry.promised(), &signature) {
            Ok(())
        } else {
            Err("the log did not sign its promise".to_owned())
        }
    }
}
