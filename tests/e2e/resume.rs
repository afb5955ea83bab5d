//! `build -resume`: what an earlier run finished is taken over, and the rest is built.

use std::fs;

use plugins::journal::{Fate, History};
use rustix::process::{Pid, Signal, kill_process};

use crate::cleanup::RUNS;
use crate::sandbox::Sandbox;

/// Three images. What each step does is counted in `did`; `c` fails while there is a file `bad`.
const TEMPLATE: &str = r#"
variable "word" { default = "one" }
variable "secret" {
  default   = "swordfish-7"
  sensitive = true
}
locals { day = formatdate("YYYY-MM-DD'T'hh:mm:ss", timestamp()) }
source "file" "a" {
  content = "${var.word} ${local.day} ${var.secret}"
  target  = "a.img"
}
source "file" "b" {
  source = "b.in"
  target = "b.img"
}
source "null" "c" { communicator = "none" }
build {
  sources = ["file.a", "file.b", "null.c"]
  provisioner "shell-local" {
    only   = ["null.c"]
    inline = ["echo provisioned >> did", "test ! -e bad"]
  }
  post-processors {
    post-processor "compress" {
      except              = ["null.c"]
      output              = "{{.BuildName}}.tar.gz"
      keep_input_artifact = true
    }
    post-processor "shell-local" {
      except           = ["null.c"]
      environment_vars = ["WORD=${var.secret}"]
      execute_command  = ["/bin/sh", "-c", "{{.Vars}} /bin/sh {{.Script}}"]
      script           = "after.sh"
    }
  }
}
"#;

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_template(TEMPLATE);
    sandbox.write("b.in", "b");
    sandbox.write("after.sh", "echo after $PACKER_BUILD_NAME >> did; test ! -e worse || exit 1\n");
    sandbox.write("did", "");
    sandbox
}

fn did(sandbox: &Sandbox) -> Vec<String> {
    let mut lines: Vec<String> = sandbox.read("did").lines().map(str::to_owned).collect();
    sandbox.write("did", "");
    lines.sort();
    lines
}

/// The artifacts in a summary.
fn artifacts(text: &str) -> Vec<String> {
    text.lines().filter(|line| line.starts_with("--> ")).map(str::to_owned).collect()
}

fn journals(sandbox: &Sandbox) -> Vec<History> {
    let mut found: Vec<_> = fs::read_dir(sandbox.path(RUNS)).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort_by_key(|path| fs::metadata(path).unwrap().created().unwrap());
    found.iter().map(|path| History::read(fs::File::open(path).unwrap()).unwrap()).collect()
}

#[test]
fn a_failed_run_is_taken_up_where_it_failed() {
    let sandbox = sandbox();
    sandbox.write("bad", "");
    let first = sandbox.run(&["build", "t.pkr.hcl"]).expect(1);
    assert_eq!(did(&sandbox), ["after a", "after b", "provisioned"]);
    let images = [sandbox.read("a.img"), sandbox.read("b.img")];
    fs::remove_file(sandbox.path("bad")).unwrap();
    let second = sandbox.run(&["build", "-resume", "t.pkr.hcl"]).expect(0);
    assert_eq!(did(&sandbox), ["provisioned"]);
    assert_eq!([sandbox.read("a.img"), sandbox.read("b.img")], images);
    for expected in [
        "Taking up run ",
        "file.a: Not built again: nothing that it is made from has changed since run ",
        "file.a: Not run again: post-process[0][0], unchanged since run ",
        "file.b: Not run again: post-process[0][1], unchanged since run ",
        "null.c: Built again, because of provision[0] in run ",
        "it failed: Script exited with non-zero exit status: 1.",
    ] {
        assert!(second.contains(expected), "{expected}\n{second}");
    }
    let was_made: Vec<String> = artifacts(&first).into_iter().filter(|line| !line.contains("null.c")).collect();
    let is_made: Vec<String> = artifacts(&second).into_iter().filter(|line| !line.contains("null.c")).collect();
    assert_eq!(was_made, is_made);
    // What was taken over is the second run's now, and nobody's to remove.
    let histories = journals(&sandbox);
    assert!(histories[1].has_succeeded() && histories[1].leftovers().count() == 0);
    assert_eq!(histories[1].run.as_ref().unwrap().resumes, Some(histories[0].run.as_ref().unwrap().run.clone()));
    let adopted = histories[0].resources.values().filter(|left| matches!(left.fate, Fate::Adopted(_))).count();
    assert_eq!(adopted, 4);
    assert_eq!(histories[0].leftovers().count(), 0);
    // The last run succeeded: there is nothing to take up.
    let third = sandbox.run(&["build", "-force", "-resume", "t.pkr.hcl"]).expect(0);
    assert!(third.contains("There is no run of this template to take up: all of it is built now."), "{third}");
    assert_eq!(did(&sandbox), ["after a", "after b", "provisioned"]);
}

#[test]
fn what_the_run_before_the_last_did_is_taken_over_unless_the_last_made_it_again() {
    let sandbox = sandbox();
    sandbox.write("bad", "");
    sandbox.run(&["build", "t.pkr.hcl"]).expect(1);
    assert_eq!(did(&sandbox), ["after a", "after b", "provisioned"]);
    // It does not come to all that the first did, and what it comes to is partly made again.
    sandbox.write("b.in", "other");
    let second = sandbox.run(&["build", "-resume", "-only=file.b,null.c", "t.pkr.hcl"]).expect(1);
    assert!(second.contains("file.b: Built again"), "{second}");
    assert_eq!(did(&sandbox), ["after b", "provisioned"]);
    fs::remove_file(sandbox.path("bad")).unwrap();
    let third = sandbox.run(&["build", "-resume", "t.pkr.hcl"]).expect(0);
    assert_eq!(did(&sandbox), ["provisioned"]);
    let ids: Vec<String> = journals(&sandbox).iter().map(|history| history.run.clone().unwrap().run).collect();
    let since = |nth: usize| ids[nth].split('-').next().unwrap().to_owned();
    for expected in [
        format!("file.a: Not built again: nothing that it is made from has changed since run {}.", since(0)),
        format!("file.a: Not run again: post-process[0][0], unchanged since run {}.", since(0)),
        format!("file.b: Not built again: nothing that it is made from has changed since run {}.", since(1)),
        format!("file.b: Not run again: post-process[0][1], unchanged since run {}.", since(1)),
        format!("null.c: Built again, because of provision[0] in run {}", since(1)),
    ] {
        assert!(third.contains(&expected), "{expected}\n{third}");
    }
    let histories = journals(&sandbox);
    assert_eq!(histories.iter().map(|history| history.leftovers().count()).sum::<usize>(), 0);
}

#[test]
fn the_manifest_of_a_run_that_was_taken_up_is_that_of_one_run() {
    const TEMPLATE: &str = r#"
source "file" "a" {
  content = "a"
  target  = "a.img"
}
source "file" "b" {
  content = "b"
  target  = "b.img"
}
build {
  sources = ["file.a", "file.b"]
  post-processors {
    post-processor "shell-local" { inline = ["test $PACKER_BUILD_NAME = a -o ! -e bad"] }
    post-processor "manifest" {}
  }
}
"#;
    let sandbox = Sandbox::with_template(TEMPLATE);
    sandbox.write("bad", "");
    sandbox.run(&["build", "t.pkr.hcl"]).expect(1);
    fs::remove_file(sandbox.path("bad")).unwrap();
    sandbox.run(&["build", "-resume", "t.pkr.hcl"]).expect(0);
    let manifest: serde_json::Value = serde_json::from_str(&sandbox.read("packer-manifest.json")).unwrap();
    let entries = manifest["builds"].as_array().unwrap().iter();
    let entries: Vec<_> = entries.map(|entry| (&entry["name"], &entry["packer_run_uuid"])).collect();
    assert_eq!(entries, [(&"a".into(), &manifest["last_run_uuid"]), (&"b".into(), &manifest["last_run_uuid"])]);
}

#[test]
fn no_secret_is_in_a_journal() {
    let sandbox = sandbox();
    sandbox.run(&["build", "t.pkr.hcl"]).expect(0);
    for entry in fs::read_dir(sandbox.path(RUNS)).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(11).any(|window| window == b"swordfish-7"));
    }
}

#[test]
fn what_has_changed_is_made_again_and_it_is_said_why() {
    let lost = "file.b: Built again, because of what run ";
    let rows: [(&str, &[&str], &[&str], &str); 7] = [
        ("", &[], &["provisioned"], "file.a: Not built again"),
        ("", &["-var", "word=two"], &["after a", "provisioned"], "file.a: Built again, because of open in run "),
        ("b.in", &[], &["after b", "provisioned"], "/b.in has changed."),
        ("after.sh", &[], &["after a", "after b", "provisioned"], "file.a: Run again: post-process[0][1]. In run "),
        ("-b.img", &[], &["after b", "provisioned"], lost),
        ("-b.tar.gz", &[], &["after b", "provisioned"], "file.b: Run again: post-process[0][0]. In run "),
        ("b.img", &[], &["after b", "provisioned"], lost),
    ];
    for (change, flags, expected, said) in rows {
        let sandbox = sandbox();
        sandbox.write("bad", "");
        sandbox.run(&["build", "t.pkr.hcl"]).expect(1);
        did(&sandbox);
        fs::remove_file(sandbox.path("bad")).unwrap();
        match change.strip_prefix('-') {
            Some(name) => fs::remove_file(sandbox.path(name)).unwrap(),
            None if change.is_empty() => {}
            None => {
                let text = sandbox.read(change);
                sandbox.write(change, format!("{text}\n"));
            }
        }
        let args: Vec<&str> =
            ["build", "-force", "-resume"].iter().chain(flags).chain(&["t.pkr.hcl"]).copied().collect();
        let text = sandbox.run(&args).expect(0);
        assert_eq!(did(&sandbox), expected, "{change} {flags:?}\n{text}");
        assert!(text.contains(said), "{change} {flags:?}\n{text}");
    }
}

#[test]
fn a_killed_run_is_taken_up() {
    let sandbox = sandbox();
    sandbox.write("t.pkr.hcl", TEMPLATE.replace("\"test ! -e bad\"", "\"touch here\", \"test ! -e bad || sleep 600\""));
    sandbox.write("bad", "");
    let mut packer = sandbox.command(&["build", "t.pkr.hcl"]).spawn().unwrap();
    sandbox.wait_for(&["here", "a.tar.gz", "b.tar.gz"]);
    let alive = sandbox.run(&["build", "-resume", "t.pkr.hcl"]).expect(1);
    assert!(alive.contains("is still running, or being cleaned up after"), "{alive}");
    kill_process(Pid::from_child(&packer), Signal::KILL).unwrap();
    packer.wait().unwrap();
    fs::remove_file(sandbox.path("bad")).unwrap();
    let history = &journals(&sandbox)[0];
    assert!(!history.has_ended() && history.leftovers().count() > 0);
    let run = history.run.as_ref().unwrap().run.clone();
    let text = sandbox.run(&["build", "-force", &format!("-resume={}", &run[..9]), "t.pkr.hcl"]).expect(0);
    assert!(text.contains("null.c: Built again, because of provision[0] in run "), "{text}");
    assert!(text.contains("it did not come to its end."), "{text}");
    assert_eq!(artifacts(&text).len(), 7, "{text}");
}

#[test]
fn runs_that_cannot_be_taken_up_are_refused() {
    let sandbox = sandbox();
    let none = sandbox.run(&["build", "-resume=7f", "t.pkr.hcl"]).expect(1);
    assert!(none.contains("no run \"7f\" is recorded in "), "{none}");
    sandbox.run(&["build", "t.pkr.hcl"]).expect(0);
    sandbox.write("other.pkr.hcl", TEMPLATE);
    let other = sandbox.run(&["build", "-resume=last", "other.pkr.hcl"]).expect(0);
    assert!(other.contains("There is no run of this template to take up"), "{other}");
    let run = journals(&sandbox)[0].run.as_ref().unwrap().run.clone();
    let other = sandbox.run(&["build", &format!("-resume={run}"), "other.pkr.hcl"]).expect(1);
    assert!(other.contains(&format!("run {run} is of another template: ")), "{other}");
}

#[test]
fn a_run_that_cannot_be_recorded_does_not_begin() {
    let mut sandbox = sandbox();
    sandbox.write("file", "");
    let folder = sandbox.path("file").join("state");
    sandbox.set("PACKER_STATE_DIR", folder.to_str().unwrap());
    let text = sandbox.run(&["build", "t.pkr.hcl"]).expect(1);
    assert!(text.contains("there is no place to record what runs: "), "{text}");
    assert!(text.contains("Set PACKER_STATE_DIR to a folder that can be written to"), "{text}");
    assert_eq!(did(&sandbox), [""; 0]);
}
