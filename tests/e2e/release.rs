//! Releases of a plugin `a`, laid out as the servers have them.

use std::io::Write;

use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;

use crate::fake_plugin::suffix;
use crate::sandbox::Sandbox;

/// A release of `a` to be.
pub(crate) struct Release<'r> {
    pub(crate) version: &'r str,
    /// What its binary says its version is.
    pub(crate) reported: &'r str,
    /// The binary's name in the archive.
    pub(crate) member: String,
    /// The archive's name in the list of checksums.
    pub(crate) archive: String,
    /// The archive's checksum there, if it is not the right one.
    pub(crate) checksum: Option<String>,
    /// The version of the plugin interface in its description.
    pub(crate) api: &'r str,
    /// A remark in its binary, which makes it another one.
    pub(crate) remark: &'r str,
    /// Another member of the archive: its name and content.
    pub(crate) extra: Option<(String, String)>,
}

impl<'r> Release<'r> {
    pub(crate) fn new(version: &'r str) -> Self {
        let archive = format!("packer-plugin-a_{version}_{}.zip", suffix());
        let member = format!("packer-plugin-a_v{version}_x5.0_{}", suffix());
        Self { version, reported: version, member, archive, checksum: None, api: "5.0", remark: "", extra: None }
    }

    /// Puts it into the folder `place`, as HashiCorp's releases server has it.
    pub(crate) fn publish(&self, sandbox: &Sandbox, place: &str) {
        let Self { version, archive, .. } = self;
        let folder = format!("{place}/{version}");
        self.write(sandbox, &folder, archive, &format!("packer-plugin-a_{version}_SHA256SUMS"));
        let manifest = format!("{{\"version\":1,\"metadata\":{{\"protocol_version\":\"{}\"}}}}", self.api);
        sandbox.write(&format!("{folder}/packer-plugin-a_{version}_manifest.json"), manifest);
        let listed = names(sandbox, place).into_iter().filter(|name| name != "index.json");
        let listed: Vec<String> = listed.map(|name| format!("\"{name}\":{{}}")).collect();
        sandbox.write(&format!("{place}/index.json"), format!("{{\"versions\":{{{}}}}}", listed.join(",")));
    }

    /// Puts it into the folder `place`, as GitHub has the releases of the repository `owner`/packer-plugin-a.
    pub(crate) fn publish_on_github(&self, sandbox: &Sandbox, place: &str, owner: &str) {
        let version = self.version;
        let repository = format!("{place}/{owner}/packer-plugin-a");
        let archive = format!("packer-plugin-a_v{version}_x{}_{}.zip", self.api, suffix());
        let releases = format!("{repository}/releases/download");
        self.write(
            sandbox,
            &format!("{releases}/v{version}"),
            &archive,
            &format!("packer-plugin-a_v{version}_SHA256SUMS"),
        );
        let tags = names(sandbox, &releases).into_iter().map(|name| format!("{{\"ref\":\"refs/tags/{name}\"}}"));
        let tags = format!("[{{\"ref\":\"refs/tags/nightly\"}},{}]", tags.collect::<Vec<_>>().join(","));
        sandbox.write(&format!("{place}/repos/{owner}/packer-plugin-a/git/matching-refs/tags"), tags);
    }

    fn write(&self, sandbox: &Sandbox, folder: &str, archive: &str, checksums: &str) {
        let bytes = self.bytes();
        let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let checksum = self.checksum.as_ref().unwrap_or(&digest);
        let list = format!("0123  packer-plugin-a_{}_manifest.json\n{checksum}  {archive}\n", self.version);
        sandbox.write(&format!("{folder}/{checksums}"), list);
        sandbox.write(&format!("{folder}/{archive}"), bytes);
    }

    /// The binary.
    pub(crate) fn binary(&self) -> String {
        let answer = format!(r#"{{"version":"{}","api_version":"x5.0"}}"#, self.reported);
        format!("#!/bin/sh\n[ \"$*\" = describe ] && echo '{answer}'\n# {}\n", self.remark)
    }

    /// The archive.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        zip.start_file("LICENSE", SimpleFileOptions::default()).unwrap();
        zip.start_file(self.member.as_str(), SimpleFileOptions::default()).unwrap();
        zip.write_all(self.binary().as_bytes()).unwrap();
        if let Some((name, content)) = &self.extra {
            zip.start_file(name.as_str(), SimpleFileOptions::default()).unwrap();
            zip.write_all(content.as_bytes()).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }
}

fn names(sandbox: &Sandbox, folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(sandbox.path(folder)).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
