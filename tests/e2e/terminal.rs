//! What a person sees: the live status, and questions.

use std::time::Duration;

use expectrl::{Eof, Expect, Regex, Session};

use crate::sandbox::Sandbox;

/// Runs `packer` on a terminal of its own.
pub(crate) fn on_terminal(sandbox: &Sandbox, args: &[&str]) -> expectrl::session::OsSession {
    let piped = sandbox.command(args);
    // Standard streams must be the terminal's, so the command is made again without the pipes.
    #[expect(clippy::disallowed_methods, reason = "the test is the terminal here")]
    let mut command = std::process::Command::new(piped.get_program());
    command.args(piped.get_args()).current_dir(sandbox.path("")).env_clear().env("TERM", "xterm");
    command.envs(piped.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let mut session = Session::spawn(command).unwrap();
    session.set_expect_timeout(Some(Duration::from_secs(60)));
    session
}

#[test]
fn the_status_shows_what_runs_and_leaves_lines_whole() {
    let sandbox = Sandbox::with_template(
        r#"
source "null" "a" { communicator = "none" }
build {
  sources = ["null.a"]
  provisioner "shell-local" { inline = ["echo before", "while [ ! -f go ]; do sleep 0.05; done", "echo after"] }
}
"#,
    );
    let mut session = on_terminal(&sandbox, &["build", "-color=false", "t.pkr.hcl"]);
    session.expect("==> null.a: before").unwrap();
    session.expect(Regex(r"0:0\d  null\.a/provision\[0\]")).unwrap();
    session.expect(Regex(r"3/5 done, 1 running")).unwrap();
    sandbox.write("go", "");
    session.expect("==> null.a: after").unwrap();
    session.expect("==> Builds finished.").unwrap();
    let rest = session.expect(Eof).unwrap();
    let rest = String::from_utf8_lossy(rest.as_bytes()).into_owned();
    assert!(rest.contains("--> null.a: Did not export anything. This is the null builder\r\n"), "{rest:?}");
    // Erased as often as drawn.
    let behind = rest.rsplit_once("running").map_or("\u{1b}[2K", |(_, behind)| behind);
    assert!(behind.contains("\u{1b}[2K"), "the status is gone at the end: {rest:?}");
}

#[test]
fn a_breakpoint_waits_for_enter() {
    let sandbox = Sandbox::with_template(
        r#"
source "null" "a" { communicator = "none" }
build {
  sources = ["null.a"]
  provisioner "breakpoint" { note = "look around" }
  provisioner "shell-local" { inline = ["touch went-on"] }
}
"#,
    );
    let mut session = on_terminal(&sandbox, &["build", "-color=false", "t.pkr.hcl"]);
    session.expect("Pausing at breakpoint provisioner with note \"look around\".").unwrap();
    session.expect("Press enter to continue.").unwrap();
    assert!(!sandbox.path("went-on").exists());
    session.send_line("").unwrap();
    session.expect("==> Builds finished.").unwrap();
    session.expect(Eof).unwrap();
    assert!(sandbox.path("went-on").exists());
}

#[test]
fn an_interrupt_at_a_question_ends_it() {
    let sandbox = Sandbox::with_template(
        "source \"null\" \"a\" { communicator = \"none\" }\nbuild {\n  sources = [\"null.a\"]\n  provisioner \
         \"breakpoint\" {}\n}\n",
    );
    let mut session = on_terminal(&sandbox, &["build", "-color=false", "t.pkr.hcl"]);
    session.expect("Press enter to continue.").unwrap();
    session.send("\u{3}").unwrap();
    session.expect("Cleanly cancelled builds after being interrupted.").unwrap();
    session.expect(Eof).unwrap();
}

#[test]
fn on_error_ask_asks() {
    let sandbox = Sandbox::with_template(
        r#"
source "null" "a" { communicator = "none" }
build {
  sources = ["null.a"]
  provisioner "shell-local" { inline = ["test -f fixed"] }
  error-cleanup-provisioner "shell-local" { inline = ["touch cleaned"] }
}
"#,
    );
    let mut session = on_terminal(&sandbox, &["build", "-color=false", "-on-error=ask", "t.pkr.hcl"]);
    session.expect("[c] Clean up and exit, [a] abort without cleanup, or [r] retry step").unwrap();
    session.send_line("a").unwrap();
    session.expect("aborted: skipping cleanup of step").unwrap();
    session.expect(Eof).unwrap();
    assert!(!sandbox.path("cleaned").exists());
}

#[test]
fn a_failed_step_can_be_repeated() {
    for error_cleanup in ["", "error-cleanup-provisioner \"shell-local\" { inline = [\"touch cleaned\"] }"] {
        let sandbox = Sandbox::with_template(&format!(
            "source \"null\" \"a\" {{ communicator = \"none\" }}\nbuild {{\n  sources = [\"null.a\"]\n  provisioner \
             \"shell-local\" {{ inline = [\"echo try >> tries\", \"test -f fixed\"] }}\n  provisioner \"shell-local\" {{ \
             inline = [\"touch second\"] }}\n  {error_cleanup}\n}}\n"
        ));
        let mut session = on_terminal(&sandbox, &["build", "-color=false", "-on-error=ask", "t.pkr.hcl"]);
        session.expect("[c] Clean up and exit, [a] abort without cleanup, or [r] retry step").unwrap();
        sandbox.write("fixed", "");
        session.send_line("r").unwrap();
        session.expect("==> Builds finished. The artifacts of successful builds are:").unwrap();
        session.expect(Eof).unwrap();
        assert_eq!(sandbox.read("tries").lines().count(), 2);
        assert!(sandbox.path("second").exists() && !sandbox.path("cleaned").exists());
    }
}

#[test]
fn a_secret_is_not_cut_into_pieces_by_colours() {
    let sandbox = Sandbox::with_template(
        "variable \"keys\" {\n  type      = list(string)\n  sensitive = true\n}\nsource \"null\" \"a\" { communicator = \
         \"none\" }\nbuild { sources = [\"null.a\"] }\n",
    );
    for (given, shown) in [("-var=keys=hunter2(x)", "   1: <sensitive>\r\n"), ("-var=kees=1", "\u{1b}[1;31mError: ")] {
        let mut session = on_terminal(&sandbox, &["validate", given, "t.pkr.hcl"]);
        let text = session.expect(Eof).unwrap();
        let text = String::from_utf8_lossy(text.as_bytes()).into_owned();
        assert!(text.contains(shown) && !text.contains("hunter2"), "{text:?}");
    }
}
