//! Builds with plugins that break: what they were asked for fails and says why, and everything else goes on.

use crate::tester::sandbox;

/// Two builds with the plugin, of which `BAD` has something in its body, and one without.
const TEMPLATE: &str = r#"
source "tester-quick" "bad" {
  BAD
}
source "tester-quick" "good" { say = "good" }
source "null" "n" { communicator = "none" }
build {
  sources = ["source.tester-quick.bad", "source.tester-quick.good", "source.null.n"]
}
"#;

/// Runs a build of which one source breaks, and looks for `expected` in what it says.
fn check(faults: &str, setting: (&str, &str), expected: &[&str]) {
    let Some(mut sandbox) = sandbox(&TEMPLATE.replace("BAD", &format!("faults = [{faults}]"))) else { return };
    sandbox.set(setting.0, setting.1);
    let text = sandbox.run(&["build", "-color=false", "t.pkr.hcl"]).expect(1);
    let others =
        ["Build 'tester-quick.good' finished after [DURATION].\n", "Build 'null.n' finished after [DURATION].\n"];
    for part in expected.iter().chain(&others) {
        assert!(text.contains(part), "{part:?} is missing in:\n{text}");
    }
}

#[test]
fn a_plugin_that_breaks_at_work_says_how() {
    let who = "(tester v1.2.3, builder \"quick\")\n";
    let errored = "Build 'tester-quick.bad' errored after [DURATION]: ";
    for (faults, what) in [
        ("\"crash:run:7\"", "plugin crashed in Builder.Run"),
        ("\"panic:run:no luck\"", "plugin crashed in Builder.Run"),
        ("\"halfclose:run\"", "plugin hung up in Builder.Run"),
        ("\"garbage:run\"", "plugin broke the protocol in Builder.Run"),
        ("\"flood:run:4MiB\", \"crash:run\"", "plugin crashed in Builder.Run"),
    ] {
        check(faults, ("PACKER_LOG", "0"), &[&format!("{errored}{what} {who}")]);
    }
    check("\"error:run:no luck\"", ("PACKER_LOG", "0"), &[&format!("{errored}no luck\n")]);
}

#[test]
fn a_plugin_that_takes_too_much_memory_fails_its_build() {
    check(
        "\"bloat:run:256MiB\", \"hang:run\"",
        ("PACKER_PLUGIN_MEMORY_LIMIT", "128MiB"),
        &[
            "Build 'tester-quick.bad' errored after [DURATION]: plugin took too much memory in Builder.Run (tester v1.2.3, \
             builder \"quick\")\n",
            "and was ended: PACKER_PLUGIN_MEMORY_LIMIT allows 128 MiB.\n",
        ],
    );
}

#[test]
fn a_plugin_that_does_not_start_fails_its_build() {
    let Some(mut sandbox) = sandbox(
        "data \"tester-echo\" \"d\" { text = \"x\" }\nsource \"null\" \"n\" { communicator = \"none\" }\n\
         source \"null\" \"m\" { communicator = \"none\" }\nbuild {\n  sources = [\"null.n\"]\n  \
         provisioner \"shell-local\" { inline = [\"echo ${data.tester-echo.d.text}\"] }\n}\nbuild { sources = [\"null.m\"] }\n",
    ) else {
        return;
    };
    // From then on the shape of its configuration is known.
    sandbox.run(&["validate", "t.pkr.hcl"]).expect(0);
    sandbox.set("TESTER_FAULTS", "hang:start").set("PACKER_PLUGIN_START_TIMEOUT", "300ms");
    let text = sandbox.run(&["build", "-color=false", "t.pkr.hcl"]).expect(1);
    for part in [
        "timeout while waiting for plugin to start (tester v1.2.3, datasource \"echo\")",
        "It did not say within 300ms where it can be reached, and was ended.",
        "Build 'null.m' finished after [DURATION].\n",
    ] {
        assert!(text.contains(part), "{part:?} is missing in:\n{text}");
    }
}
