//! `packer plugins`: which binaries count, what comes and goes. Shell scripts stand for plugins.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Child;

use rustix::process::{Pid, Signal, kill_process};

use crate::fake_plugin::{PLUGINS, installed_path, suffix, write_plugin, write_program};
use crate::sandbox::Sandbox;

/// Installs a plugin of this version and gives its path.
fn install(sandbox: &Sandbox, source: &str, version: &str) -> String {
    write_plugin(sandbox, "new", version);
    sandbox.run(&["plugins", "install", "--path", "new", source]).expect(0);
    installed_path(source, version)
}

const A: &str = "github.com/hashicorp/a";

#[test]
fn help_is_what_there_is_without_a_subcommand() {
    let sandbox = Sandbox::new();
    for (words, code) in [("plugins", 1), ("plugin", 1), ("plugins bake", 1), ("plugins -x", 1), ("plugins -h", 0)] {
        let words: Vec<&str> = words.split(' ').collect();
        let stdout = sandbox.run(&words).expect(code);
        assert!(stdout.starts_with("Usage: packer plugins <subcommand> [options] [args]\n\n"), "{words:?}: {stdout}");
        let list = "\n\nSubcommands:\n    install      Install latest Packer plugin [matching version constraint]\n    \
                    installed    List all installed Packer plugin binaries\n    remove       Remove Packer plugins [matching a version]\n    \
                    required     List plugins required by a config\n";
        assert!(stdout.contains(list), "{stdout}");
    }
    for (command, first) in [
        ("install", " [options] SOURCE [VERSION]"),
        ("installed", ""),
        ("remove", " SOURCE [VERSION]"),
        ("required", " [options] PATH"),
    ] {
        let stdout = sandbox.run(&["plugins", command, "-h"]).expect(0);
        assert!(stdout.starts_with(&format!("Usage: packer plugins {command}{first}\n\n")), "{stdout}");
    }
}

#[test]
fn words_that_do_not_fit_are_refused() {
    let sandbox = Sandbox::new();
    let install_usage = "Usage: packer plugins install [options] SOURCE [VERSION]\n";
    for (words, start, usage) in [
        (vec!["install"], "Invalid arguments, expected either 1 or 2 positional arguments, got 0\n", install_usage),
        (
            vec!["install", "-path=x", "a", "b", "c"],
            "Invalid arguments, expected either 1 or 2 positional arguments, got 3\n",
            install_usage,
        ),
        (
            vec!["install", "example.com/x/a"],
            "1 error occurred:\n\t* \"example.com/x/a\" doesn't appear to be a valid \"github.com\" source address; check \
             source and try again.\n",
            "",
        ),
        (
            vec!["install", "github.com/x/y/a"],
            "1 error occurred:\n\t* Invalid github.com URI \"github.com/x/y/a\": a Github-compatible source must be in the \
             github.com/<namespace>/<name> format.\n",
            "",
        ),
        (
            vec!["install", "-foo", A],
            "flag provided but not defined: -foo\nFailed to parse options: flag provided but not defined: -foo\n",
            "",
        ),
        (vec!["install", "-path=x", "a"], "Invalid source string \"a\": The provided source URL is invalid.\n", ""),
        (vec!["install", "-path=x", A, "x"], "malformed constraint: x\n", ""),
        (vec!["install", "-path=x", A, "1-dev"], "Unsupported prerelease for constraint \"1-dev\"\n", ""),
        (vec!["remove"], "", "Usage: packer plugins remove SOURCE [VERSION]\n"),
        (vec!["remove", A, "1", "2"], "", "Usage: packer plugins remove SOURCE [VERSION]\n"),
        (vec!["remove", "a/b"], "Invalid source string \"a/b\": The provided source URL is invalid.\n", ""),
        (vec!["remove", A, "=> 1"], "malformed constraint: => 1\n", ""),
        (
            vec!["remove", "/x", "1"],
            "Unsupported: no version constraint may be specified with a local plugin path.\n\n",
            "Usage: packer plugins remove",
        ),
        (vec!["remove", A], "No installed plugin found matching the plugin constraints github.com/hashicorp/a\n", ""),
        (
            vec!["remove", A, ">= 1 , < 2"],
            "No installed plugin found matching the plugin constraints github.com/hashicorp/a >= 1,< 2\n",
            "",
        ),
        (vec!["required"], "", "Usage: packer plugins required [options] PATH\n"),
        (vec!["required", "a", "b"], "", "Usage: packer plugins required"),
        (vec!["required", "-foo", "a"], "flag provided but not defined: -foo\n", "Usage: packer plugins required"),
        (vec!["required", "gone"], "\"gone\": stat gone: no such file or directory\n", ""),
    ] {
        let words: Vec<&str> = std::iter::once("plugins").chain(words).collect();
        let stdout = sandbox.run(&words).expect(1);
        assert!(stdout.starts_with(start), "{words:?}: {stdout}");
        assert_eq!(stdout.contains("Usage: "), !usage.is_empty(), "{words:?}: {stdout}");
        assert!(stdout.contains(usage), "{words:?}: {stdout}");
    }
}

#[test]
fn plugins_come_are_listed_and_go() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run(&["plugins", "installed"]).expect(0), "");
    write_plugin(&sandbox, "my plugin", "1.2.3");
    let stdout = sandbox.run(&["plugins", "install", "-path", "x/.././my plugin", A]).expect(0);
    let first = installed_path(A, "1.2.3");
    assert_eq!(stdout, format!("Successfully installed plugin {A} from [SANDBOX]/my plugin to {first}\n"));
    let others = [
        install(&sandbox, A, "1.10.0-dev"),
        install(&sandbox, A, "1.10.0"),
        install(&sandbox, "example.com/größe/und/mehr/größe", "0.1.0"),
    ];
    let all = format!("{first}\n{}\n", others.join("\n"));
    assert_eq!(sandbox.run(&["plugins", "installed", "ignored"]).expect(0), all);
    let lines = sandbox.run(&["plugins", "installed", "-machine-readable"]).expect(0);
    let fields: Vec<&str> = lines.lines().map(|line| line.split_once(',').unwrap().1).collect();
    assert_eq!(fields[0], format!(",ui,message,{first}"));

    let removed = sandbox.run(&["plugins", "remove", A, ">= 1.10.0"]).expect(0);
    assert_eq!(removed, format!("{}\n{}\n", others[0], others[1]));
    let left = format!("{first}\n{}\n", others[2]);
    assert_eq!(sandbox.run(&["plugins", "installed"]).expect(0), left);
    let path = sandbox.path(first.strip_prefix("[SANDBOX]/").unwrap());
    assert_eq!(sandbox.run(&["plugins", "remove", path.to_str().unwrap()]).expect(0), format!("{first}\n"));
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 0, "checksums go as well");
    let stdout = sandbox.run(&["plugins", "remove", path.to_str().unwrap()]).expect(1);
    assert!(stdout.starts_with("Error: Failed to delete plugin\n"), "{stdout}");
    let outside = sandbox.path(format!("{PLUGINS}/../../../my plugin"));
    for path in [outside.to_str().unwrap(), "/etc/hostname"] {
        let stdout = sandbox.run(&["plugins", "remove", path]).expect(1);
        assert!(stdout.starts_with("Error: Invalid plugin location\n"), "{stdout}");
    }
    assert!(sandbox.path("my plugin").exists());
}

#[test]
fn a_template_says_what_it_requires() {
    let sandbox = Sandbox::with_template(
        "packer {\n  required_plugins {\n    one = {\n      version = \">= 1.0 , < 2\"\n      source  = \
         \"github.com/hashicorp/a\"\n    }\n    none = {\n      version = \"~> 3\"\n      source  = \
         \"github.com/hashicorp/b\"\n    }\n  }\n}\nlocals {\n  never = file(\"gone\")\n}\n",
    );
    let none = "none github.com/hashicorp/b \"~> 3\"\n";
    let required = |expected: &str| {
        let stdout = sandbox.run(&["plugins", "required", "."]).expect(0);
        assert_eq!(stdout, format!("one {A} \">= 1.0,< 2\"{expected}\n{none}"));
    };
    required("");
    let versions = ["1.10.0", "2.0.0", "1.9.0", "1.10.0-dev"].map(|version| install(&sandbox, A, version));
    required(&format!(" {} {} {}", versions[2], versions[3], versions[0]));

    sandbox.write("none.pkr.hcl", "source \"null\" \"a\" {}\n");
    let text = "\nNo plugins requirement found, make sure you reference a Packer config\ncontaining a \
                packer.required_plugins block. See\nhttps://www.packer.io/docs/templates/hcl_templates/blocks/packer\nfor \
                more info.\n";
    assert_eq!(sandbox.run(&["plugins", "required", "none.pkr.hcl"]).expect(0), text);
    sandbox.write("t.json", r#"{"builders":[{"type":"null"}]}"#);
    let stdout = sandbox.run(&["plugins", "required", "t.json"]).expect(1);
    assert!(
        stdout.starts_with("Error: Packer plugins currently only works with HCL2 configuration templates\n"),
        "{stdout}"
    );
    sandbox.write("broken.pkr.hcl", "packer {\n");
    assert!(sandbox.run(&["plugins", "required", "broken.pkr.hcl"]).expect(1).starts_with("Error: "));
}

#[test]
fn binaries_that_do_not_install_say_why() {
    let sandbox = Sandbox::new();
    write_program(&sandbox, "fails", "echo out of luck >&2; exit 7\n");
    write_program(&sandbox, "talks", "echo hello\n");
    write_plugin(&sandbox, "beta", "1.0.0-beta");
    write_plugin(&sandbox, "good", "1.0.0");
    sandbox.write("text", "text");
    for (words, expected) in [
        (vec!["gone", A], vec!["Error: Unable to find plugin to promote\n", "no such file or directory"]),
        (vec![".", A], vec!["Error: Plugin to promote cannot be a directory\n"]),
        (vec!["text", A], vec!["Error: Failed to describe the plugin\n", "permission denied"]),
        (vec!["fails", A], vec!["Error: Failed to describe the plugin\n", "exit status 7", "out of luck"]),
        (vec!["talks", A], vec!["Error: Failed to decode plugin describe info\n"]),
        (vec!["beta", A], vec!["Error: Invalid version\n", "1.0.0-beta"]),
        (vec!["good", A, "> 1"], vec!["Error: Invalid version\n", "The binary's version is 1.0.0, which does not fit"]),
    ] {
        let words: Vec<&str> = ["plugins", "install", "-path"].into_iter().chain(words).collect();
        let stdout = sandbox.run(&words).expect(1);
        assert!(stdout.starts_with(expected[0]), "{words:?}: {stdout}");
        let detail = stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(expected[1..].iter().all(|part| detail.contains(part)), "{words:?}: {stdout}");
    }
    assert!(!sandbox.path(PLUGINS).exists());
    sandbox.run(&["plugins", "install", "-path", "good", A, "~> 1.0"]).expect(0);
}

#[test]
fn the_log_says_why_a_binary_is_left_out() {
    let mut sandbox = Sandbox::new();
    let good = install(&sandbox, A, "1.0.0");
    let folder = format!("{PLUGINS}/{A}");
    let changed = install(&sandbox, A, "2.0.0");
    write_plugin(&sandbox, changed.strip_prefix("[SANDBOX]/").unwrap(), "2.0.1");
    write_plugin(&sandbox, &format!("{folder}/packer-plugin-a_v3.0.0_x5.0_{}", suffix()), "3.0.0");
    write_plugin(&sandbox, &format!("{PLUGINS}/packer-plugin-a_v4.0.0_x5.0_{}", suffix()), "4.0.0");
    let far = format!("{PLUGINS}/{}packer-plugin-a_v5.0.0_x5.0_{}", "d/".repeat(17), suffix());
    write_plugin(&sandbox, &far, "5.0.0");
    sandbox.set("PACKER_LOG", "1");
    let output = sandbox.run(&["plugins", "installed"]);
    for line in [
        format!(
            "[TRACE] ChecksumFile(\"{changed}\") failed: ErrInvalidPlugin: Checksums (*sha256.digest) did not match."
        ),
        format!("[TRACE] No checksum found for \"{changed}\" ignoring possibly unsafe binary"),
        format!("[TRACE] GetChecksumOfFile(\"[SANDBOX]/{folder}/packer-plugin-a_v3.0.0_x5.0_{}\") failed:", suffix()),
        format!("[WARN] plugin \"[SANDBOX]/{far}\" ignored, too many levels of depth: 17 (max 16)"),
    ] {
        assert!(output.stderr.contains(&line), "{line}\n{}", output.stderr);
    }
    assert!(!output.stderr.contains("v4.0.0"), "{}", output.stderr);
    assert_eq!(output.expect(0), format!("{good}\n"));
}

#[test]
fn folders_are_chosen_by_the_environment() {
    let mut sandbox = Sandbox::new();
    sandbox.set("PACKER_PLUGIN_PATH", "./here/ünd there/");
    write_plugin(&sandbox, "new", "1.0.0");
    let stdout = sandbox.run(&["plugins", "install", "-path=new", A]).expect(0);
    let path = format!("[SANDBOX]/here/ünd there/{A}/packer-plugin-a_v1.0.0_x5.0_{}", suffix());
    assert!(stdout.ends_with(&format!(" to {path}\n")), "{stdout}");
    assert_eq!(sandbox.run(&["plugins", "installed"]).expect(0), format!("{path}\n"));
    assert!(sandbox.path(".cache/packer/plugin-descriptions").is_dir());
    sandbox.set("PACKER_PLUGIN_PATH", "a:b");
    let output = sandbox.run(&["plugins", "installed"]);
    let text = " Error loading configuration: \n\nMultiple paths are no longer supported for PACKER_PLUGIN_PATH.\nThis \
                should be defined as one of the following options for your environment:\n* PACKER_PLUGIN_PATH=a\n* \
                PACKER_PLUGIN_PATH=b\n";
    assert_eq!((output.code, output.stdout.as_str(), output.stderr.trim_end()), (1, "", text.trim_end()));
}

#[test]
fn what_may_not_be_read_or_changed_is_said() {
    let sandbox = Sandbox::new();
    let path = install(&sandbox, A, "1.0.0");
    install(&sandbox, "github.com/other/b", "1.0.0");
    let closed = |name: &str, mode: u32, words: &[&str], code: i32| {
        fs::set_permissions(sandbox.path(name), fs::Permissions::from_mode(mode)).unwrap();
        let output = sandbox.finish(sandbox.unprivileged_command(words).spawn().unwrap());
        fs::set_permissions(sandbox.path(name), fs::Permissions::from_mode(0o755)).unwrap();
        output.expect(code)
    };
    let stdout = closed(PLUGINS, 0, &["plugins", "installed"], 1);
    assert!(stdout.starts_with("Error: reading the plugins in [SANDBOX]/"), "{stdout}");
    assert!(stdout.contains("permission denied"), "{stdout}");
    let stdout = closed(&format!("{PLUGINS}/github.com/other"), 0, &["plugins", "installed"], 0);
    assert_eq!(stdout, format!("{path}\n"), "the others are listed");
    let stdout = closed(&format!("{PLUGINS}/{A}"), 0o555, &["plugins", "remove", A], 0);
    assert!(stdout.starts_with(&format!("Failed to remove plugin \"{path}\": \"permission denied")), "{stdout}");
    let words = ["plugins", "install", "-path=new", A];
    let stdout = closed(&format!("{PLUGINS}/{A}"), 0o555, &words, 1);
    assert!(stdout.starts_with("Error: Failed to install plugin\n"), "{stdout}");
    assert!(stdout.contains("permission denied"), "{stdout}");
}

#[test]
fn names_may_be_as_long_as_the_system_takes_them() {
    let sandbox = Sandbox::new();
    let folder = "f".repeat(200);
    let source = format!("{}/{}", vec![folder.as_str(); 15].join("/"), "p".repeat(200));
    let path = install(&sandbox, &source, "1.0.0");
    assert_eq!(sandbox.run(&["plugins", "installed"]).expect(0), format!("{path}\n"));
    let source = format!("h/n/{}", "p".repeat(250));
    let stdout = sandbox.run(&["plugins", "install", "-path=new", &source]).expect(1);
    assert!(stdout.starts_with("Error: Failed to install plugin\n"), "{stdout}");
    assert!(stdout.contains("file name too long"), "{stdout}");
}

#[test]
fn many_at_once_do_not_disturb_each_other() {
    let sandbox = Sandbox::new();
    for version in 0..4 {
        write_plugin(&sandbox, &format!("new{version}"), "1.0.0");
        let path = sandbox.path(format!("new{version}"));
        let different = format!("{}# {version}\n", fs::read_to_string(&path).unwrap());
        write_program(&sandbox, &format!("new{version}"), different.strip_prefix("#!/bin/sh\n").unwrap());
    }
    let start = |words: &[&str]| sandbox.command(words).spawn().unwrap();
    for _ in 0..3 {
        let runs: Vec<Child> = (0..4)
            .flat_map(|version| {
                let binary = format!("-path=new{version}");
                [start(&["plugins", "install", &binary, A]), start(&["plugins", "installed"])]
            })
            .collect();
        for run in runs {
            sandbox.finish(run).expect(0);
        }
        let path = installed_path(A, "1.0.0");
        assert_eq!(sandbox.run(&["plugins", "installed"]).expect(0), format!("{path}\n"));
    }
}

#[test]
fn a_signal_ends_plugins_that_do_not_answer() {
    let sandbox = Sandbox::new();
    write_program(&sandbox, "hangs", "echo $$ > pid.new; mv pid.new pid; while :; do read x < /dev/zero; done\n");
    let packer = sandbox.command(&["plugins", "install", "-path=hangs", A]).spawn().unwrap();
    sandbox.wait_for(&["pid"]);
    let plugin = Pid::from_raw(sandbox.read("pid").trim().parse().unwrap()).unwrap();
    kill_process(Pid::from_child(&packer), Signal::TERM).unwrap();
    sandbox.finish(packer).expect(143);
    assert!(rustix::process::test_kill_process(plugin).is_err(), "the plugin is still there");
}
