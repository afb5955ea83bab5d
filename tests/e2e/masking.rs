//! Secrets leave the program in no way: whatever prints them, in whichever form, wherever it goes.

use crate::sandbox::{Output, Sandbox};
use crate::terminal::on_terminal;
use crate::tester;

use expectrl::{Eof, Expect};

/// A word, a sentence that is folded in diagnostics, several lines, characters that have other forms in quotes.
const SECRETS: [(&str, &str); 4] = [
    ("word", "hunter2-horse"),
    ("sentence", "correct battery staple and many more words than fit on any line of eighty characters whatsoever"),
    ("lines", "BEGIN KEY\n  first-line-of-it\n  second-line-of-it\nEND KEY\n"),
    ("quoted", "qu\"ote\\back\tslash"),
];

/// Parts that give a secret away.
const PARTS: [&str; 9] =
    ["hunter2", "horse", "battery", "staple and", "whatsoever", "first-line", "second-line", "qu\"ote", "qu\\\"ote"];

fn sandbox(build: &str) -> Sandbox {
    let variables =
        SECRETS.map(|(name, _)| format!("variable \"{name}\" {{\n  type = string\n  sensitive = true\n}}\n"));
    let mut sandbox = Sandbox::with_template(&format!(
        "{}source \"null\" \"n\" {{\n  communicator = \"none\"\n}}\n{build}",
        variables.concat()
    ));
    for (name, secret) in SECRETS {
        sandbox.set(&format!("PKR_VAR_{name}"), secret);
    }
    sandbox.set("PACKER_LOG", "1");
    sandbox
}

#[track_caller]
fn assert_silent(text: &str) {
    for part in PARTS {
        assert!(!text.contains(part), "{part:?} in:\n{text}");
    }
}

fn everything(output: &Output) -> String {
    format!("{}{}", output.stdout, output.stderr)
}

const PRINTING: &str = r#"
build {
  sources = ["null.n"]
  provisioner "shell-local" {
    env = {
      WORD     = var.word
      SENTENCE = var.sentence
      LINES    = var.lines
      QUOTED   = var.quoted
    }
    inline = [
      "for text in \"$WORD\" \"$SENTENCE\" \"$LINES\" \"$QUOTED\"; do printf '%s|%s\\n' \"$text\" \"$text\"; done",
      "printf '%s' \"$LINES\" | sed 's/^ *//' >&2",
      "printf '%s\\n' '{\"k\": \"qu\\\"ote\\\\back\\tslash\"}'",
      "for n in 65515 65520 65525 65530 65535 65536; do head -c $n /dev/zero | tr '\\0' x; printf '%s' \"$WORD\"; head -c 70000 /dev/zero | tr '\\0' y; echo; done",
      "i=0; while [ $i -lt ${length(var.word)} ]; do printf '%s' \"$WORD\" | cut -c $((i + 1)) | tr -d '\\n'; i=$((i + 1)); sleep 0; done; echo",
    ]
  }
  provisioner "breakpoint" {
    note    = "at ${var.word}"
    disable = true
  }
  post-processor "shell-local" { inline = ["echo ${var.word}"] }
}
"#;

#[test]
fn what_scripts_print_is_masked_for_people_programs_and_logs() {
    let mut sandbox = sandbox(PRINTING);
    for args in [
        &["build", "t.pkr.hcl"][..],
        &["-machine-readable", "build", "t.pkr.hcl"],
        &["build", "-timestamp-ui", "-debug", "t.pkr.hcl"],
    ] {
        let output = sandbox.run(args);
        assert_eq!(output.code, 0, "{}", output.stdout);
        let text = everything(&output);
        assert_silent(&text);
        // Something was there to be masked.
        assert!(text.matches("<sensitive>").count() > 20, "{text}");
    }
    sandbox.set("PACKER_LOG_PATH", "packer.log");
    sandbox.run(&["build", "t.pkr.hcl"]).expect(0);
    let log = sandbox.read("packer.log");
    assert_silent(&log);
    assert!(log.matches("<sensitive>").count() > 20, "{log}");
    // No line end is taken for part of a secret.
    assert!(log.lines().all(|line| line.len() < 100_000), "lines of the log stay lines");
}

#[test]
fn what_is_said_about_failures_is_masked() {
    let rows = [
        ("provisioner \"shell-local\" {\n    command = \"false\"\n    execute_command = [var.sentence]\n  }", 1),
        ("provisioner \"shell-local\" {\n    script = var.sentence\n  }", 1),
        ("provisioner \"sleep\" {\n    duration = var.sentence\n  }", 1),
        (
            "provisioner \"shell-local\" {\n    inline = [\"exit 3\"]\n    valid_exit_codes = [length(var.lines)]\n  }",
            1,
        ),
        ("provisioner \"shell-local\" {\n    inline = [var.lines, element([\"${var.sentence}\"], -1)]\n  }", 1),
        ("post-processor \"checksum\" {\n    checksum_types = [var.sentence, var.word]\n  }", 1),
    ];
    for (component, code) in rows {
        let sandbox = sandbox(&format!("build {{\n  sources = [\"null.n\"]\n  {component}\n}}\n"));
        for command in ["build", "validate"] {
            let output = sandbox.run(&[command, "t.pkr.hcl"]);
            assert_silent(&everything(&output));
            assert!(command != "build" || output.code == code, "{component}: {}", output.stdout);
        }
        assert_silent(&everything(&sandbox.run(&["validate", "-json", "t.pkr.hcl"])));
    }
}

#[test]
fn files_of_values_that_cannot_be_read_give_nothing_away() {
    let sandbox = sandbox("build {\n  sources = [\"null.n\"]\n}\n");
    for (name, text) in [
        ("x.pkrvars.hcl", "word = \"hunter2-horse\nlines = \"first-line\"\n"),
        ("x.pkrvars.hcl", "word = hunter2-horse horse\n"),
        ("x.pkrvars.hcl", "sentence = <<EOT\ncorrect battery staple\nEOT\nword = [\n"),
        ("x.pkrvars.json", "{\"word\": \"hunter2-horse\", }"),
        ("named", "word = \"hunter2-horse\" }\n"),
    ] {
        sandbox.write(name, text);
        let output = sandbox.run(&["validate", &format!("-var-file={name}"), "t.pkr.hcl"]);
        assert_eq!(output.code, 1, "{text}");
        assert_silent(&everything(&output));
    }
}

/// The status names what runs, and is cut to fit; questions wait for an answer.
#[test]
fn terminals_show_none() {
    let mut sandbox = sandbox(
        r#"
build {
  name    = "a-build-with-${var.word}"
  sources = ["null.n"]
  provisioner "shell-local" {
    inline = ["echo before", "while [ ! -f go ]; do sleep 0.05; done"]
  }
  provisioner "breakpoint" { note = "at ${var.word}" }
}
"#,
    );
    // What is logged to a terminal would be torn by the status.
    sandbox.set("PACKER_LOG", "0");
    let mut session = on_terminal(&sandbox, &["build", "t.pkr.hcl"]);
    let mut text = Vec::new();
    for (awaited, answer) in [("running", ""), ("Press enter to continue.", "\n"), ("Builds finished.", "")] {
        let seen = session.expect(awaited).unwrap();
        text.extend_from_slice(seen.as_bytes());
        sandbox.write("go", "");
        session.send(answer).unwrap();
    }
    text.extend_from_slice(session.expect(Eof).unwrap().as_bytes());
    let text = String::from_utf8_lossy(&text).into_owned();
    assert_silent(&text);
    assert!(text.contains("a-build-with-<sensitive>.null.n/provision[0]"), "{text}");
    assert!(text.contains("with note \"at <sensitive>\""), "{text}");
}

#[test]
fn names_of_builds_are_masked_everywhere() {
    let sandbox = sandbox("build {\n  name = var.word\n  sources = [\"null.n\"]\n}\n");
    for args in [&["build", "."][..], &["-machine-readable", "build", "."], &["plan", "."], &["validate", "."]] {
        assert_silent(&everything(&sandbox.run(args)));
    }
}

#[test]
fn passwords_in_fields_are_masked_unless_they_are_the_name_of_the_user() {
    let build = |user: &str, password: &str| {
        format!(
            r#"
source "null" "m" {{
  communicator = "none"
  ssh_host     = "localhost"
  ssh_username = "{user}"
  ssh_password = "{password}"
}}
build {{
  sources = ["null.m"]
  provisioner "shell-local" {{ inline = ["echo it is {password}"] }}
}}
"#
        )
    };
    let sandbox = Sandbox::with_template(&build("vagrant", "pass-phrase"));
    let text = sandbox.run(&["build", "-color=false", "t.pkr.hcl"]).expect(0);
    assert!(text.contains("it is <sensitive>\n") && !text.contains("pass-phrase"), "{text}");
    let sandbox = Sandbox::with_template(&build("vagrant", "vagrant"));
    let text = sandbox.run(&["build", "-color=false", "t.pkr.hcl"]).expect(0);
    assert!(text.contains("it is vagrant\n"), "{text}");
}

#[test]
fn passwords_and_keys_of_machines_are_masked() {
    let template = r#"
packer {
  required_plugins {
    tester = { source = "example.com/acme/tester", version = ">= 1.2" }
  }
}
source "tester-machine" "m" {
  disk      = "disk"
  generated = { Password = "born-with-it", WinRMPassword = "given-later", SSHPrivateKey = "BEGIN\ntop-line\nEND", Colour = "blue" }
}
build {
  sources = ["source.tester-machine.m"]
  provisioner "shell-local" {
    inline = ["echo ${build.Password} ${build.WinRMPassword} ${build.Colour}", "printf '%s\\n' '${build.SSHPrivateKey}'"]
  }
  provisioner "tester" { say = "the plugin knows ${build.Password}" }
}
"#;
    let Some(mut sandbox) = tester::sandbox(template) else { return };
    sandbox.set("PACKER_LOG", "1");
    let output = sandbox.run(&["build", "-color=false", "t.pkr.hcl"]);
    let text = everything(&output);
    assert_eq!(output.code, 0, "{text}");
    assert!(text.contains("==> tester-machine.m: <sensitive> <sensitive> blue\n"), "{text}");
    assert!(text.contains("the plugin knows <sensitive>"), "{text}");
    for secret in ["born-with-it", "given-later", "top-line"] {
        assert!(!text.contains(secret), "{secret} in:\n{text}");
    }
}

#[test]
fn what_plugins_write_about_themselves_is_masked() {
    let template = r#"
packer {
  required_plugins {
    tester = { source = "example.com/acme/tester", version = ">= 1.2" }
  }
}
variable "word" {
  type      = string
  sensitive = true
}
locals {
  long = join("", [for _ in range(98) : "xxxxxxxxxx"])
}
source "tester-quick" "q" {
  faults = ["panic:run:${local.long}${var.word} behind ${var.word}"]
}
build { sources = ["tester-quick.q"] }
"#;
    let Some(mut sandbox) = tester::sandbox(template) else { return };
    sandbox.set("PKR_VAR_word", SECRETS[0].1).set("PACKER_LOG", "1");
    let output = sandbox.run(&["build", "-color=false", "t.pkr.hcl"]);
    let text = everything(&output);
    assert!(output.code == 1 && text.contains(" plugin: panic: xxx"), "{text}");
    assert_silent(&text);
    assert!(text.contains("xxx<sensitive> behind <sensitive>"), "{text}");
}
