//! Installed packages, and how the databases of package managers are written.

/// A package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Names it the same way everywhere (`pkg:deb/debian/bash@5.2`).
    pub purl: String,
}

/// A package URL. `distribution` is the id of the operating system.
pub(super) fn purl(kind: &str, distribution: &str, name: &str, version: &str, architecture: &str) -> String {
    let namespace = if distribution.is_empty() { String::new() } else { format!("{}/", escaped(distribution)) };
    let arch = if architecture.is_empty() { String::new() } else { format!("?arch={}", escaped(architecture)) };
    format!("pkg:{kind}/{namespace}{}@{}{arch}", escaped(name), escaped(version))
}

/// Everything but what package URLs leave as it is.
fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_~:".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// The `ID` of an `os-release` file.
pub(super) fn distribution(os_release: &str) -> String {
    let line = os_release.lines().find_map(|line| line.trim().strip_prefix("ID="));
    line.unwrap_or_default().trim_matches(['"', '\'']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_packages() {
        assert_eq!(purl("deb", "debian", "g++", "1:2.0~rc", "amd64"), "pkg:deb/debian/g%2B%2B@1:2.0~rc?arch=amd64");
        assert_eq!(purl("apk", "", "musl", "1.2", ""), "pkg:apk/musl@1.2");
        assert_eq!(distribution("NAME=\"X\"\nID=\"alpine\"\nVERSION_ID=3"), "alpine");
        assert_eq!(distribution("ID_LIKE=debian\nID=ubuntu\n"), "ubuntu");
        assert_eq!(distribution(""), "");
    }
}
