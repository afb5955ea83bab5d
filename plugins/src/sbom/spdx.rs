//! SPDX documents.

use serde_json::{Value, json};

use super::scan::Inventory;

const SUBJECT: &str = "SPDXRef-Subject";

/// The document of what was found.
pub(super) fn document(inventory: &Inventory, version: &str, created: &str) -> Value {
    let subject = json!({
        "SPDXID": SUBJECT,
        "name": inventory.subject,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": false,
    });
    let packages = inventory.packages.iter().enumerate().map(|(at, package)| {
        json!({
            "SPDXID": format!("SPDXRef-Package-{at}"),
            "name": package.name,
            "versionInfo": package.version,
            "downloadLocation": "NOASSERTION",
            "filesAnalyzed": false,
            "externalRefs": [{
                "referenceCategory": "PACKAGE-MANAGER",
                "referenceType": "purl",
                "referenceLocator": package.purl,
            }],
        })
    });
    let files = inventory.files.iter().enumerate().map(|(at, file)| {
        json!({
            "SPDXID": format!("SPDXRef-File-{at}"),
            "fileName": format!("./{}", file.name),
            "checksums": [
                { "algorithm": "SHA1", "checksumValue": file.sha1 },
                { "algorithm": "SHA256", "checksumValue": file.sha256 },
            ],
            "comment": format!("{} bytes", file.size),
            "licenseConcluded": "NOASSERTION",
            "copyrightText": "NOASSERTION",
        })
    });
    let relation = |from: &str, kind: &str, to: String| json!({ "spdxElementId": from, "relationshipType": kind, "relatedSpdxElement": to });
    let describes = relation("SPDXRef-DOCUMENT", "DESCRIBES", SUBJECT.to_owned());
    let has_packages = (0..inventory.packages.len()).map(|at| format!("SPDXRef-Package-{at}"));
    let has_files = (0..inventory.files.len()).map(|at| format!("SPDXRef-File-{at}"));
    let contains = has_packages.chain(has_files).map(|id| relation(SUBJECT, "CONTAINS", id));
    let packages: Vec<Value> = std::iter::once(subject).chain(packages).collect();
    let relations: Vec<Value> = std::iter::once(describes).chain(contains).collect();
    json!({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": inventory.subject,
        "documentNamespace": format!("https://packer.io/spdx/{}", uuid::Uuid::new_v4()),
        "creationInfo": { "created": created, "creators": [format!("Tool: packer-{version}")] },
        "packages": packages,
        "files": files.collect::<Vec<_>>(),
        "relationships": relations,
    })
}
