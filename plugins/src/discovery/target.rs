//! The system that plugin binaries are made for, in the names that Go has for it.

/// An operating system and a processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// `linux`, `darwin`, …
    pub os: &'static str,
    /// `amd64`, `arm64`, …
    pub arch: &'static str,
}

impl Target {
    /// The one this program runs on.
    pub const CURRENT: Self = Self { os: go_os(std::env::consts::OS), arch: go_arch(std::env::consts::ARCH) };

    /// Both in one word: `linux_amd64`.
    pub fn platform(self) -> String {
        format!("{}_{}", self.os, self.arch)
    }

    /// How names of binaries end: `_linux_amd64`, with `.exe` on Windows.
    pub fn suffix(self) -> String {
        let extension = if self.os == "windows" { ".exe" } else { "" };
        format!("_{}_{}{extension}", self.os, self.arch)
    }
}

const fn go_os(name: &'static str) -> &'static str {
    match name.as_bytes() {
        b"macos" => "darwin",
        _ => name,
    }
}

const fn go_arch(name: &'static str) -> &'static str {
    match name.as_bytes() {
        b"x86_64" => "amd64",
        b"x86" => "386",
        b"aarch64" => "arm64",
        b"powerpc64" if cfg!(target_endian = "little") => "ppc64le",
        b"powerpc64" => "ppc64",
        b"loongarch64" => "loong64",
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_go() {
        for (os, arch, suffix) in [
            ("linux", "x86_64", "_linux_amd64"),
            ("macos", "aarch64", "_darwin_arm64"),
            ("windows", "x86", "_windows_386.exe"),
            ("freebsd", "arm", "_freebsd_arm"),
            ("linux", "s390x", "_linux_s390x"),
        ] {
            assert_eq!(Target { os: go_os(os), arch: go_arch(arch) }.suffix(), suffix, "{os} {arch}");
        }
    }
}
