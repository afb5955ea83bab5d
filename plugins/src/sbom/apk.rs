//! The database of Alpine's package manager.

use super::package::{Package, purl};

/// Where it is, and where it is going to be.
pub(super) const PATHS: [&str; 2] = ["lib/apk/db/installed", "usr/lib/apk/db/installed"];

/// The packages that are installed.
pub(super) fn packages(text: &str, distribution: &str) -> Vec<Package> {
    text.split("\n\n").filter_map(|paragraph| package(paragraph, distribution)).collect()
}

fn package(paragraph: &str, distribution: &str) -> Option<Package> {
    let field = |name: &str| paragraph.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let (name, version) = (field("P")?, field("V")?);
    let purl = purl("apk", distribution, name, version, field("A").unwrap_or_default());
    Some(Package { name: name.to_owned(), version: version.to_owned(), purl })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_installed() {
        let text = "C:Q1x=\nP:musl\nV:1.2.5-r0\nA:x86_64\nF:lib\nR:libc.musl-x86_64.so.1\n\nP:half\n\n";
        let expected = Package {
            name: "musl".to_owned(),
            version: "1.2.5-r0".to_owned(),
            purl: "pkg:apk/alpine/musl@1.2.5-r0?arch=x86_64".to_owned(),
        };
        assert_eq!(packages(text, "alpine"), [expected]);
    }
}
