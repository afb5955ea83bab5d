//! Plugins beside the program, in the folder of plugins under nothing but their name, and named by their paths; and what is
//! said of those that are refused.

use std::fs;
use std::path::Path;

use crate::fake_plugin::{PLUGINS, suffix, write_plugin};
use crate::go_build::{Sdk, binary};
use crate::sandbox::{Output, Sandbox};

/// Puts a file under another name, without ever having it open for writing here.
#[expect(clippy::disallowed_methods, reason = "the test is the shell here")]
fn link(sandbox: &Sandbox, from: &Path, to: &str) {
    let to = sandbox.path(to);
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    if fs::hard_link(from, &to).is_err() {
        assert!(std::process::Command::new("cp").arg(from).arg(&to).status().unwrap().success());
    }
}

/// Runs the `packer` in the folder `bin` of the sandbox.
#[expect(clippy::disallowed_methods, reason = "the test is the shell here")]
fn run(sandbox: &Sandbox, args: &[&str]) -> Output {
    let original = sandbox.command(args);
    let mut command = std::process::Command::new(sandbox.path("bin/packer"));
    command.args(args).current_dir(sandbox.path("")).env_clear();
    command.envs(original.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    sandbox.finish(std::os::unix::process::CommandExt::process_group(&mut command, 0).spawn().unwrap())
}

const TEMPLATE: &str = r#"
source "mine-machine" "m" {
  disk       = "disk"
  machine_id = "m-1"
}
source "two" "t" {
  disk       = "other"
  machine_id = "m-2"
}
build {
  sources = ["mine-machine.m", "two.t"]
  provisioner "one" { say = "hello" }
  post-processor "three" { keep = true }
}
"#;

#[test]
fn plugins_are_found_by_their_names_alone() {
    for sdk in [Sdk::New, Sdk::Old] {
        let Some(built) = binary(sdk) else { return };
        let mut sandbox = Sandbox::with_template(TEMPLATE);
        sandbox.set("PACKER_NO_COLOR", "1");
        link(&sandbox, Path::new(env!("CARGO_BIN_EXE_packer")), "bin/packer");
        link(&sandbox, built, &format!("{PLUGINS}/packer-plugin-mine"));
        link(&sandbox, built, "bin/packer-builder-two");
        link(&sandbox, built, "bin/packer-provisioner-one");
        link(&sandbox, built, &format!("{PLUGINS}/packer-post-processor-three"));
        assert_eq!(run(&sandbox, &["validate", "t.pkr.hcl"]).expect(0), "The configuration is valid.\n", "{sdk:?}");
        let text = run(&sandbox, &["build", "t.pkr.hcl"]).expect(0);
        for part in [
            "==> mine-machine.m: hello\n",
            "==> two.t: hello\n",
            "==> two.t (three): Given A machine on other with 0 files (m-2) of packer.test.machine\n",
        ] {
            assert!(text.contains(part), "{sdk:?} {part}: {text}");
        }
        assert_eq!(run(&sandbox, &["plugins", "installed"]).expect(0), "", "they are not installed");
        // Elsewhere the program has no neighbours.
        let text = sandbox.run(&["validate", "t.pkr.hcl"]).expect(1);
        assert!(text.starts_with("Error: Unknown source type two\n") && !text.contains("mine-machine"), "{text}");
    }
}

#[test]
fn plugins_may_be_named_by_their_paths() {
    let Some(built) = binary(Sdk::New) else { return };
    let mut sandbox = Sandbox::with_template(
        "source \"null\" \"a\" { communicator = \"none\" }\nbuild {\n  sources = [\"null.a\"]\n  provisioner \"mine\" { say = \
         \"hello\" }\n}\n",
    );
    sandbox.set("PACKER_NO_COLOR", "1");
    link(&sandbox, built, "work/tester");
    let config = |path: &Path| format!("{{\"plugin_paths\": {{\"mine\": \"{}\"}}}}", path.display());
    sandbox.write(".packerconfig", config(&sandbox.path("work/tester")));
    assert!(sandbox.run(&["build", "t.pkr.hcl"]).expect(0).contains("==> null.a: hello\n"));
    sandbox.write(".packerconfig", config(&sandbox.path("work/gone")));
    sandbox.set("PACKER_LOG", "1");
    let text = sandbox.run(&["validate", "t.pkr.hcl"]).expect(1);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        text.contains("the plugin mine at [SANDBOX]/work/gone cannot be used: no such file or directory"),
        "{text}"
    );
}

#[test]
fn what_is_refused_is_named_where_it_is_missed() {
    let mut sandbox = Sandbox::with_template(
        "packer {\n  required_plugins {\n    a = {\n      source  = \"github.com/x/a\"\n      version = \">= 1\"\n    }\n  }\n}\n",
    );
    write_plugin(&sandbox, "new", "1.0.0");
    sandbox.run(&["plugins", "install", "-path=new", "github.com/x/a"]).expect(0);
    let missing = |sandbox: &Sandbox| {
        let text = sandbox.run(&["validate", "t.pkr.hcl"]).expect(1);
        assert!(text.starts_with("Error: Missing plugins\n"), "{text}");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let path = format!("{PLUGINS}/github.com/x/a/packer-plugin-a_v1.0.0_x5.0_{}", suffix());
    sandbox.set("PACKER_PLUGIN_REQUIRE_SIGNED", "1");
    let refused = format!("These are there, and are refused: * [SANDBOX]/{path}: ErrUnsignedPlugin: ");
    assert!(missing(&sandbox).contains(&refused), "{}", missing(&sandbox));
    sandbox.set("PACKER_PLUGIN_REQUIRE_SIGNED", "0");
    sandbox.write(&format!("{path}_SHA256SUM"), "0".repeat(64));
    let refused = format!("* [SANDBOX]/{path}: ErrInvalidPlugin: Checksums (*sha256.digest) did not match.");
    assert!(missing(&sandbox).contains(&refused), "{}", missing(&sandbox));
}
