//! What takes too long, and what may pass: `--node-timeout`, `--build-timeout`, `--timeout`, `--idle-timeout`, `--retries`,
//! and quotas that shrink.

use crate::sandbox::Sandbox;
use crate::tester;
use crate::web_server::{Reply, Server};

/// A build that takes for ever at its first step, unless it is told to end; and what cleans up after it.
const ENDLESS: &str = r#"
source "null" "a" { communicator = "none" }
build {
  sources = ["null.a"]
  provisioner "shell-local" { inline = ["touch ${source.name}.began; while true; do FIRST; done"] }
  provisioner "shell-local" { inline = ["touch ${source.name}.second"] }
  error-cleanup-provisioner "shell-local" { inline = ["touch ${source.name}.cleaned"] }
  post-processor "shell-local" { inline = ["touch ${source.name}.post"] }
}
"#;

const SILENT: &str = "sleep 0.05";

/// Builds with these flags; what was cut short must have been cleaned up after, and nothing more done.
fn cut_short(first: &str, flags: &[&str], expected: &str) {
    let sandbox = Sandbox::with_template(&ENDLESS.replace("FIRST", first));
    let output = sandbox.run(&[&["build", "-color=false"], flags, &["t.pkr.hcl"]].concat());
    let text = output.expect(1);
    assert!(text.contains(expected), "{flags:?}: {expected}: {text}");
    let exists = |name: &str| sandbox.path(name).exists();
    assert!(exists("a.began") && exists("a.cleaned"), "{flags:?}: {text}");
    assert!(!exists("a.second") && !exists("a.post"), "{flags:?}: {text}");
}

#[test]
fn what_takes_too_long_is_ended_and_cleaned_up_after() {
    let late = "--> null.a: null.a/provision[0]: ";
    cut_short(SILENT, &["--node-timeout", "2s"], &format!("{late}it took longer than 2s"));
    cut_short(SILENT, &["--build-timeout=2s"], &format!("{late}it and what it belongs to took longer than 2s"));
    cut_short(SILENT, &["--timeout=2s"], &format!("{late}the run took longer than 2s"));
    cut_short(SILENT, &["--timeout=2s"], "Error: the run takes longer than --timeout allows.");
    cut_short(SILENT, &["--idle-timeout=2s"], &format!("{late}nothing was heard of it for 2s"));
}

#[test]
fn what_speaks_is_not_idle() {
    let speaks = "echo still here; sleep 0.05";
    let late = "--> null.a: null.a/provision[0]: it took longer than 3s";
    cut_short(speaks, &["--idle-timeout=1s", "--node-timeout=3s"], late);
}

#[test]
fn a_run_out_of_time_fails_although_nothing_in_it_did() {
    let sandbox = Sandbox::with_template(
        r#"
source "null" "a" { communicator = "none" }
source "null" "b" { communicator = "none" }
build {
  sources = ["null.a", "null.b"]
  provisioner "shell-local" { inline = ["trap '' INT TERM; while ! grep -q time-up events; do sleep 0.01; done"] }
}
"#,
    );
    let output =
        sandbox.run(&["build", "-color=false", "-parallel-builds=1", "--timeout=1s", "--events=events", "t.pkr.hcl"]);
    let text = output.expect(1);
    assert!(text.contains("Error: the run takes longer than --timeout allows."), "{text}");
    assert!(!text.contains("Build 'null.b'"), "{text}");
}

#[test]
fn a_data_source_that_is_told_to_come_again_does() {
    let mut n_asked = 0;
    let server = Server::start(move |_| {
        n_asked += 1;
        if n_asked == 1 { Reply::status(503) } else { Reply::with("there") }
    });
    let template = r#"
data "http" "late" { url = "URL" }
source "file" "x" {
  content = data.http.late.body
  target  = "x.txt"
}
build { sources = ["file.x"] }
"#;
    let sandbox = Sandbox::with_template(&template.replace("URL", &server.at("x")));
    let text = sandbox.run(&["build", "-color=false", "--retries=1", "t.pkr.hcl"]).expect(0);
    let again = "data.http.late failed: HTTP request error. Response code: 503. It is tried again in 1s.";
    assert!(text.contains(again), "{text}");
    assert_eq!(sandbox.read("x.txt"), "there");
}

/// A builder of a plugin that fails like this.
const FAILING: &str = r#"
packer {
  pool "cloud" { capacity = 8 }
}
source "tester-quick" "bad" {
  faults = FAULTS
  claims = { cloud = 2 }
}
source "null" "n" { communicator = "none" }
build {
  sources = ["tester-quick.bad"]
}
build {
  sources = ["null.n"]
  provisioner "shell-local" { inline = ["while ! grep -q node-retried events; do sleep 0.01; done; touch passed"] }
}
"#;

#[test]
fn a_builder_whose_trouble_passes_succeeds_in_the_end() {
    let faults = "fileexists(\"${path.cwd}/passed\") ? [] : [\"error:run:read: connection reset by peer\"]";
    let Some(sandbox) = tester::sandbox(&FAILING.replace("FAULTS", faults)) else { return };
    let text = sandbox.run(&["build", "-color=false", "--retries=5", "--events=events", "t.pkr.hcl"]).expect(0);
    let again = "tester-quick.bad/open failed: read: connection reset by peer. It is tried again in 1s.";
    assert!(text.contains(again), "{text}");
    assert!(text.contains("Build 'tester-quick.bad' finished"), "{text}");
}

/// A provisioner or post-processor of a plugin whose trouble passes once somebody saw that it is tried again.
const PASSING: &str = r#"
source "file" "bad" {
  content = "x"
  target  = "x.txt"
}
source "null" "n" { communicator = "none" }
build {
  sources = ["file.bad"]
  STEP {
    faults = fileexists("${path.cwd}/passed") ? [] : ["error:METHOD:read: connection reset by peer"]
    MORE
  }
}
build {
  sources = ["null.n"]
  provisioner "shell-local" { inline = ["while ! grep -q node-retried events; do sleep 0.01; done; touch passed"] }
}
"#;

#[test]
fn provisioners_and_post_processors_whose_trouble_passes_succeed_as_well() {
    for (step, method, node) in [
        ("provisioner \"tester-tool\"", "provision", "provision[0]"),
        ("post-processor \"tester-transform\"", "postprocess", "post-process[0][0]"),
    ] {
        let more = if method == "provision" { "" } else { "output = \"out.txt\"" };
        let template = PASSING.replace("STEP", step).replace("METHOD", method).replace("MORE", more);
        let Some(sandbox) = tester::sandbox(&template) else { return };
        let text = sandbox.run(&["build", "-color=false", "--retries=9", "--events=events", "t.pkr.hcl"]).expect(0);
        let again = format!("file.bad/{node} failed: read: connection reset by peer. It is tried again in 1s.");
        assert!(text.contains(&again), "{text}");
        assert!(text.contains("Build 'file.bad' finished"), "{text}");
    }
}

#[test]
fn what_fails_in_another_way_than_at_first_tells_both() {
    let step = "post-processor \"tester-transform\"";
    let template = PASSING.replace("STEP", step).replace("METHOD", "postprocess").replace("MORE", "");
    let Some(sandbox) = tester::sandbox(&template) else { return };
    let text = sandbox.run(&["build", "-color=false", "--retries=9", "--events=events", "t.pkr.hcl"]).expect(1);
    let both = "no such file or directory (attempt 2; the first failed with: read: connection reset by peer)";
    assert!(text.contains(both), "{text}");
}

#[test]
fn attempts_run_out_and_what_will_not_pass_is_tried_once() {
    for (fault, flag, expected, is_retried) in [
        ("broken pipe", "--retries=1", "--> tester-quick.bad: broken pipe (attempt 2)\n", true),
        ("no luck", "--retries=1", "--> tester-quick.bad: no luck\n", false),
        ("broken pipe", "--keep-going", "--> tester-quick.bad: broken pipe\n", false),
    ] {
        let faults = format!("[\"error:run:{fault}\"]");
        let Some(sandbox) = tester::sandbox(&FAILING.replace("FAULTS", &faults)) else { return };
        let text = sandbox.run(&["build", "-color=false", "-only=*.bad", flag, "t.pkr.hcl"]).expect(1);
        assert!(text.contains(expected), "{fault} {flag}: {text}");
        assert_eq!(text.contains("It is tried again"), is_retried, "{fault} {flag}: {text}");
    }
}

#[test]
fn a_pool_shrinks_when_a_provider_says_that_it_is_too_much() {
    let faults = "[\"error:run:ThrottlingException: Rate exceeded\"]";
    let Some(sandbox) = tester::sandbox(&FAILING.replace("FAULTS", faults)) else { return };
    let text = sandbox.run(&["build", "-color=false", "-only=*.bad", "t.pkr.hcl"]).expect(1);
    let shrinks = "Pool cloud shrinks from 8 to 2: a provider said that it was too much at once.";
    assert!(text.contains(shrinks), "{text}");
}

#[test]
fn limits_that_make_no_sense_are_refused() {
    let sandbox = Sandbox::with_template(ENDLESS);
    for (flags, expected) in [
        (&["--timeout=0s"][..], "it must be more than 0, such as 90s or 1h30m"),
        (&["--node-timeout", "soon"], "\"soon\""),
        (&["--retries=x"], "parse error"),
        (&["--fail-fast", "--keep-going"], "it cannot be used together with --fail-fast"),
    ] {
        let output = sandbox.run(&[&["build"], flags, &["t.pkr.hcl"]].concat());
        assert_eq!(output.code, 1, "{flags:?}");
        let text = output.stdout + &output.stderr;
        assert!(text.contains(expected), "{flags:?}: {text}");
    }
}
