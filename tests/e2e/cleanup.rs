//! `packer cleanup`, over journals of runs that were killed, with shell scripts in place of providers' tools.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use engine::journal::Journal;
use expectrl::{Eof, Expect};
use plugins::journal::{Destroy, FileMark, GuardNote, Note, Resource, ResourceKind, RunNote, TemplateNote};
use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::fake_plugin::write_program;
use crate::sandbox::Sandbox;
use crate::terminal::on_terminal;

/// Where the journals are in a sandbox.
pub(crate) const RUNS: &str = ".local/state/packer/runs";

/// A tool whose machines are files in `cloud/`. Calls are counted in `calls`.
const TOOL: &str = r#"
echo "$*" >> "$HOME/calls"
for last; do :; done
test -e "$HOME/broken/$last" && { echo "no luck with $last"; exit 4; }
test -e "$HOME/cloud/$last" || { echo "Error: No such container: $last" >&2; exit 1; }
echo "$last" >> "$HOME/begun"
while test -e "$HOME/hold"; do sleep 0.01; done
rm "$HOME/cloud/$last"
"#;

fn sandbox() -> Sandbox {
    let mut sandbox = Sandbox::new();
    write_program(&sandbox, "tools/docker", TOOL);
    let path = format!("{}:/usr/bin:/bin", sandbox.path("tools").display());
    sandbox.set("PATH", &path);
    sandbox
}

fn resource(number: u64, kind: ResourceKind, id: &str, provider: &str, destroy: Destroy) -> Note {
    let (build, id, provider) = ("acme.web".to_owned(), id.to_owned(), provider.to_owned());
    Note::Resource(Resource { number, node: None, build, kind, id, provider, place: Default::default(), destroy })
}

/// A machine in the cloud.
fn container(sandbox: &Sandbox, number: u64, id: &str) -> Note {
    sandbox.write(&format!("cloud/{id}"), "");
    resource(number, ResourceKind::Container, id, "docker", Destroy::Provider)
}

fn file(number: u64, mark: FileMark) -> Note {
    let id = mark.path.display().to_string();
    resource(number, ResourceKind::TemporaryFile, &id, "local", Destroy::Files { files: vec![mark] })
}

/// Writes the journal of a run that was killed.
fn killed(sandbox: &Sandbox, run: &str, started: &str, notes: &[Note]) -> PathBuf {
    killed_of(sandbox, "/t.pkr.hcl", run, started, notes)
}

fn killed_of(sandbox: &Sandbox, template: &str, run: &str, started: &str, notes: &[Note]) -> PathBuf {
    let path = sandbox.path(RUNS).join(format!("{run}.journal"));
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let journal = Journal::start(File::create_new(&path).unwrap()).unwrap();
    let template = TemplateNote { path: template.to_owned(), digest: String::new() };
    let (run, started) = (run.to_owned(), started.to_owned());
    let first = Note::Run(RunNote { run, started, template, ..RunNote::default() });
    for note in std::iter::once(&first).chain(notes) {
        journal.wait(journal.note(&note.to_bytes())).unwrap();
    }
    path
}

const LONG_AGO: &str = "2020-01-01T00:00:00Z";
const LATER: &str = "2020-01-01T00:00:01Z";

fn left_in_the_cloud(sandbox: &Sandbox) -> usize {
    std::fs::read_dir(sandbox.path("cloud")).map_or(0, Iterator::count)
}

fn document(sandbox: &Sandbox, args: &[&str], code: i32) -> Value {
    let args: Vec<&str> = [&["cleanup", "-json"], args].concat();
    serde_json::from_str(&sandbox.run(&args).expect(code)).unwrap()
}

#[test]
fn where_nothing_was_recorded_nothing_is_left() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run(&["cleanup"]).expect(0), "Nothing is left behind.\n");
    assert_eq!(document(&sandbox, &[], 0)["left"], 0);
    let text = sandbox.run(&["cleanup", "abc"]).expect(1);
    assert!(text.contains("no run \"abc\" is recorded"), "{text}");
    for (flag, word) in [("-older-than=soon", "invalid duration"), ("-older-than=-1h", "must not be negative")] {
        let text = sandbox.run(&["cleanup", flag]).expect(1);
        assert!(text.contains(word) && text.contains("Usage: packer cleanup [options] [RUN...]"), "{text}");
    }
}

#[test]
fn what_a_killed_run_left_is_listed_and_removed_for_good() {
    let sandbox = sandbox();
    sandbox.write("made", "");
    let made = FileMark::of(sandbox.path("made")).unwrap();
    let notes = [container(&sandbox, 1, "c-1"), file(2, made), container(&sandbox, 3, "c-2"), Note::Gone { number: 3 }];
    killed(&sandbox, "aaaa", LONG_AGO, &notes);
    let listed = "Run aaaa of /t.pkr.hcl, started 2020-01-01T00:00:00Z, did not come to its end:\n    \
                  acme.web: container c-1\n        docker rm --force --volumes c-1\n    \
                  acme.web: temporary-file [SANDBOX]/made\n        rm -r -- [SANDBOX]/made\n";
    assert_eq!(sandbox.run(&["cleanup", "-dry-run"]).expect(0), listed);
    let text = sandbox.run(&["cleanup"]).expect(1);
    assert!(text.starts_with(listed) && text.contains("Pass -auto-approve to remove what is listed"), "{text}");
    assert_eq!(document(&sandbox, &[], 0)["left"], 2);
    assert!(sandbox.path("made").exists() && !sandbox.path("calls").exists(), "nothing happens unasked");
    let text = sandbox.run(&["cleanup", "-auto-approve", "aa"]).expect(0);
    for line in [
        "Removed acme.web: container c-1",
        "Removed acme.web: temporary-file [SANDBOX]/made",
        "Nothing is left of run aaaa. Its journal is kept for `packer replay`.",
    ] {
        assert!(text.contains(&format!("{line}\n")), "{line:?} in {text}");
    }
    assert!(!sandbox.path("made").exists());
    assert_eq!(sandbox.read("calls"), "rm --force --volumes c-1\n");
    assert_eq!(sandbox.run(&["cleanup"]).expect(0), "Nothing is left behind.\n");
    assert!(sandbox.path(RUNS).join("aaaa.journal").exists());
}

#[test]
fn one_failure_keeps_nothing_else_and_can_be_tried_again() {
    let sandbox = sandbox();
    let notes: Vec<Note> = (1..=20).map(|number| container(&sandbox, number, &format!("c-{number}"))).collect();
    killed(&sandbox, "aaaa", LONG_AGO, &notes);
    sandbox.write("broken/c-7", "");
    let found = document(&sandbox, &["-auto-approve"], 1);
    assert_eq!((found["left"].as_u64(), left_in_the_cloud(&sandbox)), (Some(1), 1));
    let bad = found["runs"][0]["resources"].as_array().unwrap().iter().find(|row| row["result"] == "left").unwrap();
    assert_eq!(bad["id"], "c-7");
    assert_eq!(bad["error"], "docker rm --force --volumes c-7: exit status 4\n    no luck with c-7");
    let text = sandbox.run(&["cleanup", "-auto-approve"]).expect(1);
    assert!(text.contains("`packer cleanup -forget aaaa` strikes it off the record"), "{text}");
    std::fs::remove_file(sandbox.path("broken/c-7")).unwrap();
    sandbox.run(&["cleanup", "-auto-approve"]).expect(0);
    assert_eq!(left_in_the_cloud(&sandbox), 0);
}

#[test]
fn what_is_gone_already_is_gone() {
    let sandbox = sandbox();
    let note = container(&sandbox, 1, "c-1");
    std::fs::remove_file(sandbox.path("cloud/c-1")).unwrap();
    let process = Destroy::Process { pid: i32::MAX, started: Some(1) };
    let seen = [
        file(2, FileMark::planned(sandbox.path("never made"))),
        resource(3, ResourceKind::Process, "7", "local", process),
    ];
    killed(&sandbox, "bbbb", LONG_AGO, &seen);
    assert_eq!(sandbox.run(&["cleanup"]).expect(0), "Nothing is left behind.\n", "what is seen to be gone is not told");
    killed(&sandbox, "aaaa", LONG_AGO, &[note]);
    let found = document(&sandbox, &["-auto-approve"], 0);
    assert_eq!(found["runs"][0]["resources"][0]["result"], "was-gone");
    assert_eq!(sandbox.run(&["cleanup"]).expect(0), "Nothing is left behind.\n");
}

#[test]
fn what_nobody_here_can_remove_comes_with_its_command_and_can_be_forgotten() {
    let sandbox = sandbox();
    let notes = [
        resource(1, ResourceKind::Machine, "i-1", "amazon", Destroy::Provider),
        resource(2, ResourceKind::Machine, "m-1", "acme", Destroy::Unknown),
    ];
    killed(&sandbox, "aaaa", LONG_AGO, &notes);
    let text = sandbox.run(&["cleanup", "-auto-approve"]).expect(1);
    assert!(
        text.contains(
            "Is left: acme.web: machine i-1: aws is not installed here\n    aws ec2 terminate-instances --instance-ids=i-1\n"
        ),
        "{text}"
    );
    assert!(text.contains("no command is known that removes machine m-1 of acme"), "{text}");
    let text = sandbox.run(&["cleanup", "-auto-approve", "-forget", "aaaa"]).expect(0);
    assert!(text.contains("Struck off the record: acme.web: machine i-1\n"), "{text}");
    assert_eq!(sandbox.run(&["cleanup"]).expect(0), "Nothing is left behind.\n");
}

#[test]
fn a_run_that_is_alive_is_left_alone() {
    let sandbox = sandbox();
    let alive = killed(&sandbox, "aaaa", LONG_AGO, &[container(&sandbox, 1, "c-1")]);
    killed(&sandbox, "bbbb", LONG_AGO, &[container(&sandbox, 1, "c-2")]);
    let held = File::open(alive).unwrap();
    flock(&held, FlockOperation::LockExclusive).unwrap();
    let text = sandbox.run(&["cleanup", "-auto-approve"]).expect(0);
    assert!(
        text.contains("Run aaaa of /t.pkr.hcl, started 2020-01-01T00:00:00Z, is in use and left alone\n"),
        "{text}"
    );
    assert!(sandbox.path("cloud/c-1").exists() && !sandbox.path("cloud/c-2").exists());
    drop(held);
    sandbox.run(&["cleanup", "-auto-approve"]).expect(0);
    assert_eq!(left_in_the_cloud(&sandbox), 0);
}

#[cfg(target_os = "linux")]
#[test]
#[expect(clippy::disallowed_methods, reason = "a stand-in for a guard, which nothing of ours starts")]
fn a_run_whose_plugins_still_cancel_is_waited_for() {
    let sandbox = sandbox();
    sandbox.write("hold", "");
    let machine = container(&sandbox, 1, "c-1");
    // As a guard does that has a plugin remove its machine.
    let mut shell = Command::new("sh");
    shell.args(["-c", "while test -e hold; do sleep 0.01; done; rm cloud/c-1"]).current_dir(sandbox.path("."));
    let mut shell = shell.process_group(0).spawn().unwrap();
    let pid = shell.id().cast_signed();
    let guard = Note::Guard(GuardNote { pid, started: plugins::process::started_at(pid) });
    killed(&sandbox, "aaaa", LONG_AGO, &[machine, guard]);
    let text = sandbox.run(&["cleanup", "-dry-run"]).expect(0);
    assert!(
        text.contains("started 2020-01-01T00:00:00Z, was killed, and what it had running is being ended:\n"),
        "{text}"
    );
    assert_eq!(document(&sandbox, &[], 0)["runs"][0]["condition"], "ending");
    let mut cleanup = sandbox.command(&["cleanup", "-auto-approve"]).spawn().unwrap();
    let mut said = BufReader::new(cleanup.stdout.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert_eq!(line, "Run aaaa was killed, and what it had running is being ended. Waiting for that.\n");
    assert!(!sandbox.path("calls").exists());
    std::fs::remove_file(sandbox.path("hold")).unwrap();
    // The last to look at it would be the system's first process.
    shell.wait().unwrap();
    let mut text = String::new();
    said.read_to_string(&mut text).unwrap();
    assert!(
        text.contains("did not come to its end") && text.contains("Was gone already: acme.web: container c-1\n"),
        "{text}"
    );
    assert!(cleanup.wait().unwrap().success());
    assert_eq!(sandbox.run(&["cleanup"]).expect(0), "Nothing is left behind.\n");
}

#[test]
fn young_runs_can_be_left_out() {
    let sandbox = sandbox();
    killed(&sandbox, "aaaa", LONG_AGO, &[container(&sandbox, 1, "c-1")]);
    let now = jiff::Timestamp::now().to_string();
    killed(&sandbox, "bbbb", &now, &[container(&sandbox, 1, "c-2")]);
    sandbox.run(&["cleanup", "-auto-approve", "-older-than=24h"]).expect(0);
    assert!(!sandbox.path("cloud/c-1").exists() && sandbox.path("cloud/c-2").exists());
}

#[test]
fn what_a_later_run_made_again_is_not_the_earlier_ones() {
    let sandbox = sandbox();
    let planned = || file(1, FileMark::planned(sandbox.path("image")));
    killed(&sandbox, "aaaa", LONG_AGO, &[planned()]);
    killed(&sandbox, "bbbb", LATER, &[planned()]);
    sandbox.write("image", "of the later one");
    let text = sandbox.run(&["cleanup", "-auto-approve", "aaaa"]).expect(0);
    assert!(text.contains("    1 resource stays: it is that of run bbbb by now\nNothing is left behind.\n"), "{text}");
    assert!(sandbox.path("image").exists());
    let found = document(&sandbox, &[], 0);
    assert_eq!((found["left"].as_u64(), found["runs"].as_array().unwrap().len()), (Some(1), 1), "it is off the record");
    sandbox.run(&["cleanup", "-auto-approve"]).expect(0);
    assert!(!sandbox.path("image").exists());
}

#[test]
fn journals_that_are_cut_or_strange_say_so() {
    let sandbox = sandbox();
    let cut = killed(&sandbox, "aaaa", LONG_AGO, &[container(&sandbox, 1, "c-1"), container(&sandbox, 2, "c-2")]);
    let length = std::fs::read(&cut).unwrap().iter().rposition(|byte| *byte != 0).unwrap();
    File::options().write(true).open(&cut).unwrap().set_len(length as u64 - 3).unwrap();
    sandbox.write(&format!("{RUNS}/bbbb.journal"), "what is this");
    let text = sandbox.run(&["cleanup", "-auto-approve"]).expect(1);
    assert!(text.contains("Run bbbb cannot be looked at: this is not the journal of a run\n"), "{text}");
    assert!(text.contains("Removed acme.web: container c-1\n"), "{text}");
    assert!(sandbox.path("cloud/c-2").exists(), "what was not durable was never made");
}

/// Starts a cleanup and waits until its tool is at work.
fn begin(sandbox: &Sandbox) -> std::process::Child {
    let child = sandbox.command(&["cleanup", "-auto-approve"]).spawn().unwrap();
    sandbox.wait_for(&["begun"]);
    child
}

#[test]
fn a_cleanup_that_is_killed_is_taken_up_by_the_next() {
    let sandbox = sandbox();
    let notes: Vec<Note> = (1..=30).map(|number| container(&sandbox, number, &format!("c-{number}"))).collect();
    killed(&sandbox, "aaaa", LONG_AGO, &notes);
    sandbox.write("hold", "");
    let child = begin(&sandbox);
    kill_process(Pid::from_child(&child), Signal::KILL).unwrap();
    sandbox.finish(child);
    assert_eq!(left_in_the_cloud(&sandbox), 30);
    std::fs::remove_file(sandbox.path("hold")).unwrap();
    sandbox.run(&["cleanup", "-auto-approve"]).expect(0);
    assert_eq!(left_in_the_cloud(&sandbox), 0);
}

#[test]
fn an_interrupted_cleanup_ends_soon_and_says_that_there_is_more() {
    let sandbox = sandbox();
    let notes: Vec<Note> = (1..=30).map(|number| container(&sandbox, number, &format!("c-{number}"))).collect();
    killed(&sandbox, "aaaa", LONG_AGO, &notes);
    sandbox.write("hold", "");
    let child = begin(&sandbox);
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let text = sandbox.finish(child).expect(1);
    assert!(text.contains("Interrupted. `packer cleanup` goes on with the rest.\n"), "{text}");
    assert_eq!(left_in_the_cloud(&sandbox), 30);
}

#[test]
fn two_cleanups_do_not_get_into_each_others_way() {
    let sandbox = sandbox();
    killed(&sandbox, "aaaa", LONG_AGO, &[container(&sandbox, 1, "c-1")]);
    sandbox.write("hold", "");
    let first = begin(&sandbox);
    let text = sandbox.run(&["cleanup", "-auto-approve"]).expect(0);
    assert!(text.contains("Run aaaa of /t.pkr.hcl, started 2020-01-01T00:00:00Z, is in use and left alone"), "{text}");
    std::fs::remove_file(sandbox.path("hold")).unwrap();
    sandbox.finish(first).expect(0);
    assert_eq!(sandbox.read("calls").lines().count(), 1);
}

#[test]
fn a_person_is_asked() {
    for (answer, expected, is_left) in
        [("no", "Error: nothing was removed", true), ("yes", "Removed acme.web: container c-1", false)]
    {
        let sandbox = sandbox();
        killed(&sandbox, "aaaa", LONG_AGO, &[container(&sandbox, 1, "c-1")]);
        let mut session = on_terminal(&sandbox, &["cleanup"]);
        session.expect("Remove 1 resource of 1 run? Only 'yes' will be accepted:").unwrap();
        session.send_line(answer).unwrap();
        session.expect(expected).unwrap();
        session.expect(Eof).unwrap();
        assert_eq!(sandbox.path("cloud/c-1").exists(), is_left, "{answer}");
    }
}

#[test]
fn the_names_of_things_cannot_become_flags_or_paths_elsewhere() {
    let sandbox = sandbox();
    sandbox.write("precious/file", "");
    std::os::unix::fs::symlink(sandbox.path("precious"), sandbox.path("link")).unwrap();
    let through = FileMark::of(Path::new("/").join(sandbox.path("link"))).unwrap();
    let notes = [resource(1, ResourceKind::Container, "--all", "docker", Destroy::Provider), file(2, through)];
    killed(&sandbox, "aaaa", LONG_AGO, &notes);
    let text = sandbox.run(&["cleanup", "-auto-approve"]).expect(1);
    assert!(text.contains("the id --all begins like a flag"), "{text}");
    assert!(!sandbox.path("calls").exists() && sandbox.path("precious/file").exists());
}

#[test]
fn a_build_tells_what_earlier_runs_of_its_template_left() {
    let sandbox = sandbox();
    sandbox.write("t.pkr.hcl", "source \"null\" \"a\" { communicator = \"none\" }\nbuild { sources = [\"null.a\"] }\n");
    let plain = sandbox.run(&["build", "t.pkr.hcl"]);
    assert_eq!(plain.stderr, "");
    killed(&sandbox, "aaaa", LONG_AGO, &[container(&sandbox, 1, "c-1")]);
    assert_eq!(sandbox.run(&["build", "t.pkr.hcl"]).stderr, "", "that is another template");
    let template = std::fs::canonicalize(sandbox.path("t.pkr.hcl")).unwrap();
    let notes = [container(&sandbox, 1, "c-2"), container(&sandbox, 2, "c-3")];
    killed_of(&sandbox, template.to_str().unwrap(), "bbbb", LONG_AGO, &notes);
    let warned = sandbox.run(&["build", "t.pkr.hcl"]);
    assert_eq!(
        warned.stderr,
        "Warning: 2 resources are left of an earlier run of this template: `packer cleanup bbbb` removes what is left, \
         `packer build -resume=bbbb` takes the run up.\n"
    );
    assert_eq!(warned.stdout, plain.stdout);
    // What a later one made again is not told twice.
    killed_of(&sandbox, template.to_str().unwrap(), "cccc", LATER, &notes[1..]);
    let warned = sandbox.run(&["build", "t.pkr.hcl"]).stderr;
    assert!(
        warned.contains("2 resources are left of 2 earlier runs of this template: `packer cleanup cccc bbbb`"),
        "{warned}"
    );
    sandbox.run(&["cleanup", "-auto-approve", "bbbb", "cccc"]).expect(0);
    assert_eq!(sandbox.run(&["build", "t.pkr.hcl"]).stderr, "");
}

#[test]
fn old_runs_that_left_nothing_are_forgotten() {
    let sandbox = sandbox();
    sandbox.write("t.pkr.hcl", "source \"null\" \"a\" { communicator = \"none\" }\nbuild { sources = [\"null.a\"] }\n");
    sandbox.run(&["build", "t.pkr.hcl"]).expect(0);
    killed(&sandbox, "left-something", LONG_AGO, &[container(&sandbox, 1, "c-1")]);
    let mut ended = std::fs::read_dir(sandbox.path(RUNS)).unwrap().map(|entry| entry.unwrap().path());
    let ended = ended.find(|path| !path.ends_with("left-something.journal")).unwrap();
    for nth in 0..110 {
        std::fs::copy(&ended, sandbox.path(RUNS).join(format!("run-{nth}.journal"))).unwrap();
    }
    let text = sandbox.run(&["cleanup", "-auto-approve", "run-109"]).expect(0);
    // One hundred are kept; of the twelve beyond, one has left something.
    assert_eq!(text, "Nothing is left behind.\nForgot 11 finished runs beyond the newest 100.\n");
    assert_eq!(std::fs::read_dir(sandbox.path(RUNS)).unwrap().count(), 101);
    assert!(sandbox.path(RUNS).join("left-something.journal").exists());
}
