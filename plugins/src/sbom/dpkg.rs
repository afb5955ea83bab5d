//! The database of dpkg, `var/lib/dpkg/status`.

use super::package::{Package, purl};

/// Where it is.
pub(super) const PATH: &str = "var/lib/dpkg/status";
/// Where images without a package manager have one file for each package.
pub(super) const FOLDER: &str = "var/lib/dpkg/status.d";

/// The packages that are installed.
pub(super) fn packages(text: &str, distribution: &str) -> Vec<Package> {
    text.split("\n\n").filter_map(|paragraph| package(paragraph, distribution)).collect()
}

fn package(paragraph: &str, distribution: &str) -> Option<Package> {
    // Lines that begin with a blank go on with the field before.
    let field =
        |name: &str| paragraph.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim);
    // Those of `status.d` say nothing about it.
    let is_installed = field("Status").is_none_or(|status| status.split_whitespace().nth(2) == Some("installed"));
    let (name, version) = (field("Package")?, field("Version")?);
    let purl = purl("deb", distribution, name, version, field("Architecture").unwrap_or_default());
    is_installed.then(|| Package { name: name.to_owned(), version: version.to_owned(), purl })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_installed() {
        let text = "Package: bash\nStatus: install ok installed\nVersion: 5.2-1\nArchitecture: amd64\n\
                    Description: a shell\n Package: not this\n\n\
                    Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n\n\
                    Package: tzdata\nVersion: 2024a\n\nnonsense\n\n";
        let found = packages(text, "debian");
        let names: Vec<_> = found.iter().map(|package| (&*package.name, &*package.version, &*package.purl)).collect();
        assert_eq!(
            names,
            [
                ("bash", "5.2-1", "pkg:deb/debian/bash@5.2-1?arch=amd64"),
                ("tzdata", "2024a", "pkg:deb/debian/tzdata@2024a"),
            ]
        );
    }
}
