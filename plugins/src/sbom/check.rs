//! Whether a file is a bill of materials that others can read.

use serde_json::Value;

use super::format::SbomFormat;

/// It is none.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("error validating SBOM file: invalid SBOM format{0}")]
pub struct NotAnSbom(String);

/// Which kind of document this is: SPDX or CycloneDX, in JSON.
///
/// # Errors
///
/// It is neither, and why.
pub fn check(document: &[u8]) -> Result<SbomFormat, NotAnSbom> {
    let because = |reason: &str| NotAnSbom(format!("\n{reason}"));
    let document: Value = serde_json::from_slice(document).map_err(|error| {
        because(&format!(
            "It is not JSON (line {}, column {}); other forms are not read.",
            error.line(),
            error.column()
        ))
    })?;
    let is = |name: &str| document.get(name).is_some();
    match (spdx(&document), cyclonedx(&document)) {
        (Ok(()), _) => Ok(SbomFormat::Spdx),
        (_, Ok(())) => Ok(SbomFormat::CycloneDx),
        (Err(reason), _) if is("spdxVersion") => Err(because(&format!("As an SPDX document it is wrong: {reason}."))),
        (_, Err(reason)) if is("bomFormat") => Err(because(&format!("As a CycloneDX document it is wrong: {reason}."))),
        _ => Err(because("It has neither spdxVersion, as SPDX documents have, nor bomFormat, as those of CycloneDX.")),
    }
}

fn spdx(document: &Value) -> Result<(), String> {
    let text = |name: &str| document.get(name).and_then(Value::as_str);
    let version = text("spdxVersion").ok_or("spdxVersion is not a text")?;
    if !["SPDX-2.1", "SPDX-2.2", "SPDX-2.3"].contains(&version) {
        return Err(format!("its version {version:?} is not one of SPDX-2.1, SPDX-2.2, SPDX-2.3"));
    }
    if text("SPDXID") != Some("SPDXRef-DOCUMENT") {
        return Err("SPDXID must be SPDXRef-DOCUMENT".to_owned());
    }
    each(document, "packages", &["name", "SPDXID"])?;
    each(document, "files", &["fileName", "SPDXID"])
}

fn cyclonedx(document: &Value) -> Result<(), String> {
    let text = |name: &str| document.get(name).and_then(Value::as_str);
    if text("bomFormat") != Some("CycloneDX") {
        return Err("bomFormat must be CycloneDX".to_owned());
    }
    let version = text("specVersion").ok_or("specVersion is not a text")?;
    let minor = version.strip_prefix("1.").and_then(|minor| minor.parse::<u32>().ok());
    // JSON came with 1.2.
    if !minor.is_some_and(|minor| (2..=7).contains(&minor)) {
        return Err(format!("its version {version:?} is not one from 1.2 to 1.7"));
    }
    each(document, "components", &["name", "type"])
}

/// Whether all members of a list, if there is one, have these texts.
fn each(document: &Value, list: &str, texts: &[&str]) -> Result<(), String> {
    let Some(found) = document.get(list).filter(|list| !list.is_null()) else { return Ok(()) };
    let members = found.as_array().ok_or_else(|| format!("{list} is not a list"))?;
    for (at, member) in members.iter().enumerate() {
        for text in texts {
            if member.get(text).and_then(Value::as_str).is_none_or(str::is_empty) {
                return Err(format!("number {at} of {list} has no {text}"));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sbom::{FileEntry, Inventory, Package};

    #[test]
    fn our_own_documents_are_valid_and_say_everything() {
        let inventory = Inventory {
            subject: "image".to_owned(),
            files: vec![FileEntry { name: "d/f".into(), size: 7, sha1: "11".into(), sha256: "22".into() }],
            packages: vec![Package { name: "p".into(), version: "1".into(), purl: "pkg:deb/p@1".into() }],
        };
        let started = jiff::Timestamp::from_second(1_700_000_000).unwrap();
        for format in [SbomFormat::CycloneDx, SbomFormat::Spdx] {
            let document = format.document(&inventory, "1.16.0", started).to_string();
            assert_eq!(check(document.as_bytes()), Ok(format));
            for word in ["image", "d/f", "\"11\"", "\"22\"", "7", "pkg:deb/p@1", "1.16.0", "2023-11-14T22:13:20Z"] {
                assert!(document.contains(word), "{word} in {document}");
            }
        }
    }

    #[test]
    fn others_are_checked() {
        let spdx = r#"{"spdxVersion":"SPDX-2.2","SPDXID":"SPDXRef-DOCUMENT","packages":[]}"#;
        assert_eq!(check(spdx.as_bytes()), Ok(SbomFormat::Spdx));
        let cyclonedx = r#"{"bomFormat":"CycloneDX","specVersion":"1.4","components":[{"type":"file","name":"f"}]}"#;
        assert_eq!(check(cyclonedx.as_bytes()), Ok(SbomFormat::CycloneDx));
        for (text, expected) in [
            ("", "It is not JSON (line 1, column 0)"),
            ("<bom/>", "It is not JSON"),
            ("[]", "It has neither spdxVersion"),
            ("{}", "It has neither spdxVersion"),
            (r#"{"spdxVersion":"SPDX-1.0"}"#, "its version \"SPDX-1.0\" is not one of"),
            (r#"{"spdxVersion":"SPDX-2.3"}"#, "SPDXID must be SPDXRef-DOCUMENT"),
            (
                r#"{"spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT","packages":[{"name":"x"}]}"#,
                "number 0 of packages has no SPDXID",
            ),
            (r#"{"spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT","files":{}}"#, "files is not a list"),
            (r#"{"bomFormat":"Other"}"#, "bomFormat must be CycloneDX"),
            (r#"{"bomFormat":"CycloneDX","specVersion":"1.1"}"#, "its version \"1.1\" is not one from"),
            (
                r#"{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"type":"file","name":""}]}"#,
                "number 0 of components has no name",
            ),
        ] {
            let error = check(text.as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with("error validating SBOM file: invalid SBOM format\n"), "{error}");
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
