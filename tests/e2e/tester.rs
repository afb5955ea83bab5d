//! Plugins that were built with Go, installed in a sandbox.

use std::path::Path;

use sha2::{Digest, Sha256};

use crate::fake_plugin::{PLUGINS, suffix};
use crate::go_build::{Sdk, binary};
use crate::sandbox::Sandbox;

/// Where the plugin comes from, as templates say.
pub(crate) const SOURCE: &str = "example.com/acme/tester";

/// Installs the plugin in version 1.2.3 under `source`, such as `example.com/acme/tester`, as any number of plugins may be
/// installed. `false` where there is no Go to build it with.
pub(crate) fn install(sandbox: &Sandbox, sdk: Sdk, source: &str) -> bool {
    let Some(built) = binary(sdk) else { return false };
    put(sandbox, built, source, "1.2.3");
    true
}

/// Puts a built plugin where `packer plugins install` does.
pub(crate) fn put(sandbox: &Sandbox, built: &Path, source: &str, version: &str) {
    let name = source.rsplit('/').next().unwrap();
    let path = format!("{PLUGINS}/{source}/packer-plugin-{name}_v{version}_x5.0_{}", suffix());
    let checksum = Sha256::digest(std::fs::read(built).unwrap());
    sandbox.write(&format!("{path}_SHA256SUM"), checksum.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    // The plugin tells its version by its name. A copy made by this process might still be open for writing in a child.
    if std::fs::hard_link(built, sandbox.path(&path)).is_err() {
        #[expect(clippy::disallowed_methods, reason = "the test is the shell here")]
        let copied = std::process::Command::new("cp").arg(built).arg(sandbox.path(&path)).status().unwrap();
        assert!(copied.success());
    }
}

/// A sandbox with the plugin in it, and a template that may use its components as `tester-…`.
pub(crate) fn sandbox(template: &str) -> Option<Sandbox> {
    let sandbox = Sandbox::with_template(template);
    install(&sandbox, Sdk::New, SOURCE).then_some(sandbox)
}
