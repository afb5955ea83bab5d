//! `packer version`, and what every command does: logs, output that cannot be written, surroundings that are gone.

use std::fs::File;

use crate::sandbox::Sandbox;

#[test]
fn version_is_printed_for_people() {
    for line in [&["version"][..], &["-v"], &["-version"], &["--version"], &["--version", "build", "."]] {
        let output = Sandbox::new().run(line);
        assert_eq!(output.stderr, "", "{line:?}");
        assert_eq!(output.expect(0), "Packer v1.16.0\n", "{line:?}");
    }
    assert!(Sandbox::new().run(&["version", "-h"]).expect(0).starts_with("Usage: packer version\n"));
}

#[test]
fn version_is_printed_for_programs() {
    let stdout = Sandbox::new().run(&["-machine-readable", "version"]).expect(0);
    let lines: Vec<&str> = stdout.lines().map(|line| line.split_once(',').unwrap().1).collect();
    assert_eq!(lines[0], ",version,1.16.0");
    assert_eq!(lines[1], ",version-prelease,");
    assert!(lines[2].starts_with(",version-commit,"), "{stdout}");
    assert_eq!(lines[3..], [",ui,say,Packer v1.16.0"]);
}

#[test]
fn the_log_goes_where_the_environment_says() {
    let mut sandbox = Sandbox::new();
    let output = sandbox.set("PACKER_LOG", "1").run(&["version"]);
    assert!(output.stderr.contains(" [INFO] Packer version: 1.16.0 ["), "{}", output.stderr);
    assert!(!output.stderr.contains("ui:"), "{}", output.stderr);

    let output = sandbox.set("PACKER_LOG_PATH", "packer.log").run(&["version"]);
    assert_eq!(output.stderr, "");
    let log = sandbox.read("packer.log");
    assert!(log.lines().any(|line| line.ends_with(" ui: Packer v1.16.0")), "{log}");

    let output = sandbox.set("PACKER_LOG_PATH", "no/such/folder/packer.log").run(&["version"]);
    assert!(output.stderr.starts_with("Couldn't setup log output: no/such/folder/packer.log: "), "{}", output.stderr);
    output.expect(1);
}

#[test]
fn a_full_disk_is_an_error_and_a_closed_pipe_is_not() {
    let sandbox = Sandbox::new();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = sandbox.finish(sandbox.command(&["version"]).stdout(full).spawn().unwrap());
    assert!(output.stderr.starts_with("Error writing output: "), "{}", output.stderr);
    output.expect(1);

    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = sandbox.finish(sandbox.command(&["version"]).stdout(writer).spawn().unwrap());
    assert_eq!(output.stderr, "");
    output.expect(0);
}

#[test]
fn a_deleted_working_directory_is_no_reason_to_panic() {
    let sandbox = Sandbox::new();
    sandbox.write("gone/x", "");
    let script = format!("rm -r ../gone && exec {} version", env!("CARGO_BIN_EXE_packer"));
    #[expect(clippy::disallowed_methods, reason = "the test is the shell here")]
    let child = std::process::Command::new("sh")
        .args(["-c", &script])
        .current_dir(sandbox.path("gone"))
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn();
    let output = sandbox.finish(child.unwrap());
    assert_eq!(output.stderr, "");
    assert_eq!(output.expect(0), "Packer v1.16.0\n");
}
