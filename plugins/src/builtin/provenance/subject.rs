//! What a statement is about: the artifact's files, or what the artifact is called where it lives.

use std::collections::BTreeMap;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::Cancel;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::statement::Byproduct;
use crate::component::{Artifact, ComponentError};
use crate::sbom::{Exclude, scan_files};

/// One thing that a statement is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Subject {
    pub(super) name: String,
    pub(super) digest: BTreeMap<&'static str, String>,
}

/// The SHA-256 of bytes, as statements have it.
pub(super) fn sha256(bytes: &[u8]) -> BTreeMap<&'static str, String> {
    digest(Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect())
}

fn digest(hex: String) -> BTreeMap<&'static str, String> {
    BTreeMap::from([("sha256", hex)])
}

/// The subjects of an artifact of these files.
pub(super) fn of_files(files: &[PathBuf], cancel: &Cancel) -> Result<Vec<Subject>, ComponentError> {
    let mut subjects = Vec::new();
    for file in files {
        // One at a time: two files of the same name in different folders are two subjects.
        let found = scan_files("", std::slice::from_ref(file), &Exclude::default(), cancel);
        let found = found.map_err(|error| super::write::failed(&error, cancel))?;
        subjects.extend(found.files.into_iter().map(|file| Subject { name: file.name, digest: digest(file.sha256) }));
    }
    Ok(subjects)
}

/// The subject of an artifact without files, and what its digest is made of.
pub(super) fn of_identity(artifact: &dyn Artifact) -> (Subject, Byproduct) {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Identity<'a> {
        builder_id: &'a str,
        id: &'a str,
    }
    let id = artifact.id();
    let identity = Identity { builder_id: artifact.builder_id(), id: &id };
    // Two texts always have a form in JSON.
    let text = serde_json::to_string(&identity).unwrap_or_default();
    let subject = Subject { name: format!("{}:{id}", artifact.builder_id()), digest: sha256(text.as_bytes()) };
    let byproduct = Byproduct {
        name: "cloud-artifact-identity".to_owned(),
        digest: subject.digest.clone(),
        media_type: "application/json",
        content: Some(STANDARD.encode(text)),
    };
    (subject, byproduct)
}
