//! `.packer.lock.hcl`: what `init` writes, and what is held to it.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use sha2::{Digest, Sha256};

use crate::fake_plugin::{PLUGINS, installed_path, suffix, write_plugin};
use crate::release::Release;
use crate::sandbox::Sandbox;

const A: &str = "github.com/hashicorp/a";
const SHARED: &str = "mirror/packer-plugin-a";
const LOCK: &str = ".packer.lock.hcl";

/// A template that requires these plugins called `a`, with versions of each.
fn template(sources: &[(&str, &str)]) -> String {
    let entries = sources.iter().enumerate().map(|(n, (source, versions))| {
        format!("    a{n} = {{\n      version = \"{versions}\"\n      source  = \"{source}\"\n    }}\n")
    });
    format!("packer {{\n  required_plugins {{\n{}  }}\n}}\n", entries.collect::<String>())
}

/// A sandbox with such a template and a mirror with these releases of `a`.
fn mirrored(versions: &str, releases: &[&str]) -> Sandbox {
    let mut sandbox = Sandbox::with_template(&template(&[(A, versions)]));
    releases.iter().for_each(|version| Release::new(version).publish(&sandbox, SHARED));
    sandbox.set("PACKER_PLUGIN_MIRROR", "mirror");
    sandbox
}

fn installed(sandbox: &Sandbox) -> String {
    sandbox.run(&["plugins", "installed"]).expect(0)
}

/// Removes all plugins: this is another machine now.
fn move_on(sandbox: &Sandbox) {
    fs::remove_dir_all(sandbox.path(PLUGINS)).unwrap();
}

fn digest(bytes: impl AsRef<[u8]>) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Text without the line ends that it was folded with.
fn unfolded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_same_versions_come_until_others_are_asked_for() {
    let sandbox = mirrored("~> 1.0", &["1.0.0"]);
    sandbox.run(&["init", "."]).expect(0);
    let path = sandbox.path(format!("{PLUGINS}/{A}/packer-plugin-a_v1.0.0_x5.0_{}", suffix()));
    let (binary, archive) = (digest(fs::read(path).unwrap()), digest(Release::new("1.0.0").bytes()));
    let text = sandbox.read(LOCK);
    assert!(text.starts_with("# \"packer init\" wrote this file"), "{text}");
    let block = format!(
        "\nplugin \"{A}\" {{\n  version     = \"1.0.0\"\n  constraints = \"~> 1.0\"\n  hashes = {{\n    \"{}\" = [\n      \
         \"bin:{binary}\",\n      \"zip:{archive}\",\n    ]\n  }}\n}}\n",
        suffix()
    );
    assert!(text.ends_with(&block), "{text}");
    Release::new("1.1.0").publish(&sandbox, SHARED);
    move_on(&sandbox);
    for template in [".", "t.pkr.hcl"] {
        sandbox.run(&["init", template]).expect(0);
        assert_eq!(installed(&sandbox), format!("{}\n", installed_path(A, "1.0.0")));
        assert_eq!(sandbox.read(LOCK), text);
    }
    sandbox.run(&["init", "-upgrade", "."]).expect(0);
    let upgraded = sandbox.read(LOCK);
    assert!(upgraded.contains("\"1.1.0\"") && !upgraded.contains("\"1.0.0\""), "{upgraded}");
    // Who has both uses the locked one.
    sandbox.run(&["init", "."]).expect(0);
    assert_eq!(sandbox.read(LOCK), upgraded);
}

#[test]
fn other_files_of_the_same_version_are_refused() {
    let sandbox = mirrored("~> 1.0", &["1.0.0"]);
    sandbox.run(&["init", "."]).expect(0);
    let text = sandbox.read(LOCK);
    move_on(&sandbox);
    Release { remark: "other", ..Release::new("1.0.0") }.publish(&sandbox, SHARED);
    let stdout = sandbox.run(&["init", "."]).expect(1);
    let archive = format!("packer-plugin-a_1.0.0_{}.zip", suffix());
    let expected =
        format!("Failed getting the \"{A}\" plugin:\nErrInvalidPlugin: {archive} is not what the lock file has");
    assert!(stdout.starts_with(&expected) && stdout.contains("packer init -upgrade"), "{stdout}");
    assert_eq!((installed(&sandbox), sandbox.read(LOCK)), (String::new(), text.clone()));
    sandbox.run(&["init", "-upgrade", "."]).expect(0);
    let renewed = sandbox.read(LOCK);
    assert!(renewed != text && renewed.matches("zip:").count() == 1, "{renewed}");
}

#[test]
fn a_binary_that_was_replaced_is_put_back() {
    let sandbox = mirrored("~> 1.0", &["1.0.0"]);
    sandbox.write("b.pkr.hcl", "source \"null\" \"n\" { communicator = \"none\" }\nbuild { sources = [\"null.n\"] }\n");
    sandbox.run(&["init", "."]).expect(0);
    let text = sandbox.read(LOCK);
    write_plugin(&sandbox, "other", "1.0.0");
    sandbox.run(&["validate", "."]).expect(0);
    sandbox.run(&["plugins", "install", "-path=other", A]).expect(0);
    for command in ["validate", "build", "plan"] {
        let stdout = sandbox.run(&[command, "."]).expect(1);
        assert!(stdout.starts_with("Error: Plugin is not the one that is locked\n\n  on t.pkr.hcl line 3"), "{stdout}");
        let detail = format!("ErrInvalidPlugin: the binary of {A} 1.0.0 for {} has the checksum ", suffix());
        assert!(unfolded(&stdout).contains(&detail), "{stdout}");
        assert!(unfolded(&stdout).contains("Run packer init to install the one that is locked."), "{stdout}");
    }
    assert!(sandbox.run(&["init", "."]).expect(0).contains("Installed plugin"));
    sandbox.run(&["validate", "."]).expect(0);
    assert_eq!(sandbox.run(&["init", "."]).expect(0), "");
    assert_eq!(sandbox.read(LOCK), text);
    // A newer one beside it is not used, and one for another platform says nothing about this.
    Release::new("1.1.0").publish(&sandbox, SHARED);
    sandbox.run(&["plugins", "install", A, "1.1.0"]).expect(0);
    sandbox.run(&["validate", "."]).expect(0);
    sandbox.write(LOCK, text.replace(suffix(), "plan9_mips"));
    let stdout = sandbox.run(&["validate", "."]).expect(1);
    let detail =
        format!("{LOCK} has no checksum of {A} 1.0.0 for {}. Run packer init on this machine to add it.", suffix());
    assert!(unfolded(&stdout).contains(&detail), "{stdout}");
    sandbox.run(&["init", "."]).expect(0);
    sandbox.run(&["validate", "."]).expect(0);
    move_on(&sandbox);
    // What was locked without an archive must come with the same binary.
    fs::remove_file(sandbox.path(LOCK)).unwrap();
    sandbox.run(&["plugins", "install", "-path=other", A]).expect(0);
    sandbox.run(&["init", "."]).expect(0);
    assert!(!sandbox.read(LOCK).contains("zip:"));
    move_on(&sandbox);
    let stdout = sandbox.run(&["init", "."]).expect(1);
    assert!(stdout.contains("ErrInvalidPlugin: the binary is not what the lock file has"), "{stdout}");
    assert_eq!(installed(&sandbox), "");
}

#[test]
fn what_is_known_of_other_platforms_and_templates_stays() {
    let mut sandbox = mirrored("~> 1.0", &["1.0.0"]);
    sandbox.write("other.pkr.hcl", template(&[("example.com/x/a", "~> 2.0")]).replace("a0", "b0"));
    Release::new("2.0.0").publish(&sandbox, "mirror/example.com/x/a");
    sandbox.run(&["init", "t.pkr.hcl"]).expect(0);
    let first = sandbox.read(LOCK);
    let other =
        format!("  hashes = {{\n    \"plan9_mips\" = [\n      \"new:x\",\n      \"zip:{}\",\n    ]\n", "0".repeat(64));
    sandbox.write(LOCK, first.replace("  hashes = {\n", &other));
    sandbox.run(&["init", "other.pkr.hcl"]).expect(0);
    sandbox.run(&["init", "-force", "t.pkr.hcl"]).expect(0);
    let both = sandbox.read(LOCK);
    assert!(both.contains("plugin \"example.com/x/a\" {\n") && both.contains(&other[13..]), "{both}");
    // A plugin that cannot be had stays locked; one that nobody asks for goes.
    sandbox.set("PACKER_PLUGIN_MIRROR", "gone");
    move_on(&sandbox);
    sandbox.run(&["init", "."]).expect(1);
    assert_eq!(sandbox.read(LOCK), both);
    sandbox.set("PACKER_PLUGIN_MIRROR", "mirror");
    fs::remove_file(sandbox.path("other.pkr.hcl")).unwrap();
    sandbox.run(&["init", "."]).expect(0);
    assert!(!sandbox.read(LOCK).contains("example.com"));
    // The file lies with the template.
    sandbox.write("deep/er/t.pkr.hcl", template(&[(A, "1.0.0")]));
    sandbox.run(&["init", "deep/er/t.pkr.hcl"]).expect(0);
    assert!(sandbox.read("deep/er/.packer.lock.hcl").contains("constraints = \"1.0.0\""));
}

#[test]
fn a_lock_that_does_not_fit_says_what_to_do() {
    let sandbox = mirrored("~> 1.0", &["1.0.0", "2.0.0"]);
    sandbox.run(&["init", "."]).expect(0);
    sandbox.write("t.pkr.hcl", template(&[(A, "~> 2.0")]));
    let stdout = sandbox.run(&["init", "."]).expect(1);
    let detail = format!(
        "{LOCK} has version 1.0.0 of {A}, which does not fit \"~> 2.0\". Run packer init -upgrade to lock one that does."
    );
    assert_eq!(stdout, format!("Failed getting the \"{A}\" plugin:\n{detail}\n"));
    let stdout = sandbox.run(&["validate", "."]).expect(1);
    assert!(stdout.contains("Error: Plugin is not locked\n") && stdout.contains("on t.pkr.hcl line 3"), "{stdout}");
    assert!(unfolded(&stdout).contains(&detail), "{stdout}");
    sandbox.run(&["init", "-upgrade", "."]).expect(0);
    assert!(!sandbox.run(&["validate", "."]).stdout.contains("Plugin is not locked"));
    sandbox.write("t.pkr.hcl", template(&[(A, "~> 2.0"), ("example.com/x/y", "1")]));
    let stdout = sandbox.run(&["validate", "."]).expect(1);
    let detail = format!("{LOCK} says nothing about example.com/x/y. Run packer init to add it.");
    assert!(unfolded(&stdout).contains(&detail), "{stdout}");
}

#[test]
fn a_broken_lock_stops_everything() {
    let sandbox = mirrored("~> 1.0", &["1.0.0"]);
    sandbox.write(LOCK, "# comment\nplugin \"github.com/hashicorp/a\" {\n  version = 1\n  hashes  = {}\n}\n");
    for command in ["init", "validate", "build"] {
        let stdout = sandbox.run(&[command, "."]).expect(1);
        assert!(
            stdout.starts_with("Error: Invalid version\n\n  on .packer.lock.hcl line 3, in plugin"),
            "{command}: {stdout}"
        );
    }
    assert_eq!(installed(&sandbox), "");
}

#[test]
fn a_folder_that_cannot_be_written_to_gets_a_warning() {
    let sandbox = mirrored("~> 1.0", &["1.0.0"]);
    sandbox.write("closed/t.pkr.hcl", template(&[(A, "1.0.0")]));
    fs::set_permissions(sandbox.path("closed"), fs::Permissions::from_mode(0o555)).unwrap();
    let output = sandbox.finish(sandbox.unprivileged_command(&["init", "closed"]).spawn().unwrap());
    fs::set_permissions(sandbox.path("closed"), fs::Permissions::from_mode(0o755)).unwrap();
    let stdout = output.expect(0);
    assert!(stdout.contains("Warning: closed/.packer.lock.hcl was not written\n"), "{stdout}");
    assert!(stdout.contains("permission denied"), "{stdout}");
}
