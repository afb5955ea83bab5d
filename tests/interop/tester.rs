//! The plugin of `tests/plugin`, built once for all tests.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use plugins::external::process::Launch;
use plugins::process::Fence;

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

/// The binary; none where there is no Go.
pub(crate) fn binary(sdk: Sdk) -> Option<&'static Path> {
    static NEW: OnceLock<Option<PathBuf>> = OnceLock::new();
    static OLD: OnceLock<Option<PathBuf>> = OnceLock::new();
    let slot = match sdk {
        Sdk::New => &NEW,
        Sdk::Old => &OLD,
    };
    slot.get_or_init(|| build(sdk)).as_deref()
}

#[expect(clippy::disallowed_methods, clippy::print_stdout, reason = "the test builds the plugin, or says why not")]
fn build(sdk: Sdk) -> Option<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/plugin");
    let binary = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{sdk:?}/packer-plugin-tester"));
    let mut go = Command::new("go");
    go.args(["build", "-ldflags", "-s -w", "-modfile", sdk.modfile(), "-o"]).arg(&binary).arg(".").current_dir(source);
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

/// What starts component `name` of the plugin, with `faults` in its environment.
pub(crate) fn launch(binary: &Path, kind: &str, name: &str, faults: &str) -> Launch {
    let variables = ["PATH", "HOME", "TMPDIR"].map(|name| (name, std::env::var_os(name)));
    let text = |(name, value): (&str, Option<std::ffi::OsString>)| Some((name.to_owned(), value?.into_string().ok()?));
    let mut environment: BTreeMap<String, String> = variables.into_iter().filter_map(text).collect();
    environment.insert("TESTER_FAULTS".to_owned(), faults.to_owned());
    Launch {
        name: "github.com/acme/tester".to_owned(),
        version: "1.2.3".to_owned(),
        binary: binary.to_owned(),
        args: ["start", kind, "--protobuf", name].map(str::to_owned).to_vec(),
        working_dir: Arc::new(std::env::temp_dir()),
        environment: Arc::new(environment),
        ports: (10_000, 25_000),
        patience: Duration::from_secs(60),
        memory_limit: None,
        fence: Fence::default(),
    }
}
