//! The command line itself: help, unknown commands, misplaced and wrong flags, how many words.

use crate::sandbox::Sandbox;

/// Runs the words of `line`.
#[track_caller]
fn run(line: &str, code: i32) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    let output = Sandbox::new().run(&words);
    assert_eq!(output.stderr, "", "{line}");
    output.expect(code)
}

const ROOT: &str = "Usage: packer [--version] [--help] <command> [<args>]\n\nAvailable commands are:\n    build ";
const BUILD: &str = "Usage: packer build [options] TEMPLATE\n\n";
const MISPLACED: &str = "Invalid flags before the subcommand. If these flags are for\n\
                         the subcommand, please put them after the subcommand.\n\n";

#[test]
fn root_help_tells_the_commands() {
    for (line, code) in
        [("", 127), ("bake", 127), ("bake -h", 127), ("-x", 127), ("-h", 0), ("-help", 0), ("--help", 0)]
    {
        let stdout = run(line, code);
        assert!(stdout.starts_with(ROOT), "{line}: {stdout}");
        assert!(stdout.ends_with("\n\n"), "{line}: {stdout:?}");
    }
}

#[test]
fn command_help_is_asked_for_anywhere() {
    for line in ["build -h", "build -help", "build --help .", "-h build", "build -var -help", "build . -- -h --help"] {
        let code = i32::from(line.contains(" -- "));
        let stdout = run(line, code);
        assert!(stdout.starts_with(BUILD), "{line}: {stdout}");
    }
    for command in ["inspect", "plan", "validate"] {
        let stdout = run(&format!("{command} --help"), 0);
        assert!(stdout.starts_with(&format!("Usage: packer {command} [options] TEMPLATE\n\n")), "{stdout}");
    }
}

#[test]
fn flags_before_the_command_are_misplaced() {
    let stdout = run("-debug build .", 1);
    assert!(stdout.starts_with(&format!("{MISPLACED}{BUILD}")), "{stdout}");
}

#[test]
fn flags_that_cannot_be_understood_are_named_before_the_help() {
    let rows = [
        ("-foo .", "flag provided but not defined: -foo"),
        ("--foo=1 .", "flag provided but not defined: -foo"),
        ("-machine-readable=maybe .", r#"invalid boolean value "maybe" for -machine-readable: parse error"#),
        ("-debug=x .", r#"invalid boolean value "x" for -debug: parse error"#),
        ("-var", "flag needs an argument: -var"),
        ("-var x .", r#"invalid value "x" for flag -var: No '=' value in arg: x"#),
        ("-parallel-builds=x .", r#"invalid value "x" for flag -parallel-builds: parse error"#),
        (
            "-on-error x .",
            r#"invalid value "x" for flag -on-error: expected one of ["cleanup" "abort" "ask" "run-cleanup-provisioner"]"#,
        ),
        ("-config-type=x .", r#"invalid value "x" for flag -config-type: x does not belong to configType values"#),
    ];
    for (flags, message) in rows {
        let stdout = run(&format!("build {flags}"), 1);
        assert!(stdout.starts_with(&format!("{message}\n{BUILD}")), "{flags}: {stdout}");
    }
}

#[test]
fn exactly_one_template_is_taken() {
    for command in ["build", "plan", "validate"] {
        for words in ["", "a b", "a -var x=1", "-force=false a b"] {
            if words.starts_with("-force") && command != "build" {
                continue;
            }
            let stdout = run(&format!("{command} {words}"), 1);
            assert!(stdout.starts_with(&format!("Usage: packer {command} [options] TEMPLATE\n")), "{words}: {stdout}");
        }
    }
}

#[test]
fn machine_readable_usage_is_lines_of_fields() {
    for line in ["build -foo -machine-readable", "-machine-readable build -foo"] {
        let stdout = run(line, 1);
        let lines: Vec<&str> = stdout.lines().map(|line| line.split_once(',').unwrap().1).collect();
        assert_eq!(lines[0], ",ui,error,flag provided but not defined: -foo");
        assert!(lines[1].starts_with(r",ui,say,Usage: packer build [options] TEMPLATE\n\n"), "{stdout}");
        assert_eq!(lines.len(), 2, "{stdout}");
    }
    assert!(run("-machine-readable bake", 127).starts_with(ROOT));
}

#[test]
fn words_that_are_not_utf8_are_refused() {
    let word = <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"a\xff");
    let output = Sandbox::new().run(&[std::ffi::OsStr::new("build"), word]);
    assert_eq!(output.stderr, "Error: argument \"a\\xFF\" is not valid UTF-8\n");
    output.expect(1);
}
