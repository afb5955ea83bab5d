//! Provisioners on a machine: that of a plugin, whose communicator is lent over the real protocol.

use std::os::unix::fs::PermissionsExt as _;

use crate::go_build::Sdk;
use crate::sandbox::Sandbox;
use crate::tester::{SOURCE, install, sandbox};

const TEMPLATE: &str = r#"
source "tester-machine" "m" {
  disk       = "disk"
  machine_id = "m-1"
}
build {
  sources = ["tester-machine.m"]
  provisioner "file" {
    sources     = ["tool"]
    destination = "./"
  }
  provisioner "file" {
    source      = "data"
    destination = "."
  }
  provisioner "file" {
    content     = "by ${build.ID}\n"
    destination = "note"
  }
  provisioner "shell" {
    remote_folder    = "."
    environment_vars = ["WHO=it's ${build.ID}"]
    inline           = ["./tool \"$WHO\" $PACKER_BUILDER_TYPE", "cat note data/f", "echo wrong >&2; printf 'no end'"]
  }
  provisioner "shell" {
    remote_folder    = "."
    script           = "dos.sh"
    use_env_var_file = true
    execute_command  = "sh -c '. {{.EnvVarFile}}; {{.Path}}; exit 7'"
    env              = { WHO = "nobody" }
    valid_exit_codes = [7]
  }
  provisioner "file" {
    direction   = "download"
    sources     = ["note", "tool"]
    destination = "back/"
  }
}
"#;

const LEGACY: &str = r#"{
  "variables": {"who": "somebody"},
  "builders": [{"type": "tester-machine", "disk": "disk", "machine_id": "m-1"}],
  "provisioners": [
    {"type": "file", "source": "tool", "destination": "tool"},
    {"type": "shell", "remote_folder": ".", "valid_exit_codes": [7, "8"], "skip_clean": "true", "remote_file": "s",
     "environment_vars": ["WHO={{user `who`}} {{build `ID`}}"],
     "execute_command": "{{.Vars}} sh {{.Path}}; exit 8",
     "inline": ["./tool \"$WHO\" $PACKER_BUILD_NAME"]}
  ]
}"#;

/// The names on the disk, sorted.
fn disk(sandbox: &Sandbox) -> Vec<String> {
    let entries = std::fs::read_dir(sandbox.path("disk")).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn fill(sandbox: &Sandbox) {
    sandbox.write("tool", "#!/bin/sh\necho tool: \"$@\"\n");
    std::fs::set_permissions(sandbox.path("tool"), std::fs::Permissions::from_mode(0o755)).unwrap();
    sandbox.write("data/f", "content of f\n");
    sandbox.write("dos.sh", "#!/bin/sh\r\necho WHO is $WHO\r\n");
}

#[test]
fn scripts_and_files_reach_the_machine_of_a_plugin_and_leave_nothing_there() {
    for sdk in [Sdk::New, Sdk::Old] {
        let sandbox = Sandbox::with_template(TEMPLATE);
        if !install(&sandbox, sdk, SOURCE) {
            return;
        }
        fill(&sandbox);
        let text = sandbox.run(&["build", "-color=false", "t.pkr.hcl"]).expect(0);
        for line in [
            "Uploading tool => ./",
            "Uploading data => .",
            "Uploading content => note",
            "Provisioning with shell script: inline script",
            "tool: it's m-1 tester-machine",
            "by m-1",
            "content of f",
            "wrong",
            "no end",
            "Provisioning with shell script: dos.sh",
            "WHO is nobody",
            "Downloading note => back/note",
            "Downloading tool => back/tool",
        ] {
            assert!(
                text.contains(&format!("==> tester-machine.m: {line}\n")),
                "{sdk:?}: {line:?} is missing in:\n{text}"
            );
        }
        assert_eq!(sandbox.read("back/note") + &sandbox.read("back/tool"), "by m-1\n#!/bin/sh\necho tool: \"$@\"\n");
        assert_eq!(disk(&sandbox), ["data", "note", "tool"], "{sdk:?}");
    }
}

#[test]
fn legacy_templates_have_scripts_as_well() {
    let sandbox = Sandbox::new();
    if !install(&sandbox, Sdk::New, SOURCE) {
        return;
    }
    fill(&sandbox);
    sandbox.write("t.json", LEGACY);
    let text = sandbox.run(&["build", "-color=false", "t.json"]).expect(0);
    assert!(text.contains("==> tester-machine: tool: somebody m-1 tester-machine\n"), "{text}");
    assert_eq!(disk(&sandbox), ["s", "tool"]);
}

#[test]
fn a_script_that_fails_fails_its_build() {
    for (script, expected) in [
        ("exit 3", "Script exited with non-zero exit status: 3. Allowed exit codes are: [0]"),
        ("kill -9 $$", "Script exited with non-zero exit status: "),
    ] {
        let template = format!(
            "source \"tester-machine\" \"m\" {{ disk = \"disk\" }}\nbuild {{\n  sources = [\"tester-machine.m\"]\n  \
             provisioner \"shell\" {{\n    remote_folder = \".\"\n    inline = [\"{script}\"]\n  }}\n  provisioner \"shell\" {{\n    \
             inline = [\"echo never\"]\n  }}\n}}\n"
        );
        let Some(sandbox) = sandbox(&template) else { return };
        let text = sandbox.run(&["build", "-color=false", "t.pkr.hcl"]).expect(1);
        assert!(text.contains(&format!("Build 'tester-machine.m' errored after [DURATION]: {expected}")), "{text}");
        assert!(!text.contains("never"), "{text}");
    }
}

#[test]
fn floods_of_output_pass_through() {
    let Some(sandbox) = sandbox(
        r#"
source "tester-machine" "m" { disk = "disk" }
build {
  sources = ["tester-machine.m"]
  provisioner "shell" {
    remote_folder = "."
    inline        = ["head -c 3000000 /dev/zero | tr '\\0' x", "echo; printf '\\377\\n'", "yes | head -n 20000", "echo last"]
  }
}
"#,
    ) else {
        return;
    };
    let text = sandbox.run(&["build", "-color=false", "t.pkr.hcl"]).expect(0);
    assert_eq!(text.matches('x').count(), 3_000_000);
    assert_eq!(text.matches("==> tester-machine.m: y\n").count(), 20_000);
    assert!(text.contains("==> tester-machine.m: \u{fffd}\n") && text.contains("==> tester-machine.m: last\n"));
}

#[test]
fn machines_that_fail_are_told_of() {
    let shell = "provisioner \"shell\" {\n    start_retry_timeout = \"1s\"\n    inline = [\"true\"]\n  }";
    let file = "provisioner \"file\" {\n    content = \"x\"\n    destination = \"x\"\n  }";
    let rows: [(&str, &str, &[&str]); 4] = [
        ("error:upload:no space left", shell, &["errored after [DURATION]: Error uploading script: no space left"]),
        ("error:command:no shell", shell, &["errored after [DURATION]: no shell"]),
        (
            "error:upload:no space left",
            file,
            &["==> tester-machine.m: Upload failed: no space left (", "errored after [DURATION]: no space left"],
        ),
        ("crash:command:5", shell, &["(tester v1.2.3, builder \"machine\")", "exit status 5"]),
    ];
    for (fault, provisioner, expected) in rows {
        let template = format!(
            "source \"tester-machine\" \"m\" {{\n  disk = \"disk\"\n  faults = [\"{fault}\"]\n}}\nbuild {{\n  sources = \
             [\"tester-machine.m\"]\n  {provisioner}\n}}\n"
        );
        let Some(sandbox) = sandbox(&template) else { return };
        let text = sandbox.run(&["build", "-color=false", "t.pkr.hcl"]).expect(1);
        for part in expected {
            assert!(text.contains(part), "{fault}: {part:?} is missing in:\n{text}");
        }
    }
}
