//! CycloneDX documents.

use serde_json::{Value, json};

use super::scan::Inventory;

/// The document of what was found.
pub(super) fn document(inventory: &Inventory, version: &str, created: &str) -> Value {
    let files = inventory.files.iter().map(|file| {
        json!({
            "type": "file",
            "bom-ref": format!("file:{}", file.name),
            "name": file.name,
            "hashes": [
                { "alg": "SHA-1", "content": file.sha1 },
                { "alg": "SHA-256", "content": file.sha256 },
            ],
            "properties": [{ "name": "packer:file:size", "value": file.size.to_string() }],
        })
    });
    let packages = inventory.packages.iter().map(|package| {
        json!({
            "type": "library",
            "bom-ref": package.purl,
            "name": package.name,
            "version": package.version,
            "purl": package.purl,
        })
    });
    json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": format!("urn:uuid:{}", uuid::Uuid::new_v4()),
        "version": 1,
        "metadata": {
            "timestamp": created,
            "tools": { "components": [{ "type": "application", "name": "packer", "version": version }] },
            "component": { "type": "file", "bom-ref": "subject", "name": inventory.subject },
        },
        "components": packages.chain(files).collect::<Vec<_>>(),
    })
}
