//! Plugins that are built with Go: that of `tests/plugin`, once for all tests of a binary, and others.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Which SDK the plugin is built on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sdk {
    /// Speaks protobuf and gob.
    New,
    /// Speaks gob.
    Old,
}

impl Sdk {
    fn modfile(self) -> &'static str {
        match self {
            Self::New => "go.mod",
            Self::Old => "old.mod",
        }
    }
}

/// The binary of `tests/plugin`; none where there is no Go.
pub(crate) fn binary(sdk: Sdk) -> Option<&'static Path> {
    static NEW: OnceLock<Option<PathBuf>> = OnceLock::new();
    static OLD: OnceLock<Option<PathBuf>> = OnceLock::new();
    let slot = match sdk {
        Sdk::New => &NEW,
        Sdk::Old => &OLD,
    };
    slot.get_or_init(|| build(sdk, "", ".", "packer-plugin-tester", "-s -w")).as_deref()
}

/// Builds a package of the module in a folder of `tests/plugin` as a program of that name; none where there is no Go.
#[expect(clippy::disallowed_methods, clippy::print_stdout, reason = "the test builds the plugin, or says why not")]
pub(crate) fn build(sdk: Sdk, folder: &str, package: &str, name: &str, link: &str) -> Option<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/plugin").join(folder);
    let binary = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{sdk:?}/{name}"));
    let mut go = Command::new("go");
    go.args(["build", "-ldflags", link, "-modfile", sdk.modfile(), "-o"]).arg(&binary).arg(package).current_dir(source);
    match go.output() {
        Ok(output) => {
            assert!(output.status.success(), "go build: {}", String::from_utf8_lossy(&output.stderr));
            Some(binary)
        }
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "go is required under CI: {error}");
            println!("skipped: go cannot be run ({error})");
            None
        }
    }
}
