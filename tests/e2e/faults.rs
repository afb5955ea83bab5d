//! The world misbehaves: closed pipes, full disks, vanished folders, missing permissions, signals.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::killed::is_hangup_ignored;
use crate::sandbox::Sandbox;

const MANY: &str = r#"
source "null" "a" { communicator = "none" }
build {
  sources = ["null.a"]
  provisioner "shell-local" { inline = ["i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done"] }
  provisioner "shell-local" { inline = ["touch second"] }
}
"#;

#[test]
fn a_closed_pipe_ends_the_run_quietly() {
    let sandbox = Sandbox::with_template(MANY);
    let mut child = sandbox.command(&["build", "t.pkr.hcl"]).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert!(!first.is_empty());
    let output = sandbox.finish(child);
    assert_eq!(output.code, 1);
    assert_eq!(output.stderr, "");
    assert!(!sandbox.path("second").exists(), "nothing new starts when nobody listens");
}

#[test]
fn a_closed_pipe_is_no_failure_of_a_command_that_only_prints() {
    let sandbox =
        Sandbox::with_template("source \"null\" \"a\" { communicator = \"none\" }\nbuild { sources = [\"null.a\"] }\n");
    for args in [&["plan", "t.pkr.hcl"][..], &["version"], &["inspect", "t.pkr.hcl"], &["validate", "t.pkr.hcl"]] {
        let mut child = sandbox.command(args).spawn().unwrap();
        drop(child.stdout.take());
        let output = sandbox.finish(child);
        assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{args:?}");
    }
}

#[test]
fn a_full_disk_behind_standard_output_is_reported() {
    let sandbox = Sandbox::with_template(MANY);
    for args in [&["build", "t.pkr.hcl"][..], &["plan", "t.pkr.hcl"], &["version"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let child = sandbox.command(args).stdout(Stdio::from(full)).spawn().unwrap();
        let output = sandbox.finish(child);
        assert_eq!(output.code, 1, "{args:?}");
        assert_eq!(output.stderr.matches("Error writing output: ").count(), 1, "{args:?}: {}", output.stderr);
    }
}

#[test]
fn a_vanished_working_directory_is_told() {
    let sandbox = Sandbox::new();
    sandbox.write("gone/t.pkr.hcl", MANY);
    for command in ["build", "plan", "validate", "inspect"] {
        std::fs::create_dir_all(sandbox.path("gone")).unwrap();
        let program = sandbox.command(&[command]).get_program().to_owned();
        #[expect(clippy::disallowed_methods, reason = "the test is the shell here")]
        let mut wrapper = std::process::Command::new("/bin/sh");
        wrapper
            .args(["-c", "rm -r ../gone && exec \"$@\"", "sh"])
            .arg(program)
            .args([command, "t.pkr.hcl"])
            .current_dir(sandbox.path("gone"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let output = sandbox.finish(wrapper.spawn().unwrap());
        assert_eq!(output.code, 1, "{command}: {}{}", output.stdout, output.stderr);
        assert!(output.stdout.contains("the current directory cannot be used"), "{command}: {}", output.stdout);
    }
}

#[test]
fn what_cannot_be_written_is_named() {
    let sandbox = Sandbox::with_template(
        "source \"file\" \"a\" {\n  content = \"x\"\n  target = \"/dev/null/x\"\n}\nbuild { sources = [\"file.a\"] }\n",
    );
    let text = sandbox.run(&["build", "-color=false", "t.pkr.hcl"]).expect(1);
    assert!(text.contains("/dev/null"), "{text}");
}

const SLOW: &str = r#"
source "null" "a" { communicator = "none" }
source "null" "b" { communicator = "none" }
build {
  sources = ["null.a", "null.b"]
  provisioner "shell-local" {
    inline = ["trap 'touch ${source.name}.stopped; exit 1' TERM", "echo $$ > ${source.name}.pid", "echo ready", "while :; do sleep 0.05; done"]
  }
  provisioner "shell-local" { inline = ["touch ${source.name}.second"] }
  post-processor "shell-local" { inline = ["touch ${source.name}.post"] }
}
"#;

/// Waits until both builds of [`SLOW`] run; gives the rest of the output to a thread.
fn start(sandbox: &Sandbox, args: &[&str]) -> (Child, std::thread::JoinHandle<String>) {
    let mut child = sandbox.command(args).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut n_ready = 0;
    let mut seen = String::new();
    while n_ready < 2 {
        let before = seen.len();
        assert_ne!(lines.read_line(&mut seen).unwrap(), 0, "{seen}");
        n_ready += usize::from(seen[before..].ends_with(": ready\n"));
    }
    let rest = std::thread::spawn(move || {
        lines.read_to_string(&mut seen).unwrap();
        seen
    });
    (child, rest)
}

fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap(), signal).unwrap();
}

fn is_alive(sandbox: &Sandbox, name: &str) -> bool {
    let stat = std::path::Path::new("/proc").join(sandbox.read(name).trim()).join("stat");
    // One that has ended may wait a while for the system to take note.
    std::fs::read_to_string(stat).is_ok_and(|stat| !stat.contains(") Z "))
}

#[test]
fn the_first_interrupt_stops_scripts_and_starts_nothing_new() {
    let mut signals = vec![(Signal::INT, "interrupt"), (Signal::TERM, "terminated")];
    // Who has hangups ignored, as nohup does, wants packer to outlive the terminal.
    if !is_hangup_ignored() {
        signals.push((Signal::HUP, "hangup"));
    }
    for (signal, word) in signals {
        let sandbox = Sandbox::with_template(SLOW);
        let (child, rest) = start(&sandbox, &["build", "-color=false", "t.pkr.hcl"]);
        send(&child, signal);
        let output = sandbox.finish(child);
        let text = sandbox.normalised(&rest.join().unwrap());
        assert_eq!(output.code, 1, "{text}");
        assert!(text.contains(&format!("Cancelling build after receiving {word}")), "{text}");
        assert!(text.ends_with("Cleanly cancelled builds after being interrupted.\n"), "{text}");
        for name in ["a", "b"] {
            assert!(text.contains(&format!("Build 'null.{name}' errored after [DURATION]: ")), "{text}");
            assert!(sandbox.path(format!("{name}.stopped")).exists(), "the script was asked to end");
            assert!(!sandbox.path(format!("{name}.second")).exists());
            assert!(!sandbox.path(format!("{name}.post")).exists());
            assert!(!is_alive(&sandbox, &format!("{name}.pid")));
        }
    }
}

#[test]
fn a_terminal_that_closes_stops_the_run_and_no_more_however_often_it_says_so() {
    if is_hangup_ignored() {
        return;
    }
    let template = SLOW.replace(
        "touch ${source.name}.stopped; exit 1",
        "touch ${source.name}.asked; while ! test -e go; do sleep 0.01; done; touch ${source.name}.stopped; exit 1",
    );
    let sandbox = Sandbox::with_template(&template);
    let (child, rest) = start(&sandbox, &["build", "-color=false", "t.pkr.hcl"]);
    send(&child, Signal::HUP);
    sandbox.wait_for(&["a.asked", "b.asked"]);
    send(&child, Signal::HUP);
    send(&child, Signal::HUP);
    sandbox.write("go", "");
    let output = sandbox.finish(child);
    let text = rest.join().unwrap();
    assert_eq!(output.code, 1, "{text}");
    assert!(sandbox.path("a.stopped").exists() && sandbox.path("b.stopped").exists(), "{text}");
    assert_eq!(text.matches("after receiving").count(), 1, "{text}");
}

#[test]
fn who_ignores_hangups_outlives_the_terminal() {
    let sandbox = Sandbox::with_template(
        &SLOW.replace("\"while :; do sleep 0.05; done\"", "\"while ! test -e go; do sleep 0.01; done\""),
    );
    let built = sandbox.command(&[""]).get_program().to_owned();
    #[expect(clippy::disallowed_methods, reason = "the test is the shell here")]
    let mut wrapper = std::process::Command::new("/bin/sh");
    wrapper.args(["-c", "trap '' HUP; exec \"$@\"", "sh"]).arg(built).args(["build", "-color=false", "t.pkr.hcl"]);
    wrapper.current_dir(sandbox.path("")).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = wrapper.spawn().unwrap();
    sandbox.wait_for(&["a.pid", "b.pid"]);
    send(&child, Signal::HUP);
    sandbox.write("go", "");
    let text = sandbox.finish(child).expect(0);
    assert!(!text.contains("after receiving"), "{text}");
    assert!(sandbox.path("a.post").exists() && sandbox.path("b.post").exists(), "{text}");
}

#[test]
fn the_second_interrupt_kills() {
    let template = SLOW.replace("touch ${source.name}.stopped; exit 1", "touch ${source.name}.asked");
    let sandbox = Sandbox::with_template(&template);
    let (child, rest) = start(&sandbox, &["build", "-color=false", "t.pkr.hcl"]);
    send(&child, Signal::INT);
    sandbox.wait_for(&["a.asked", "b.asked"]);
    send(&child, Signal::INT);
    let output = sandbox.finish(child);
    let text = rest.join().unwrap();
    assert_eq!(output.code, 1, "{text}");
    assert!(!is_alive(&sandbox, "a.pid") && !is_alive(&sandbox, "b.pid"));
}

#[test]
fn fail_fast_stops_the_rest() {
    let template = SLOW.replace(
        "\"echo ready\"",
        "\"echo ready\", \"if [ ${source.name} = b ]; then while [ ! -f a.pid ]; do sleep 0.01; done; exit 5; fi\"",
    );
    let sandbox = Sandbox::with_template(&template);
    let output = sandbox.run(&["build", "-color=false", "--fail-fast", "t.pkr.hcl"]);
    let text = output.expect(1);
    assert!(text.contains("--> null.b: Script exited with non-zero exit status: 5."), "{text}");
    assert!(sandbox.path("a.stopped").exists() && !sandbox.path("a.second").exists(), "{text}");
}
