//! What the files of a release are called, and what its lists say.

use std::collections::BTreeMap;

use planner::version::Version;
use serde::Deserialize;

use crate::discovery::file_name::ApiVersion;
use crate::discovery::target::Target;

/// The list of all versions.
#[derive(Debug, Deserialize)]
struct Index {
    versions: BTreeMap<String, serde::de::IgnoredAny>,
}

/// The description of a release.
#[derive(Debug, Deserialize)]
struct Manifest {
    metadata: Metadata,
}

#[derive(Debug, Deserialize)]
struct Metadata {
    protocol_version: String,
}

/// The versions in an `index.json`.
///
/// # Errors
///
/// It is none.
pub fn versions(index: &str) -> serde_json::Result<Vec<String>> {
    serde_json::from_str(index).map(|index: Index| index.versions.into_keys().collect())
}

/// The list of all versions.
pub const INDEX: &str = "index.json";

/// The version of the interface in the description of a release; `None` when it says none.
pub fn manifest_api(manifest: &str) -> Option<String> {
    let manifest: Manifest = serde_json::from_str(manifest).ok()?;
    Some(format!("x{}", manifest.metadata.protocol_version))
}

/// What the description of a release is called.
pub fn manifest_name(plugin: &str, version: &Version) -> String {
    format!("packer-plugin-{plugin}_{version}_manifest.json")
}

/// The archive for `target` in a list of checksums, and its checksum. Names may have the version of the interface in them,
/// as those of GitHub's releases do; it must be one that can be used.
pub fn archive(checksums: &str, plugin: &str, version: &Version, target: Target) -> Option<(String, String)> {
    let Target { os, arch } = target;
    let plain = format!("packer-plugin-{plugin}_{version}_{os}_{arch}.zip");
    let (before, after) = (format!("packer-plugin-{plugin}_v{version}_"), format!("_{os}_{arch}.zip"));
    let fits = |name: &str| {
        let api = name.strip_prefix(&before).and_then(|rest| ApiVersion::parse(rest.strip_suffix(&after)?));
        name == plain || api.is_some_and(ApiVersion::is_usable)
    };
    checksums.lines().find_map(|line| {
        let mut fields = line.split_whitespace();
        let (checksum, name) = (fields.next()?, fields.next()?);
        (fields.next().is_none() && fits(name)).then(|| (name.to_owned(), checksum.to_ascii_lowercase()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read() {
        assert_eq!(
            versions(r#"{"name":"x","versions":{"1.0.0":{"a":1},"2.0.0-dev":{}}}"#).unwrap(),
            ["1.0.0", "2.0.0-dev"]
        );
        assert!(versions("[]").is_err() && versions("<html>").is_err());
        let manifest = r#"{"version":1,"metadata":{"protocol_version":"5.0"}}"#;
        assert_eq!(manifest_api(manifest).as_deref(), Some("x5.0"));
        assert_eq!(manifest_api("{}"), None);
        let version = Version::parse("1.2.3").unwrap();
        let target = Target { os: "linux", arch: "amd64" };
        for (line, expected) in [
            ("ABC  packer-plugin-a_1.2.3_linux_amd64.zip", Some("abc")),
            ("abc packer-plugin-a_v1.2.3_x5.0_linux_amd64.zip", Some("abc")),
            ("abc packer-plugin-a_v1.2.3_x5.1_linux_amd64.zip", None),
            ("abc packer-plugin-a_v1.2.3_linux_amd64.zip", None),
            ("abc packer-plugin-a_1.2.3_linux_arm64.zip", None),
            ("abc packer-plugin-a_1.2.4_linux_amd64.zip", None),
            ("abc packer-plugin-a_1.2.3_linux_amd64.zip more", None),
            ("packer-plugin-a_1.2.3_linux_amd64.zip", None),
        ] {
            let list = format!("one\n\ndef  packer-plugin-a_1.2.3_manifest.json\n{line}");
            let found = archive(&list, "a", &version, target).map(|(_, checksum)| checksum);
            assert_eq!(found.as_deref(), expected, "{line}");
        }
    }
}
