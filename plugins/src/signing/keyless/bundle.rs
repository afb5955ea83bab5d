//! Bundles: everything that it takes to believe a signature, in one file that Sigstore's own tools read.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::rekor::LogEntry;
use crate::signing::envelope::Envelope;
use crate::signing::hex;

const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// A bundle.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bundle {
    media_type: &'static str,
    verification_material: Material,
    dsse_envelope: BundledEnvelope,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Material {
    certificate: RawBytes,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tlog_entries: Vec<TlogEntry>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RawBytes {
    raw_bytes: String,
}

/// Numbers are texts: they may be larger than those of JSON.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TlogEntry {
    log_index: String,
    log_id: LogId,
    kind_version: KindVersion,
    integrated_time: String,
    inclusion_promise: Promise,
    #[serde(skip_serializing_if = "Option::is_none")]
    inclusion_proof: Option<Proof>,
    canonicalized_body: String,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LogId {
    key_id: String,
}

#[derive(Clone, Debug, Serialize)]
struct KindVersion {
    kind: &'static str,
    version: &'static str,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Promise {
    signed_entry_timestamp: String,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Proof {
    log_index: String,
    root_hash: String,
    tree_size: String,
    hashes: Vec<String>,
    checkpoint: Checkpoint,
}

#[derive(Clone, Debug, Serialize)]
struct Checkpoint {
    envelope: String,
}

/// Keys and certificates are elsewhere in a bundle.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct BundledEnvelope {
    payload: String,
    payload_type: String,
    signatures: Vec<BundledSignature>,
}

#[derive(Clone, Debug, Serialize)]
struct BundledSignature {
    sig: String,
}

impl Bundle {
    /// The bundle of an envelope that the key of `certificate` signed, and of what the log says, if it was asked.
    pub(super) fn new(envelope: &Envelope, certificate: &[u8], entry: Option<&LogEntry>) -> Self {
        let signatures = envelope.signatures.iter().map(|signature| BundledSignature { sig: signature.sig.clone() });
        Self {
            media_type: MEDIA_TYPE,
            verification_material: Material {
                certificate: RawBytes { raw_bytes: STANDARD.encode(certificate) },
                tlog_entries: entry.into_iter().map(tlog_entry).collect(),
            },
            dsse_envelope: BundledEnvelope {
                payload: envelope.payload.clone(),
                payload_type: envelope.payload_type.clone(),
                signatures: signatures.collect(),
            },
        }
    }
}

fn tlog_entry(entry: &LogEntry) -> TlogEntry {
    let base64_of = |digits: &String| STANDARD.encode(hex::bytes(digits).unwrap_or_default());
    let proof = entry.verification.inclusion_proof.as_ref().map(|proof| Proof {
        log_index: proof.log_index.to_string(),
        root_hash: base64_of(&proof.root_hash),
        tree_size: proof.tree_size.to_string(),
        hashes: proof.hashes.iter().map(base64_of).collect(),
        checkpoint: Checkpoint { envelope: proof.checkpoint.clone() },
    });
    TlogEntry {
        log_index: entry.log_index.to_string(),
        log_id: LogId { key_id: STANDARD.encode(entry.log_key()) },
        kind_version: KindVersion { kind: "dsse", version: "0.0.1" },
        integrated_time: entry.integrated_time.to_string(),
        inclusion_promise: Promise { signed_entry_timestamp: entry.verification.signed_entry_timestamp.clone() },
        inclusion_proof: proof,
        canonicalized_body: entry.body.clone(),
    }
}
