//! How the tests start components of the plugin of `tests/plugin`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use plugins::external::leaving::Leaving;
use plugins::external::process::Launch;
use plugins::process::Fence;
use plugins::scrubber::Scrubber;

pub(crate) use crate::go_build::{Sdk, binary};

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
        secrets: Scrubber::new(),
        leaving: Leaving::default(),
    }
}
