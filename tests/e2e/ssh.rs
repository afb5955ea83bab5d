//! Builds of machines reached over SSH, from the template to the machine: an OpenSSH server on loopback.

use crate::go_build::Sdk;
use crate::sandbox::Sandbox;
use crate::sshd::{Sshd, USER, sshd};
use crate::tester::{SOURCE, install};

/// A template whose machine is the server, reached with its key, unless `options` has other credentials.
pub(crate) fn template(machine: &Sshd, options: &str, steps: &str) -> String {
    let key = if ["ssh_password", "ssh_agent_auth", "ssh_private_key_file"].iter().any(|name| options.contains(name)) {
        String::new()
    } else {
        format!("ssh_private_key_file = \"{}\"", machine.key().display())
    };
    let port = if options.contains("ssh_port") { String::new() } else { format!("ssh_port = {}", machine.port) };
    let user = if options.contains("ssh_username") { String::new() } else { format!("ssh_username = \"{USER}\"") };
    format!(
        "source \"null\" \"m\" {{\n  ssh_host = \"127.0.0.1\"\n  {port}\n  {user}\n  {key}\n  {options}\n}}\nbuild {{\n  \
         sources = [\"null.m\"]\n{steps}\n}}\n"
    )
}

/// A provisioner that runs these lines on the machine.
pub(crate) fn shell(lines: &[&str]) -> String {
    format!("  provisioner \"shell\" {{ inline = {lines:?} }}\n")
}

#[test]
fn files_and_scripts_reach_the_machine_and_come_back() {
    let Some(machine) = sshd("") else { return };
    let sandbox = Sandbox::new();
    sandbox.write("tree/sub/f", "in a folder");
    sandbox.write("dos.sh", "#!/bin/sh\r\necho from dos\r\n");
    let steps = r#"
  provisioner "file" {
    content     = "by ${build.User} on ${build.Host}"
    destination = "note"
  }
  provisioner "file" {
    source      = "tree"
    destination = "."
  }
  provisioner "shell" {
    remote_folder = "."
    env    = { A = "it's" }
    inline = ["cat note tree/sub/f; echo", "echo $A $PACKER_BUILD_NAME $PACKER_BUILDER_TYPE", "echo wrong >&2"]
  }
  provisioner "shell" { script = "dos.sh" }
  provisioner "shell" {
    inline           = ["exit 7"]
    valid_exit_codes = [7]
  }
  provisioner "file" {
    direction   = "download"
    source      = "note"
    destination = "back"
  }
"#;
    for method in ["scp", "sftp"] {
        let options = format!("ssh_file_transfer_method = \"{method}\"");
        sandbox.write("t.pkr.hcl", template(&machine, &options, steps));
        let output = sandbox.run(&["build", "-color=false", "t.pkr.hcl"]).expect(0);
        for line in [
            "==> null.m: Using SSH communicator to connect: 127.0.0.1\n",
            "==> null.m: Connected to SSH!\n",
            "==> null.m: by machine on 127.0.0.1in a folder\n",
            "==> null.m: it's m null\n",
            "==> null.m: wrong\n",
            "==> null.m: from dos\n",
        ] {
            assert!(output.contains(line), "{method}: {line}{output}");
        }
        assert_eq!(sandbox.read("back"), "by machine on 127.0.0.1");
        let left = std::fs::read_dir(machine.home()).unwrap();
        let scripts = left.filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with("script_"));
        assert_eq!(scripts.count(), 0, "scripts are removed");
    }
}

#[test]
fn legacy_templates_reach_machines_as_well() {
    let Some(machine) = sshd("") else { return };
    let sandbox = Sandbox::new();
    let text = format!(
        r#"{{
  "variables": {{"password": "{}"}},
  "sensitive-variables": ["password"],
  "builders": [{{"type": "null", "ssh_host": "127.0.0.1", "ssh_port": "{}", "ssh_username": "{USER}",
                "ssh_password": "{{{{user `password`}}}}"}}],
  "provisioners": [{{"type": "shell", "inline": ["echo on {{{{build `Host`}}}}:{{{{build `Port`}}}}"]}}]
}}"#,
        crate::sshd::PASSWORD,
        machine.port
    );
    sandbox.write("t.json", text);
    let output = sandbox.run(&["build", "-color=false", "t.json"]).expect(0);
    assert!(output.contains(&format!("==> null: on 127.0.0.1:{}\n", machine.port)), "{output}");
}

#[test]
fn passwords_and_keys_are_never_shown() {
    let Some(machine) = sshd("") else { return };
    let mut sandbox = Sandbox::new();
    let options = format!("ssh_password = \"{}\"\n  temporary_key_pair_type = \"ed25519\"", crate::sshd::PASSWORD);
    let steps = shell(&["echo 'password: ${build.Password}'", "printf '%s\\n' '${build.SSHPrivateKey}'", "exit 1"]);
    sandbox.write("t.pkr.hcl", template(&machine, &options, &steps));
    sandbox.set("PACKER_LOG", "1").set("PACKER_LOG_PATH", "log");
    for args in [&["build", "-color=false", "t.pkr.hcl"][..], &["build", "-machine-readable", "t.pkr.hcl"]] {
        let output = sandbox.run(args);
        let everything = format!("{}{}{}", output.stdout, output.stderr, sandbox.read("log"));
        assert!(output.stdout.contains("password: <sensitive>"), "{}", output.stdout);
        for secret in [crate::sshd::PASSWORD, "OPENSSH PRIVATE KEY"] {
            assert!(!everything.contains(secret), "{secret}: {everything}");
        }
    }
}

/// The error-cleanup provisioner still reaches the machine, and `-on-error` decides whether it does.
#[test]
fn a_failed_build_is_cleaned_up_after_on_the_machine() {
    let Some(machine) = sshd("") else { return };
    let sandbox = Sandbox::new();
    let steps = shell(&["touch here", "exit 3"])
        + "  error-cleanup-provisioner \"shell\" { inline = [\"echo cleaned; touch cleaned\"] }\n";
    sandbox.write("t.pkr.hcl", template(&machine, "", &steps));
    let failed = "Script exited with non-zero exit status: 3. Allowed exit codes are: [0]";
    for (on_error, cleaned) in [("cleanup", true), ("abort", false), ("run-cleanup-provisioner", true), ("ask", true)] {
        let marker = machine.home().join("cleaned");
        let _ = std::fs::remove_file(&marker);
        let output = sandbox.run(&["build", "-color=false", &format!("-on-error={on_error}"), "t.pkr.hcl"]).expect(1);
        assert!(output.contains(failed), "{on_error}: {output}");
        assert_eq!(marker.exists(), cleaned, "{on_error}: {output}");
    }
}

#[test]
fn debug_pauses_between_steps_and_keeps_the_key() {
    use expectrl::Expect;
    let Some(machine) = sshd("") else { return };
    let sandbox = Sandbox::new();
    let options = format!("ssh_password = \"{}\"\n  temporary_key_pair_type = \"ed25519\"", crate::sshd::PASSWORD);
    sandbox.write("t.pkr.hcl", template(&machine, &options, &shell(&["echo here"])));
    let mut session = crate::terminal::on_terminal(&sandbox, &["build", "-color=false", "-debug", "t.pkr.hcl"]);
    for pause in [
        "Pausing after run of step 'StepSSHKeyGen'. Press enter to continue.",
        "Pausing after run of step 'StepConnect'. Press enter to continue.",
        "Pausing before the next provisioner . Press enter to continue.",
        "Pausing after run of step 'StepProvision'. Press enter to continue.",
        "Pausing after run of step 'StepCleanupTempKeys'. Press enter to continue.",
        "Pausing before cleanup of step 'StepCleanupTempKeys'. Press enter to continue.",
        "Pausing before cleanup of step 'StepProvision'. Press enter to continue.",
        "Pausing before cleanup of step 'StepConnect'. Press enter to continue.",
        "Pausing before cleanup of step 'StepSSHKeyGen'. Press enter to continue.",
    ] {
        session.expect(pause).unwrap();
        session.send_line("").unwrap();
    }
    session.expect("==> Builds finished.").unwrap();
    session.expect(expectrl::Eof).unwrap();
    assert!(sandbox.read("null_m.pem").starts_with("-----BEGIN OPENSSH PRIVATE KEY-----"));
}

/// A plugin's provisioner works on a machine that we lend it over SSH.
#[test]
fn provisioners_of_plugins_reach_the_machine() {
    let Some(machine) = sshd("") else { return };
    for sdk in [Sdk::New, Sdk::Old] {
        let sandbox = Sandbox::new();
        if !install(&sandbox, sdk, SOURCE) {
            return;
        }
        sandbox.write("tree/a", "1");
        let tool = r#"
  provisioner "tester-tool" {
    upload {
      content     = "sent"
      destination = "got"
    }
    upload_dir {
      source      = "tree"
      destination = "."
    }
    run   = ["cat got tree/a; cat; echo wrong >&2; echo {{ .Host }}"]
    stdin = "read\n"
    download {
      source      = "got"
      destination = "back"
    }
    download_dir {
      source      = "tree"
      destination = "folder"
    }
  }
"#;
        sandbox.write("t.pkr.hcl", template(&machine, "", tool));
        let output = sandbox.run(&["build", "-color=false", "t.pkr.hcl"]).expect(0);
        for said in ["null.m: sent1read\n", "null.m: wrong\n", "null.m: 127.0.0.1\n"] {
            assert!(output.contains(said), "{sdk:?} {said}: {output}");
        }
        assert_eq!((sandbox.read("back"), sandbox.read("folder/tree/a")), ("sent".to_owned(), "1".to_owned()));
    }
}
