//! What `build` writes about a run for other programs: `--events`.

use std::io::{BufRead, BufReader};
use std::process::Command;

use serde_json::Value;

use crate::sandbox::Sandbox;

/// One build that succeeds, one that fails and one that is never started; a data source decides what they are called.
const TEMPLATE: &str = r#"
variable "token" {
  default   = "hunter2"
  sensitive = true
}
data "null" "name" { input = "web" }
data "http" "gone" { url = "http://127.0.0.1:1/" }
source "null" "good" { communicator = "none" }
source "null" "bad" { communicator = "none" }
source "file" "never" {
  content = data.http.gone.body
  target  = "never.txt"
}
build {
  name    = data.null.name.output
  sources = ["null.good", "null.bad", "file.never"]
  provisioner "shell-local" {
    inline           = ["test $PACKER_BUILD_NAME != bad"]
    valid_exit_codes = [0]
  }
  post-processor "manifest" {
    only   = ["null.good"]
    output = "${var.token}/manifest.json"
  }
}
"#;

/// The lines of a file of events.
fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

fn of_type<'a>(events: &'a [Value], name: &str) -> Vec<&'a Value> {
    events.iter().filter(|event| event["type"] == name).collect()
}

/// The one event of this type and node.
#[track_caller]
fn of_node<'a>(events: &'a [Value], name: &str, node: &str) -> &'a Value {
    let found: Vec<&Value> = of_type(events, name).into_iter().filter(|event| event["node"] == node).collect();
    let [event] = found[..] else { panic!("{name} of {node}: {found:?} in {events:#?}") };
    event
}

#[test]
fn events_are_numbered_lines_from_the_first_stage_to_the_last_node() {
    let sandbox = Sandbox::with_template(TEMPLATE);
    sandbox.run(&["build", "--events", "out.jsonl", "t.pkr.hcl"]).expect(1);
    let text = sandbox.read("out.jsonl");
    assert!(!text.contains("hunter2") && text.contains("<sensitive>"), "{text}");
    let events = lines(&text);
    let numbers: Vec<u64> = events.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (0..events.len() as u64).collect::<Vec<_>>());
    let times: Vec<f64> = events.iter().map(|event| event["at"].as_f64().unwrap()).collect();
    assert!(times.is_sorted(), "{times:?}");
    let stages = of_type(&events, "run-started");
    assert_eq!(stages.iter().map(|stage| &stage["stage"]).collect::<Vec<_>>(), ["data", "build"]);
    for (nth, stage) in stages.iter().enumerate() {
        assert_eq!(stage["schema"], "1.0");
        assert_eq!((&stage["packer"], &stage["template"]), (&"1.16.0".into(), &"t.pkr.hcl".into()));
        assert_eq!(stage["run"].as_str().unwrap().len(), 36, "{stage}");
        assert!(stage["started"].as_str().unwrap().ends_with('Z'), "{stage}");
        let counts = of_type(&events, "run-ended")[nth];
        let names = ["succeeded", "failed", "skipped", "cancelled", "timed_out", "bugs"];
        let ended: u64 = names.iter().map(|name| counts[name].as_u64().unwrap()).sum();
        assert_eq!(stage["nodes"], ended, "{counts}");
    }
}

#[test]
fn every_node_is_told_with_how_it_ended() {
    let sandbox = Sandbox::with_template(TEMPLATE);
    sandbox.run(&["build", "--events=out.jsonl", "t.pkr.hcl"]).expect(1);
    let events = lines(&sandbox.read("out.jsonl"));
    let data = of_node(&events, "node-ended", "data.null.name");
    assert_eq!(
        (&data["outcome"], &data["kind"], &data["component"]),
        (&"succeeded".into(), &"datasource".into(), &"null".into())
    );
    let started = of_node(&events, "node-started", "web.null.bad/provision[0]");
    assert_eq!((&started["build"], &started["component"]), (&"web.null.bad".into(), &"shell-local".into()));
    let failed = of_node(&events, "node-ended", "web.null.bad/provision[0]");
    assert_eq!(failed["outcome"], "failed");
    assert!(failed["error"].as_str().unwrap().contains("non-zero exit status: 1"), "{failed}");
    assert!(failed["seconds"].as_f64().unwrap() > 0.0, "{failed}");
    let skipped = of_node(&events, "node-skipped", "web.file.never/open");
    assert_eq!((&skipped["outcome"], &skipped["because"]), (&"skipped".into(), &"data.http.gone".into()));
    let masked = of_node(&events, "node-ended", "web.null.good/post-process[0][0]");
    assert!(masked["error"].as_str().unwrap().contains("<sensitive>"), "{masked}");
    // Each starts before it ends, or is skipped and does neither.
    let named = |name: &str| of_type(&events, name).iter().map(|event| event["node"].clone()).collect::<Vec<_>>();
    let (started, ended, skipped) = (named("node-started"), named("node-ended"), named("node-skipped"));
    assert!(ended.iter().all(|node| started.contains(node) && !skipped.contains(node)));
    assert_eq!(started.len(), ended.len());
}

#[test]
fn a_file_that_cannot_be_written_is_an_error_before_anything_runs() {
    let template =
        "source \"file\" \"a\" {\n  content = \"x\"\n  target  = \"a.txt\"\n}\nbuild {\n  sources = [\"file.a\"]\n}\n";
    for (flag, why) in [
        ("--events=gone/out.jsonl", "Error: --events gone/out.jsonl: cannot be written: No such file or directory"),
        ("--events=.", "Error: --events .: cannot be written: Is a directory"),
        ("--events=-", "invalid value \"-\" for flag -events: standard output is taken; name a file"),
        ("--events=", "invalid value \"\" for flag -events: name a file"),
    ] {
        let sandbox = Sandbox::with_template(template);
        let text = sandbox.run(&["build", flag, "t.pkr.hcl"]).expect(1);
        assert!(text.contains(why), "{why:?} is missing in:\n{text}");
        assert!(!sandbox.path("a.txt").exists(), "{flag}");
    }
}

#[test]
fn what_becomes_of_the_file_does_not_change_the_builds() {
    let sandbox = Sandbox::with_template(
        "source \"null\" \"a\" {\n  communicator = \"none\"\n}\nbuild {\n  sources = [\"null.a\"]\n}\n",
    );
    let text = sandbox.run(&["build", "--events=/dev/full", "t.pkr.hcl"]).expect(0);
    let warning =
        "Warning: --events /dev/full: No space left on device (os error 28); the events from here on are lost\n";
    assert_eq!(text.matches(warning).count(), 1, "{text}");
    assert!(text.ends_with("--> null.a: Did not export anything. This is the null builder\n"), "{text}");
}

#[test]
fn a_reader_that_goes_away_is_told_once() {
    let sandbox = Sandbox::with_template(
        r#"
source "null" "a" { communicator = "none" }
build {
  sources = ["null.a"]
  provisioner "shell-local" { inline = ["until test -e go; do sleep 0.01; done"] }
}
"#,
    );
    let pipe = sandbox.path("pipe");
    #[expect(clippy::disallowed_methods, reason = "the test is the shell here")]
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let packer = sandbox.command(&["build", "--events=pipe", "t.pkr.hcl"]).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(std::fs::File::open(&pipe).unwrap()).read_line(&mut first).unwrap();
    assert_eq!(lines(&first)[0]["type"], "run-started");
    sandbox.write("go", "");
    let text = sandbox.finish(packer).expect(0);
    let warning = "Warning: --events pipe: Broken pipe (os error 32); the events from here on are lost\n";
    assert_eq!(text.matches(warning).count(), 1, "{text}");
}
