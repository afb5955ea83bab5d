//! What the files of a release are called, and what its lists say.

use std::collections::BTreeMap;

use planner::version::Version;
use serde::Deserialize;

use crate::discovery::file_name::ApiVersion;

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

/// An archive of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archive {
    /// What it is called.
    pub name: String,
    /// Its checksum.
    pub digest: String,
}

/// The archives in a list of checksums, by platform. Names may have the version of the interface in them, as those of
/// GitHub's releases do; it must be one that can be used.
pub fn archives(checksums: &str, plugin: &str, version: &Version) -> BTreeMap<String, Archive> {
    let (plain, prefixed) =
        (format!("packer-plugin-{plugin}_{version}_"), format!("packer-plugin-{plugin}_v{version}_"));
    let platform = |name: &str| {
        let with_api = || {
            let (api, rest) = name.strip_prefix(&prefixed)?.split_once('_')?;
            ApiVersion::parse(api).filter(|api| api.is_usable()).and(Some(rest))
        };
        let rest = name.strip_prefix(&plain).or_else(with_api)?;
        let (os, arch) = rest.strip_suffix(".zip")?.split_once('_')?;
        (!os.is_empty() && !arch.is_empty() && !arch.contains('_')).then(|| format!("{os}_{arch}"))
    };
    let mut found = BTreeMap::new();
    for line in checksums.lines() {
        if let [digest, name] = line.split_whitespace().collect::<Vec<_>>().as_slice()
            && let Some(platform) = platform(name)
        {
            let archive = Archive { name: (*name).to_owned(), digest: digest.to_ascii_lowercase() };
            found.entry(platform).or_insert(archive);
        }
    }
    found
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
            let found = archives(&list, "a", &version);
            let found = found.get("linux_amd64").map(|archive| archive.digest.as_str());
            assert_eq!(found, expected, "{line}");
        }
    }
}
