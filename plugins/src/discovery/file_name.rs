//! The names of plugin binaries: `packer-plugin-NAME_vVERSION_xAPI_OS_ARCH`.

use crate::discovery::target::Target;

const PREFIX: &str = "packer-plugin-";

/// The parts of a name, as they are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileName<'n> {
    /// What the plugin is called: `amazon`.
    pub plugin: &'n str,
    /// `v1.2.3`, or whatever stands there.
    pub version: &'n str,
    /// `x5.0`, or whatever stands there; empty when nothing does.
    pub api: &'n str,
}

impl<'n> FileName<'n> {
    /// Takes a name apart; `None` when it is none of a plugin for `target`.
    pub fn parse(name: &'n str, target: Target) -> Option<Self> {
        let parts = name.strip_prefix(PREFIX)?.strip_suffix(target.suffix().as_str())?;
        let (plugin, rest) = parts.split_once('_').unwrap_or((parts, ""));
        let mut rest = rest.split('_');
        let (version, api) = (rest.next().unwrap_or_default(), rest.next().unwrap_or_default());
        (!plugin.is_empty()).then_some(Self { plugin, version, api })
    }

    /// The parts put together.
    pub fn render(&self, target: Target) -> String {
        format!("{PREFIX}{}_{}_{}{}", self.plugin, self.version, self.api, target.suffix())
    }
}

/// The version of the interface between the program and its plugins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ApiVersion {
    /// Another one cannot be talked to.
    pub major: u32,
    /// A later one needs a later program.
    pub minor: u32,
}

impl ApiVersion {
    /// The one spoken here.
    pub const OURS: Self = Self { major: 5, minor: 0 };

    /// Reads `x5.0`.
    pub fn parse(text: &str) -> Option<Self> {
        let (major, minor) = text.strip_prefix('x')?.split_once('.')?;
        let number = |digits: &str| {
            let plain = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
            digits.parse().ok().filter(|_| plain)
        };
        Some(Self { major: number(major)?, minor: number(minor)? })
    }

    /// Whether plugins with this version can be used.
    pub fn is_usable(self) -> bool {
        self.major == Self::OURS.major && self <= Self::OURS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINUX: Target = Target { os: "linux", arch: "amd64" };

    #[test]
    fn names_are_taken_apart_and_put_together() {
        for (name, expected) in [
            ("packer-plugin-amazon_v1.2.3_x5.0_linux_amd64", Some(("amazon", "v1.2.3", "x5.0"))),
            ("packer-plugin-a-b_v1.2.3-dev_x5.1_linux_amd64", Some(("a-b", "v1.2.3-dev", "x5.1"))),
            ("packer-plugin-größe_v1_x5.0_linux_amd64", Some(("größe", "v1", "x5.0"))),
            ("packer-plugin-a_v1.2.3_linux_amd64", Some(("a", "v1.2.3", ""))),
            ("packer-plugin-a_linux_amd64", Some(("a", "", ""))),
            ("packer-plugin-_v1.2.3_x5.0_linux_amd64", None),
            ("packer-plugin-a_v1.2.3_x5.0_linux_arm64", None),
            ("packer-plugin-a_v1.2.3_x5.0_linux_amd64.exe", None),
            ("packer-plugin-a_v1.2.3_x5.0_linux_amd64_SHA256SUM", None),
            ("packer-builder-a_v1.2.3_x5.0_linux_amd64", None),
        ] {
            let parsed = FileName::parse(name, LINUX);
            let expected = expected.map(|(plugin, version, api)| FileName { plugin, version, api });
            assert_eq!(parsed, expected, "{name}");
            if let Some(parsed) = parsed.filter(|parsed| !parsed.api.is_empty()) {
                assert_eq!(parsed.render(LINUX), name);
            }
        }
    }

    #[test]
    fn interface_versions() {
        for (text, usable) in [
            ("x5.0", Some(true)),
            ("x5.1", Some(false)),
            ("x4.0", Some(false)),
            ("x6.0", Some(false)),
            ("5.0", None),
            ("x5", None),
            ("x5.0.0", None),
            ("x+5.0", None),
            ("x5.", None),
            ("x../..", None),
        ] {
            assert_eq!(ApiVersion::parse(text).map(ApiVersion::is_usable), usable, "{text}");
        }
    }
}
