//! Builds with the components of a plugin, over the real protocol.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::go_build::Sdk;
use crate::sandbox::Sandbox;
use crate::tester::{SOURCE, install, sandbox};

const ALL_KINDS: &str = r#"
packer {
  required_plugins {
    tester = { source = "example.com/acme/tester", version = ">= 1.2" }
  }
}
data "tester-nested" "d" { text = "told" }
source "tester-machine" "m" {
  disk       = "disk"
  machine_id = "m-1"
  generated  = { Colour = "blue" }
}
build {
  sources = ["source.tester-machine.m"]
  provisioner "shell-local" { inline = ["echo local ${build.ID} ${build.Colour}"] }
  provisioner "tester-tool" {
    say       = ["${build.ID} ${data.tester-nested.d.text}"]
    show_data = ["Colour"]
    run       = ["echo in the machine: {{ build `ID` }}"]
    upload {
      content     = "up"
      destination = "file"
    }
  }
  provisioner "tester" { say = "plain" }
  post-processors {
    post-processor "tester-keeper" { keep = true }
    post-processor "tester-transform" {
      keep   = true
      output = "out"
      states = ["number", "nested"]
    }
    post-processor "manifest" { output = "manifest.json" }
  }
}
"#;

/// What [`ALL_KINDS`] prints, but for the script's name.
const ALL_KINDS_SAY: &str = "\
tester-machine.m: output will be in this color.

==> tester-machine.m: Booting machine m-1
==> tester-machine.m: local m-1 blue
==> tester-machine.m: m-1 told
==> tester-machine.m: Colour = blue
==> tester-machine.m: in the machine: m-1
==> tester-machine.m: plain
==> tester-machine.m: Machine m-1 is done
==> tester-machine.m: Running post-processor:  (type tester-keeper)
==> tester-machine.m (tester-keeper): Given A machine on disk with 1 files (m-1) of packer.test.machine
==> tester-machine.m: Running post-processor:  (type tester-transform)
==> tester-machine.m (tester-transform): Transforming A machine on disk with 1 files
==> tester-machine.m: Running post-processor:  (type manifest)
Build 'tester-machine.m' finished after [DURATION].

==> Wait completed after [DURATION]

==> Builds finished. The artifacts of successful builds are:
--> tester-machine.m: A machine on disk with 1 files
--> tester-machine.m: A machine on disk with 1 files
--> tester-machine.m: A transformed artifact in out
--> tester-machine.m: A transformed artifact in out
";

fn without_script(text: &str) -> String {
    text.split_inclusive('\n').filter(|line| !line.contains("Running local shell script")).collect()
}

#[test]
fn all_kinds_of_components_work_together_whatever_their_plugin_speaks() {
    for (sdk, force_gob) in [(Sdk::New, false), (Sdk::New, true), (Sdk::Old, false)] {
        let protobuf = sdk == Sdk::New && !force_gob;
        let mut sandbox = Sandbox::with_template(ALL_KINDS);
        if !install(&sandbox, sdk, SOURCE) {
            return;
        }
        sandbox.set("PACKER_NO_COLOR", "1");
        if force_gob {
            sandbox.set("PACKER_FORCE_GOB", "1");
        }
        let text = sandbox.run(&["validate", "t.pkr.hcl"]).expect(0);
        assert_eq!(text, "The configuration is valid.\n");
        let text = sandbox.run(&["build", "t.pkr.hcl"]).expect(0);
        assert_eq!(without_script(&text), ALL_KINDS_SAY, "{sdk:?}");
        assert_eq!(sandbox.read("disk/file"), "up");
        let out = sandbox.read("out");
        let nested = "map[:map[k:v] inner:map[list:[1 two <nil> [3]] yes:true] nothing:<nil>]";
        assert_eq!(out, format!("file file:\nupstate number: 42\nstate nested: {nested}\n"), "{sdk:?}");
        let log = sandbox.set("PACKER_LOG", "1").run(&["validate", "t.pkr.hcl"]).stderr;
        assert_eq!(log.contains("[TRACE] Using protobuf for communication with plugins\n"), protobuf, "{log}");
        assert!(log.contains(" plugin: "), "what a plugin says is logged: {log}");
        let manifest = sandbox.read("manifest.json");
        for part in ["\"artifact_id\": \"transformed-m-1\"", "\"builder_type\": \"tester-machine\""] {
            assert!(manifest.contains(part), "{part} is not in {manifest}");
        }
    }
}

#[test]
fn what_is_wrong_with_a_body_is_said_at_its_line_and_without_any_process() {
    let Some(mut sandbox) = sandbox(
        r#"
source "tester-fields" "f" {
  colour = "red"
  int    = "many"
}
source "null" "n" { communicator = "none" }
build {
  sources = ["source.tester-fields.f", "source.null.n"]
  provisioner "tester-tool" {
    upload { source = "x" }
    upload {
      destination = "{{ .NotOurs }}"
      nothing     = 1
    }
  }
}
"#,
    ) else {
        return;
    };
    sandbox.run(&["validate", "t.pkr.hcl"]).expect(1);
    // From here on whatever starts ends at once, and the plugin could not even be asked what it is.
    sandbox.set("TESTER_FAULTS", "crash:start:3,crash:describe:3");
    let text = sandbox.run(&["validate", "t.pkr.hcl"]).expect(1);
    for part in [
        "Error: Unsupported argument\n\n  on t.pkr.hcl line 3, ",
        "Error: Incorrect attribute value type\n\n  on t.pkr.hcl line 4, ",
        "Error: Missing required argument\n\n  on t.pkr.hcl line 2, ",
        "Error: Unsupported argument\n\n  on t.pkr.hcl line 13, ",
    ] {
        assert!(text.contains(part), "{part:?} is missing in:\n{text}");
    }
    assert!(!text.contains("exited before we could connect"), "{text}");
}

#[test]
fn components_are_told_about_their_build() {
    let Some(mut sandbox) = sandbox(
        r#"
variable "secret" {
  default   = "s3cr3t"
  sensitive = true
}
source "tester-machine" "m" { disk = "disk" }
build {
  source "source.tester-machine.m" { name = "local" }
  provisioner "tester" {
    show_sent = true
    say       = "{{ build_name }}"
  }
}
"#,
    ) else {
        return;
    };
    sandbox.set("PACKER_NO_COLOR", "1");
    let text = sandbox.run(&["build", "-force", "-on-error=abort", "t.pkr.hcl"]).expect(0);
    let told = r#"config 0: {"packer_build_name":"m","packer_builder_type":"tester-machine","packer_core_version":"1.16.0","packer_debug":"false","packer_force":"true","packer_on_error":"abort","packer_sensitive_variables":["secret"]}"#;
    assert!(text.contains(told), "{text}");
    // What templates are in its strings is the plugin's business.
    assert!(text.contains(r#""say":"{{ build_name }}""#), "{text}");
}

#[test]
fn legacy_templates_give_plugins_what_is_written_in_them() {
    let sandbox = Sandbox::new();
    if !install(&sandbox, Sdk::New, SOURCE) {
        return;
    }
    sandbox.write(
        "t.json",
        r#"{
  "variables": {"where": "disk"},
  "builders": [{"type": "tester-machine", "disk": "{{user `where`}}", "machine_id": "{{build_name}}"}],
  "provisioners": [
    {"type": "tester", "show_sent": "true", "override": {"tester-machine": {"say": "over"}}},
    {"type": "tester-tool", "run": ["echo {{build `ID`}} > id"]}
  ],
  "post-processors": [{"type": "tester-transform", "output": "{{user `where`}}.out"}]
}"#,
    );
    let text = sandbox.run(&["build", "-color=false", "t.json"]).expect(0);
    let told = r#"config 0: {"show_sent":"true"}
==> tester-machine: config 1: {"say":"over"}
==> tester-machine: config 2: {"packer_build_name":"tester-machine","packer_builder_type":"tester-machine","packer_core_version":"1.16.0","packer_debug":false,"packer_force":false,"packer_on_error":"cleanup","packer_template_path":"[SANDBOX]/t.json","packer_user_variables":{"where":"disk"}}
"#;
    assert!(text.contains(told), "{text}");
    assert!(text.contains("==> tester-machine: over\n"), "{text}");
    assert_eq!(sandbox.read("disk.out"), "file id:\ntester-machine\n");
    let text = sandbox.run(&["validate", "t.json"]).expect(0);
    assert_eq!(text, "The configuration is valid.\n");
}

#[test]
fn plugins_speak_in_every_way_and_move_files() {
    const TEMPLATE: &str = r#"
source "tester-machine" "m" { disk = "disk" }
build {
  sources = ["tester-machine.m"]
  provisioner "tester-tool" {
    say     = ["said é\nin two lines"]
    message = ["a message"]
    error   = ["an error"]
    machine = ["kind", "one", "t,wo"]
    run     = ["cat; echo on the other side >&2; exit 3"]
    stdin   = "what it reads"
    valid_exit_codes = [3]
    upload {
      source      = "script"
      destination = "script"
    }
    upload_dir {
      source      = "folder"
      destination = "."
    }
    download_dir {
      source      = "folder/"
      destination = "back"
    }
  }
  provisioner "tester-tool" { ask = "Well?" }
}
"#;
    for sdk in [Sdk::New, Sdk::Old] {
        let sandbox = Sandbox::with_template(TEMPLATE);
        if !install(&sandbox, sdk, SOURCE) {
            return;
        }
        sandbox.write("script", "#!/bin/sh\n");
        sandbox.write("folder/é/file", "content");
        sandbox.write("back/old", "");
        let text = sandbox.run(&["build", "-machine-readable", "-on-error=abort", "t.pkr.hcl"]).expect(1);
        for part in [
            ",,ui,say,==> tester-machine.m: said é\\n==> tester-machine.m: in two lines\n",
            ",,ui,message,==> tester-machine.m: a message\n",
            ",,ui,error,==> tester-machine.m: an error\n",
            ",tester-machine.m,kind,one,t%!(PACKER_COMMA)wo\n",
            "==> tester-machine.m: what it reads\n",
            "==> tester-machine.m: on the other side\n",
            "machine-readable UI can't ask",
        ] {
            assert!(text.contains(part), "{sdk:?}: {part:?} is missing in:\n{text}");
        }
        assert_eq!(sandbox.read("disk/script"), "#!/bin/sh\n");
        assert_eq!(sandbox.read("disk/folder/é/file") + &sandbox.read("back/é/file"), "contentcontent");
    }
}

#[test]
fn a_plugin_that_fails_fails_its_own_build_only() {
    let Some(sandbox) = sandbox(
        r#"
source "tester-quick" "bad" { faults = ["crash:run:7"] }
source "tester-quick" "good" { say = "good" }
source "null" "n" { communicator = "none" }
build {
  sources = ["source.tester-quick.bad", "source.tester-quick.good", "source.null.n"]
}
"#,
    ) else {
        return;
    };
    let text = sandbox.run(&["build", "-color=false", "t.pkr.hcl"]).expect(1);
    for part in [
        "Build 'tester-quick.bad' errored after [DURATION]: plugin crashed in Builder.Run (tester v1.2.3, builder \"quick\")\nIt \
         ended with exit status 7.\n",
        "==> tester-quick.good: good\n",
        "Build 'tester-quick.good' finished after [DURATION].\n",
        "Build 'null.n' finished after [DURATION].\n",
    ] {
        assert!(text.contains(part), "{part:?} is missing in:\n{text}");
    }
}

#[test]
fn hooks_of_any_name_are_answered_and_provisioners_run_as_often_as_they_are_asked_for() {
    let Some(sandbox) = sandbox(
        r#"
source "tester-machine" "m" {
  disk  = "disk"
  hooks = ["before_anything", "packer_provision", "in_between", "packer_provision"]
}
build {
  sources = ["tester-machine.m"]
  provisioner "tester" { say = "provisioned" }
}
"#,
    ) else {
        return;
    };
    let text = sandbox.run(&["build", "-color=false", "t.pkr.hcl"]).expect(0);
    assert_eq!(text.matches("==> tester-machine.m: provisioned\n").count(), 2, "{text}");
}

#[test]
fn much_state_is_passed_on() {
    const TEMPLATE: &str = r#"
source "tester-machine" "m" {
  disk       = "disk"
  state_size = "64MiB"
}
build {
  sources = ["tester-machine.m"]
  post-processor "tester-transform" {
    output = "out"
    states = ["big", "bytes", "negative", "nothing of the kind"]
  }
}
"#;
    for sdk in [Sdk::New, Sdk::Old] {
        let sandbox = Sandbox::with_template(TEMPLATE);
        if !install(&sandbox, sdk, SOURCE) {
            return;
        }
        sandbox.run(&["build", "t.pkr.hcl"]).expect(0);
        let out = sandbox.read("out");
        assert!(out.len() > 64 << 20, "{} bytes", out.len());
        let rest = &out[out.len() - 100..];
        let expected = "state bytes: [0 1 254 255]\nstate negative: -1099511627776\nstate nothing of the kind: <nil>\n";
        assert!(rest.ends_with(expected), "{sdk:?}: {rest}");
    }
}

#[test]
fn an_artifact_passed_on_is_destroyed_by_who_has_it() {
    let Some(sandbox) = sandbox(
        r#"
source "tester-machine" "m" { disk = "disk" }
build {
  sources = ["source.tester-machine.m"]
  post-processors {
    post-processor "tester-keeper" { keep = true }
    post-processor "tester-transform" { output = "out" }
  }
}
"#,
    ) else {
        return;
    };
    sandbox.run(&["build", "t.pkr.hcl"]).expect(0);
    assert!(sandbox.path("out").exists() && !sandbox.path("disk").exists());
}

/// How many processes of plugins run below this process now, in the plugin folder of a sandbox.
fn n_plugins(sandbox: &Sandbox) -> usize {
    let folder = sandbox.path("");
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let programs = processes.filter_map(|process| std::fs::read_link(process.path().join("exe")).ok());
    programs.filter(|program| program.starts_with(&folder)).count()
}

/// The most processes of plugins that ran at the same time, and what the run printed.
fn watched(sandbox: &Sandbox, args: &[&str]) -> (usize, String) {
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let sampled = scope.spawn(|| {
            let mut most = 0;
            while !ended.load(Ordering::Acquire) {
                most = most.max(n_plugins(sandbox));
            }
            most
        });
        let text = sandbox.run(args);
        ended.store(true, Ordering::Release);
        (sampled.join().unwrap(), text.expect(0))
    })
}

#[test]
fn a_few_data_sources_run_at_a_time() {
    const N_SOURCES: usize = 60;
    let data: String =
        (0..N_SOURCES).map(|at| format!("data \"tester-nested\" \"d{at}\" {{ text = \"{at}\" }}\n")).collect();
    let texts: Vec<String> = (0..N_SOURCES).map(|at| format!("data.tester-nested.d{at}.text")).collect();
    let template = format!(
        "{data}source \"null\" \"n\" {{ communicator = \"none\" }}\nbuild {{\n  sources = [\"null.n\"]\n  provisioner \
         \"shell-local\" {{ inline = [\"echo ${{join(\"-\", [{}])}}\"] }}\n}}\n",
        texts.join(", ")
    );
    let Some(sandbox) = sandbox(&template) else { return };
    let (most, text) = watched(&sandbox, &["build", "-color=false", "t.pkr.hcl"]);
    assert!(text.contains("0-1-2-3-") && text.contains("-58-59\n"), "{text}");
    assert!((1..=16).contains(&most), "{most} processes");
}

#[test]
fn no_more_processes_run_than_nodes() {
    const N_BUILDS: usize = 100;
    const ABREAST: usize = 4;
    let sources: String =
        (0..N_BUILDS).map(|at| format!("source \"tester-machine\" \"m{at}\" {{ disk = \"disk{at}\" }}\n")).collect();
    let names: Vec<String> = (0..N_BUILDS).map(|at| format!("\"tester-machine.m{at}\"")).collect();
    let template = format!(
        "{sources}build {{\n  sources = [{}]\n  provisioner \"tester\" {{}}\n  post-processor \"tester-keeper\" {{}}\n}}\n",
        names.join(", ")
    );
    let Some(sandbox) = sandbox(&template) else { return };
    let args = ["build", "-color=false", &format!("-parallel-builds={ABREAST}"), "t.pkr.hcl"];
    let (most, text) = watched(&sandbox, &args);
    assert_eq!(text.matches("' finished after ").count(), N_BUILDS);
    // A build in flight has its builder, and one component that works on it or its artifact; those that are checked ahead
    // are as many as there are cores, and one.
    let n_cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let allowed = 2 * ABREAST + n_cores + 1;
    assert!((2..=allowed).contains(&most), "{most} processes, at most {allowed} are allowed");
    assert_eq!(n_plugins(&sandbox), 0);
}

/// Interrupts a run once these files are there, so often, and gives what it printed.
fn interrupted(sandbox: &Sandbox, files: &[&str], times: usize) -> String {
    let mut command = sandbox.command(&["build", "-color=false", "t.pkr.hcl"]);
    let child = command.stdout(std::fs::File::create(sandbox.path("out")).unwrap()).spawn().unwrap();
    let packer = rustix::process::Pid::from_child(&child);
    sandbox.wait_for(files);
    for heard in ["", "Cancelling build after receiving interrupt"].into_iter().take(times) {
        // Signals that come too fast are one.
        while !sandbox.read("out").contains(heard) {
            std::thread::yield_now();
        }
        rustix::process::kill_process(packer, rustix::process::Signal::INT).unwrap();
    }
    sandbox.finish(child).expect(1);
    sandbox.normalised(&sandbox.read("out"))
}

#[test]
fn plugins_clean_up_when_a_run_is_stopped() {
    let Some(sandbox) = sandbox(
        r#"
source "tester-machine" "boot" {
  disk = "booting"
  boot = "1h"
}
source "tester-machine" "work" { disk = "working" }
build { sources = ["tester-machine.boot"] }
build {
  sources = ["tester-machine.work"]
  provisioner "tester-tool" {
    run  = ["touch started"]
    work = "1h"
  }
  error-cleanup-provisioner "tester" { say = "cleaning up" }
}
"#,
    ) else {
        return;
    };
    let text = interrupted(&sandbox, &["booting", "working/started"], 1);
    for part in [
        "==> tester-machine.boot: Removing machine machine-booting\n",
        "Build 'tester-machine.boot' errored after [DURATION]: context canceled\n",
        "==> tester-machine.work: cleaning up\n==> tester-machine.work: Removing machine machine-working\n",
        "Build 'tester-machine.work' errored after [DURATION]: context canceled\n",
        "Cleanly cancelled builds after being interrupted.\n",
    ] {
        assert!(text.contains(part), "{part:?} is missing in:\n{text}");
    }
    assert!(!sandbox.path("booting").exists() && !sandbox.path("working").exists());
    assert_eq!(n_plugins(&sandbox), 0);
}

#[test]
fn a_plugin_that_hears_nothing_is_ended_by_the_second_interrupt() {
    let Some(sandbox) = sandbox(
        r#"
source "tester-machine" "m" { disk = "disk" }
build {
  sources = ["tester-machine.m"]
  provisioner "shell-local" { inline = ["touch reached"] }
  provisioner "tester-tool" { faults = ["hang:provision"] }
}
"#,
    ) else {
        return;
    };
    let text = interrupted(&sandbox, &["reached"], 2);
    assert!(text.contains("Build 'tester-machine.m' errored after [DURATION]: context canceled\n"), "{text}");
    assert_eq!(n_plugins(&sandbox), 0);
}
