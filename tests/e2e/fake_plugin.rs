//! Shell scripts that stand for plugins.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::sandbox::Sandbox;

/// Where plugins are when nothing says otherwise, and how names of binaries end.
pub(crate) const PLUGINS: &str = ".config/packer/plugins";

pub(crate) fn suffix() -> &'static str {
    match (std::env::consts::OS, std::env::consts::ARCH) {
        ("macos", "aarch64") => "darwin_arm64",
        ("macos", _) => "darwin_amd64",
        (_, "aarch64") => "linux_arm64",
        _ => "linux_amd64",
    }
}

/// Writes a program that describes itself as a plugin of this version.
pub(crate) fn write_plugin(sandbox: &Sandbox, path: &str, version: &str) {
    let answer = format!(r#"{{"version":"{version}","sdk_version":"0.6.4","api_version":"x5.0","builders":["x"]}}"#);
    write_program(sandbox, path, &format!("[ \"$*\" = describe ] && echo '{answer}'\n"));
}

pub(crate) fn write_program(sandbox: &Sandbox, path: &str, script: &str) {
    sandbox.write(path, format!("#!/bin/sh\n{script}"));
    // Another test's child may hold the file open for writing until it executes; a copy made by another process is free.
    let (path, fresh) = (sandbox.path(path), sandbox.path("fresh copy"));
    #[expect(clippy::disallowed_methods, reason = "the test is the shell here")]
    let copied = std::process::Command::new("cp").arg(&path).arg(&fresh).status().unwrap();
    assert!(copied.success());
    fs::set_permissions(&fresh, fs::Permissions::from_mode(0o755)).unwrap();
    fs::rename(fresh, path).unwrap();
}

/// Where a plugin is when it is installed.
pub(crate) fn installed_path(source: &str, version: &str) -> String {
    let plugin = source.rsplit('/').next().unwrap();
    format!("[SANDBOX]/{PLUGINS}/{source}/packer-plugin-{plugin}_v{version}_x5.0_{}", suffix())
}
