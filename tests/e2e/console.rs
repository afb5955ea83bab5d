//! `packer console`: lines of a pipe, of a file, and typed on a terminal.

use std::io::Write;
use std::process::Stdio;

use expectrl::{Eof, Expect};
use rustix::termios::LocalModes;

use crate::sandbox::{Output, Sandbox};
use crate::terminal::on_terminal;

const TEMPLATE: &str = r#"
variable "name" { default = "x" }
variable "unset" { type = string }
variable "secret" {
  default   = "hunter2-longer"
  sensitive = true
}
data "null" "d" { input = "from data" }
locals {
  up   = upper(var.name)
  data = data.null.d.output
}
local "bad" { expression = upper([]) }
"#;

fn piped(input: impl AsRef<[u8]>) -> Output {
    Sandbox::with_template(TEMPLATE).run_with_input(&["console", "t.pkr.hcl"], input)
}

#[test]
fn a_pipe_gets_the_last_result_only() {
    for (input, expected) in [
        ("", "\n"),
        ("1 + 1", "2\n"),
        ("1\n2\n  3  \r\n", "3\n"),
        ("1\n\n", "\n"),
        ("1\nexit\n", "\n"),
        ("exit\n1", "1\n"),
        ("local.up", "X\n"),
        ("local.data", "from data\n"),
        ("var.unset", "<unknown>\n"),
        ("\"${var.secret}!\"", "<sensitive>!\n"),
        ("[1,\n2,\n]", "[\n  1,\n  2,\n]\n"),
        ("<<-E\n    a ${upper(\"b\")}\n  E\n", "a B\n\n"),
        ("{ a = { b = null }, c = \"\\\"\" }", "{\n  \"a\" = {}\n  \"c\" = \"\\\"\"\n}\n"),
        ("[]", "[]\n"),
        ("[1.5, 1e30, 9223372036854775807, -0.25]", "[\n  1.5,\n  1e+30,\n  9223372036854775807,\n  -0.25,\n]\n"),
    ] {
        assert_eq!(piped(input).expect(0), expected, "{input}");
    }
}

#[test]
fn faults_of_a_pipe_are_said_as_they_occur() {
    for (input, parts) in [
        ("local.bad\n", &["Error: Unsupported attribute\n\n  on <console-input> line 1:\n   1: local.bad\n"][..]),
        ("nope\n1 + 1\n", &["Error: Unknown variable", "\n\n\n2\n"]),
        ("data.null.d.output", &["There is no variable named \"data\"."]),
        ("[1,\n2\n3", &["Error: ", "\n3\n"]),
        ("[1,\n}\n3", &["   1: [1,\n", "   1: }\n", "\n3\n"]),
        ("1 +", &["Error: "]),
        ("[1, \u{0}]", &["Error: Invalid character"]),
    ] {
        let text = piped(input).expect(1);
        for part in parts {
            assert!(text.contains(part), "{part:?} is missing for {input:?} in\n{text}");
        }
    }
    let text = piped(b"\"\xff\"\n").expect(1);
    assert!(text.contains("Error: Invalid character encoding"), "{text}");
}

#[test]
fn long_lines_are_no_trouble() {
    let long = "a".repeat(3 << 20);
    assert_eq!(piped(format!("length(\"{long}\")")).expect(0), format!("{}\n", long.len()));
    let deep = "[".repeat(100_000);
    assert!(piped(&deep).expect(1).contains("Error: "));
}

#[test]
fn words_that_are_no_expressions_are_understood() {
    let lists = "> input-variables:\n\nvar.name: \"x\"\nvar.secret: \"<sensitive>\"\nvar.unset: \"<unknown>\"\n\n";
    let locals = "> local-variables:\n\nlocal.data: \"from data\"\nlocal.up: \"X\"\n\n";
    assert_eq!(piped("variables").expect(0), format!("{lists}{locals}"));
    assert_eq!(piped("locals\n").expect(0), locals);
    assert!(piped("help").expect(0).starts_with("Packer console HCL2 Mode.\n"));
}

#[test]
fn without_a_template_there_are_functions() {
    let sandbox = Sandbox::with_template("this would not parse");
    for (input, expected) in [("upper(\"a\")", "A\n"), ("var", "{}\n"), ("local", "{}\n"), ("path.root", "\n")] {
        for args in [&["console", "-config-type=hcl2"][..], &["console", "-config-type=hcl2", "a", "b"]] {
            assert_eq!(sandbox.run_with_input(args, input).expect(0), expected, "{args:?} {input}");
        }
    }
    let text = sandbox.run_with_input(&["console", "-config-type=hcl2", "-var=x=1"], "1").expect(1);
    assert!(text.contains("Undefined -var variable"), "{text}");
    let text = sandbox.run_with_input(&["console", "t.pkr.hcl"], "1").expect(1);
    assert!(text.starts_with("Error: "), "{text}");
}

#[test]
fn values_can_be_given() {
    let sandbox = Sandbox::with_template(TEMPLATE);
    sandbox.write("v.pkrvars.hcl", "unset = \"from file\"\n");
    let args = ["console", "-var", "name=y", "-var-file=v.pkrvars.hcl", "-use-sequential-evaluation", "-only=x", "."];
    assert_eq!(sandbox.run_with_input(&args, "\"${local.up} ${var.unset}\"").expect(0), "Y from file\n");
}

#[test]
fn results_can_be_read_by_programs() {
    let sandbox = Sandbox::with_template(TEMPLATE);
    let text = sandbox.run_with_input(&["-machine-readable", "console", "t.pkr.hcl"], "[1]").expect(0);
    assert!(text.ends_with(",,ui,message,[\\n  1%!(PACKER_COMMA)\\n]\n"), "{text}");
}

#[test]
fn lines_of_a_file_are_answered_one_by_one() {
    let sandbox = Sandbox::with_template(TEMPLATE);
    sandbox.write("lines", "1\nnope\n[\n2]\n\nexit\n3\n");
    let file = std::fs::File::open(sandbox.path("lines")).unwrap();
    let child = sandbox.command(&["console", "t.pkr.hcl"]).stdin(file).spawn().unwrap();
    let text = sandbox.finish(child).expect(0);
    assert!(text.starts_with("1\nError: Unknown variable\n"), "{text}");
    assert!(text.ends_with("\n\n\n[\n  2,\n]\n\n"), "{text:?}");
    let child = sandbox.command(&["console", "t.pkr.hcl"]).stdin(Stdio::null()).spawn().unwrap();
    assert_eq!(sandbox.finish(child).expect(0), "");
}

#[test]
fn a_reader_that_went_away_ends_it_quietly() {
    let sandbox = Sandbox::with_template(TEMPLATE);
    let mut child = sandbox.command(&["console", "t.pkr.hcl"]).stdin(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    writeln!(child.stdin.take().unwrap(), "nope\n1").unwrap();
    let output = sandbox.finish(child);
    assert_eq!((output.code, output.stderr.as_str()), (1, ""));
}

/// What the terminal is told once a line is being read. The prompt alone would not do: it is drawn again while a line is
/// edited, and what is typed between two lines is not the editor's.
const READING: &str = "\u{1b}[?2004h";

/// Types each text when a line is being read, and expects what follows it; behind the last one, the end.
fn type_in(sandbox: &Sandbox, typed: &[(&str, &str)]) {
    let mut session = on_terminal(sandbox, &["console", "t.pkr.hcl"]);
    for (text, expected) in typed {
        session.expect(READING).unwrap_or_else(|error| panic!("no prompt before {text:?}: {error}"));
        session.expect("> ").unwrap_or_else(|error| panic!("no prompt before {text:?}: {error}"));
        session.send(text).unwrap();
        session.expect(expected).unwrap_or_else(|error| panic!("no {expected:?} behind {text:?}: {error}"));
    }
    session.expect(Eof).unwrap();
}

const CTRL_C: &str = "\u{3}";
const CTRL_D: &str = "\u{4}";
const UP: &str = "\u{1b}[A";
const LEFT: &str = "\u{1b}[D";

#[test]
fn lines_are_edited_completed_and_continued() {
    let sandbox = Sandbox::with_template(TEMPLATE);
    let edited = format!("upper(\"cd\"){LEFT}{LEFT}{LEFT}e\r");
    type_in(
        &sandbox,
        &[
            ("upper(\"ab\")\r", "AB\r\n"),
            (&edited, "CED\r\n"),
            ("[1,\r20 + 2]\r", "[\r\n  1,\r\n  22,\r\n]\r\n"),
            ("<<E\ra\rE\r", "a\r\n\r\n"),
            ("nope\r", "There is no variable named \"nope\".\r\n"),
            ("\r", "\r\n"),
            ("local.u\t\r", "X\r\n"),
            ("formatd\t\"YYYY\", \"2024-05-06T00:00:00Z\")\r", "2024\r\n"),
            ("[1,\r\u{3}", "1,"),
            ("1 + \u{3}", "1 + "),
            ("exit\r", "exit"),
        ],
    );
}

#[test]
fn there_are_ways_out() {
    let sandbox = Sandbox::with_template(TEMPLATE);
    for way in [CTRL_C, CTRL_D, "exit\r"] {
        type_in(&sandbox, &[("40 + 2\r", "42\r\n"), ("abc\u{3}", "abc"), (way, "\r\n")]);
    }
}

#[test]
fn lines_are_remembered_where_the_configuration_is() {
    for (variable, folder, file) in [
        (None, None, ".config/packer/console_history"),
        (Some("XDG_CONFIG_HOME"), None, "other/packer/console_history"),
        (Some("XDG_CONFIG_HOME"), Some(".packer.d"), ".packer.d/console_history"),
        (Some("PACKER_CONFIG_DIR"), Some(".packer.d"), "other/.packer.d/console_history"),
    ] {
        let mut sandbox = Sandbox::with_template(TEMPLATE);
        if let Some(name) = variable {
            sandbox.set(name, "other");
        }
        if let Some(folder) = folder {
            std::fs::create_dir(sandbox.path(folder)).unwrap();
        }
        type_in(&sandbox, &[("[40,\r2 ]\r", "[\r\n  40,\r\n  2,\r\n]\r\n"), (" 1 + 1 \r", "2\r\n"), (CTRL_D, "\r\n")]);
        assert_eq!(sandbox.read(file), "#V2\n[40,\\n2 ]\n");
        type_in(&sandbox, &[(&format!("{UP}\r"), "[\r\n  40,\r\n  2,\r\n]\r\n"), (CTRL_D, "\r\n")]);
    }
    // Where nothing can be kept, nothing is said.
    let sandbox = Sandbox::with_template(TEMPLATE);
    sandbox.write(".config", "a file");
    type_in(&sandbox, &[("40 + 2\r", "42\r\n"), (&format!("{UP}\r"), "42\r\n"), (CTRL_D, "\r\n")]);
}

#[test]
fn termination_leaves_the_terminal_as_it_was() {
    let sandbox = Sandbox::with_template(TEMPLATE);
    let mut session = on_terminal(&sandbox, &["console", "t.pkr.hcl"]);
    session.expect(READING).unwrap();
    let process = session.get_process();
    let terminal = process.get_raw_handle().unwrap();
    let by_line = || rustix::termios::tcgetattr(&terminal).unwrap().local_modes.contains(LocalModes::ICANON);
    assert!(!by_line(), "lines are edited by the program");
    let pid = rustix::process::Pid::from_raw(process.pid().as_raw()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let status = process.wait().unwrap();
    assert!(format!("{status:?}").ends_with(" 143)"), "{status:?}");
    assert!(by_line(), "{status:?}");
}
