//! What kind of machine it is, and where things go on it.

use engine::Cancel;

use crate::component::{BuildData, Communicator, ComponentError};
use crate::remote::command::capture;

/// What a machine says about itself is short.
const MAX_WORDS: usize = 4 * 1024;

/// A machine.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Guest {
    /// As releases are called: `linux`, `windows`, …
    pub(super) os: &'static str,
    /// As releases are called: `amd64`, …
    pub(super) arch: &'static str,
}

const SYSTEMS: [(&str, &str); 6] = [
    ("Linux", "linux"),
    ("Darwin", "darwin"),
    ("FreeBSD", "freebsd"),
    ("NetBSD", "netbsd"),
    ("OpenBSD", "openbsd"),
    ("SunOS", "solaris"),
];

const ARCHITECTURES: [(&str, &str); 14] = [
    ("x86_64", "amd64"),
    ("amd64", "amd64"),
    ("aarch64", "arm64"),
    ("arm64", "arm64"),
    ("armv6l", "arm"),
    ("armv7l", "arm"),
    ("armv8l", "arm"),
    ("i386", "386"),
    ("i486", "386"),
    ("i586", "386"),
    ("i686", "386"),
    ("x86", "386"),
    ("ppc64le", "ppc64le"),
    ("s390x", "s390x"),
];

impl Guest {
    /// Asks the machine.
    pub(super) async fn ask(
        machine: &dyn Communicator,
        data: &BuildData,
        cancel: &Cancel,
    ) -> Result<Self, ComponentError> {
        let is_windows = data.get("ConnType").and_then(|kind| kind.as_str()) == Some("winrm");
        let line = if is_windows { "echo %PROCESSOR_ARCHITECTURE%" } else { "uname -s -m" };
        let said = capture(machine, line, MAX_WORDS, cancel).await?;
        let out = String::from_utf8_lossy(&said.stdout).trim().to_owned();
        let failed = |why: String| ComponentError::new(format!("cannot tell what machine it is: `{line}` {why}"));
        if said.status != 0 {
            let err = String::from_utf8_lossy(&said.stderr).trim().to_owned();
            return Err(failed(format!("ended with status {}: {err}", said.status)));
        }
        let parsed = if is_windows { Self::of_windows(&out) } else { Self::of_uname(&out) };
        parsed.ok_or_else(|| failed(format!("says {out:?}, which packer is not released for")))
    }

    fn of_windows(architecture: &str) -> Option<Self> {
        Some(Self { os: "windows", arch: arch(&architecture.to_ascii_lowercase())? })
    }

    fn of_uname(words: &str) -> Option<Self> {
        let (os, machine) = words.split_once(char::is_whitespace)?;
        let os = SYSTEMS.iter().find(|(name, _)| *name == os)?.1;
        Some(Self { os, arch: arch(machine.trim())? })
    }

    /// As names of archives have it.
    pub(super) fn platform(&self) -> String {
        format!("{}_{}", self.os, self.arch)
    }

    /// Whether paths and commands are those of Windows.
    pub(super) fn is_windows(&self) -> bool {
        self.os == "windows"
    }
}

fn arch(machine: &str) -> Option<&'static str> {
    ARCHITECTURES.iter().find(|(name, _)| *name == machine).map(|(_, arch)| *arch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_are_known_by_their_words() {
        for (words, expected) in [
            ("Linux x86_64", Some(("linux", "amd64"))),
            ("Linux aarch64", Some(("linux", "arm64"))),
            ("Linux armv7l", Some(("linux", "arm"))),
            ("Darwin arm64", Some(("darwin", "arm64"))),
            ("FreeBSD amd64", Some(("freebsd", "amd64"))),
            ("Linux riscv64", None),
            ("Plan9 x86_64", None),
            ("", None),
        ] {
            let guest = Guest::of_uname(words);
            assert_eq!(guest.as_ref().map(|guest| (guest.os, guest.arch)), expected, "{words}");
        }
        assert_eq!(Guest::of_windows("AMD64").unwrap().platform(), "windows_amd64");
        assert_eq!(Guest::of_windows("x86").unwrap().platform(), "windows_386");
        assert_eq!(Guest::of_windows("MIPS"), None);
    }
}
