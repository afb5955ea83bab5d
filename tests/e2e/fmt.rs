//! `packer fmt`.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::sandbox::{Sandbox, skipped};

const UGLY: &str = "locals{\n a=1\n  longer = [ 1,2 ] # c\n}\n";
const NICE: &str = "locals {\n  a      = 1\n  longer = [1, 2] # c\n}\n";
const BROKEN: &str = "locals {\n  a = = 1\n}\n";

/// A folder with these files, all in need of a new layout.
fn with_ugly(names: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    names.iter().for_each(|name| sandbox.write(name, UGLY));
    sandbox
}

/// The error about one file.
fn error(name: &str, detail: &str) -> String {
    format!("Error: encountered an error while formatting {name}\n\n{detail}\n\n")
}

#[test]
fn files_are_rewritten_and_named_once() {
    let sandbox = with_ugly(&["a.pkr.hcl", "v.pkrvars.hcl"]);
    sandbox.write("nice.pkr.hcl", NICE);
    sandbox.write("empty.pkr.hcl", "");
    assert_eq!(sandbox.run(&["fmt", "."]).expect(0), "a.pkr.hcl\nv.pkrvars.hcl\n");
    assert_eq!(sandbox.read("a.pkr.hcl"), NICE);
    assert_eq!(sandbox.read("v.pkrvars.hcl"), NICE);
    assert_eq!(sandbox.read("empty.pkr.hcl"), "");
    assert_eq!(sandbox.run(&["fmt", "."]).expect(0), "");
}

#[test]
fn flags_decide_what_is_written_and_how_it_ends() {
    for (flags, code, written) in [
        (&["-check"][..], 3, false),
        (&["--check"], 3, false),
        (&["-check=false"], 0, true),
        (&["-check", "-write=true"], 3, false),
        (&["-write=false"], 0, false),
        (&["--write=true"], 0, true),
        (&["-var", "a=1", "-var-file=none", "-only=x", "-except", "y", "-config-type=hcl2"], 0, true),
    ] {
        let sandbox = with_ugly(&["a.pkr.hcl"]);
        sandbox.write("nice.pkr.hcl", NICE);
        let line = [&["fmt"], flags, &["a.pkr.hcl", "nice.pkr.hcl"]].concat();
        assert_eq!(sandbox.run(&line).expect(code), "a.pkr.hcl\n", "{line:?}");
        assert_eq!(sandbox.read("a.pkr.hcl"), if written { NICE } else { UGLY }, "{line:?}");
        assert_eq!(sandbox.run(&[&["fmt"], flags, &["nice.pkr.hcl"]].concat()).expect(0), "", "{line:?}");
    }
}

#[test]
fn a_path_is_needed_and_flags_come_first() {
    let sandbox = with_ugly(&["a.pkr.hcl"]);
    for (line, first) in [
        (&["fmt"][..], "Usage: packer fmt [options] TEMPLATE...\n"),
        (&["fmt", "-check"], "Usage: packer fmt [options] TEMPLATE...\n"),
        (&["fmt", "-foo", "a.pkr.hcl"], "flag provided but not defined: -foo\nUsage: packer fmt [options]"),
        (&["fmt", "a.pkr.hcl", "-check"], "a.pkr.hcl\nError: encountered an error while formatting -check\n"),
    ] {
        let stdout = sandbox.run(line).expect(1);
        assert!(stdout.starts_with(first), "{line:?}: {stdout}");
    }
}

#[test]
fn folders_give_their_templates_and_variable_files() {
    let files = ["b.pkr.hcl", "a/z.pkr.hcl", "a/b/c.pkrvars.hcl", "c.pkr.hcl"];
    let others = [
        ".h.pkr.hcl",
        "b.pkr.hcl~",
        "#b.pkr.hcl#",
        "x.hcl",
        "x.pkr.json",
        "x.tf",
        ".git/g.pkr.hcl",
        "old~/o.pkr.hcl",
        "#d#/d.pkr.hcl",
    ];
    for (line, expected) in [
        (&["."][..], "b.pkr.hcl\nc.pkr.hcl\n"),
        (&["-recursive", "."], "a/b/c.pkrvars.hcl\na/z.pkr.hcl\nb.pkr.hcl\nc.pkr.hcl\n"),
        (&["-recursive", "./a/"], "a/b/c.pkrvars.hcl\na/z.pkr.hcl\n"),
        (&["c.pkr.hcl", "./a/../a", "./b.pkr.hcl"], "c.pkr.hcl\na/z.pkr.hcl\n./b.pkr.hcl\n"),
        // Once, by the name that comes first.
        (&["./b.pkr.hcl", ".", "b.pkr.hcl"], "./b.pkr.hcl\nc.pkr.hcl\n"),
    ] {
        let sandbox = with_ugly(&[&files[..], &others].concat());
        assert_eq!(sandbox.run(&[&["fmt"], line].concat()).expect(0), expected, "{line:?}");
        for name in others {
            assert_eq!(sandbox.read(name), UGLY, "{name}");
        }
    }
}

#[test]
fn standard_input_goes_to_standard_output() {
    let duplicate = "locals {\n  a = 1\n  a = 2\n}\n";
    for (flags, input, code, expected) in [
        (&[][..], UGLY, 0, NICE),
        (&["-diff"], UGLY, 0, NICE),
        (&["-check"], UGLY, 3, ""),
        (&["-write=false"], UGLY, 0, ""),
        (&[], NICE, 0, NICE),
        (&["-check"], NICE, 0, NICE),
        (&["-write=false"], NICE, 0, NICE),
        (&[], "", 0, ""),
        (&[], "a=1", 0, "a = 1"),
        (&[], "a=1\r\nbb=2\r\n", 0, "a  = 1\r\nbb = 2\r\n"),
        (&[], "\u{feff}a = 1\n", 0, "a = 1\n"),
    ] {
        let line = [&["fmt"], flags, &["-"]].concat();
        assert_eq!(Sandbox::new().run_with_input(&line, input).expect(code), expected, "{line:?} {input:?}");
    }
    let stdout = Sandbox::new().run_with_input(&["fmt", "-"], duplicate).expect(1);
    let first = error("-", "It is left as it is, because it is not valid:");
    assert!(stdout.starts_with(&first) && stdout.contains("\n  on - line 3"), "{stdout}");
}

#[test]
fn standard_input_and_files_may_be_mixed() {
    let sandbox = with_ugly(&["a.pkr.hcl", "b.pkr.hcl"]);
    let stdout = sandbox.run_with_input(&["fmt", "a.pkr.hcl", "-", "b.pkr.hcl"], UGLY).expect(0);
    assert_eq!(stdout, format!("a.pkr.hcl\n{NICE}b.pkr.hcl\n"));
}

#[test]
fn a_file_with_a_problem_is_told_in_the_end_and_the_others_are_formatted() {
    let sandbox = with_ugly(&["a.pkr.hcl", "z.pkr.hcl", "x.hcl"]);
    sandbox.write("broken.pkr.hcl", BROKEN);
    sandbox.write("latin.pkr.hcl", b"a = \"\xe9\"\n");
    sandbox.write("folder.pkr.hcl/inner", "");
    std::os::unix::fs::symlink("folder.pkr.hcl", sandbox.path("linked.pkr.hcl")).unwrap();
    std::os::unix::fs::symlink("nothing", sandbox.path("dead.pkr.hcl")).unwrap();
    let line = ["fmt", "x.hcl", "gone.pkr.hcl", "gone", "a.pkr.hcl", "."];
    let stdout = sandbox.run(&line).expect(1);
    let invalid = "It is left as it is, because it is not valid:";
    let expected = [
        "a.pkr.hcl\nz.pkr.hcl\n".to_owned(),
        error("x.hcl", "file x.hcl is not a HCL file"),
        error("gone.pkr.hcl", "failed to open gone.pkr.hcl: open gone.pkr.hcl: no such file or directory"),
        error("gone", "file gone is not a HCL file"),
        error("broken.pkr.hcl", invalid) + "Error: Invalid expression\n\n  on broken.pkr.hcl line 2, in locals:\n",
    ];
    assert!(stdout.starts_with(&expected.concat()), "{stdout}");
    for part in [
        error("dead.pkr.hcl", "failed to open dead.pkr.hcl: open dead.pkr.hcl: no such file or directory"),
        error("latin.pkr.hcl", invalid) + "Error: Invalid character encoding\n\n  on latin.pkr.hcl line 1:\n",
    ] {
        assert!(stdout.contains(&part), "{part}\nis missing in\n{stdout}");
    }
    assert_eq!(sandbox.read("a.pkr.hcl"), NICE);
    assert_eq!(sandbox.read("broken.pkr.hcl"), BROKEN);
    assert_eq!(std::fs::read(sandbox.path("latin.pkr.hcl")).unwrap(), b"a = \"\xe9\"\n");
    // An error outweighs what -check has to say.
    sandbox.write("a.pkr.hcl", UGLY);
    sandbox.run(&["fmt", "-check", "a.pkr.hcl", "broken.pkr.hcl"]).expect(1);
}

#[test]
fn differences_are_those_of_diff() {
    if !Path::new("/usr/bin/diff").exists() {
        return skipped("diff is not installed");
    }
    let texts = [
        UGLY.to_owned(),
        "a=1".to_owned(),
        "a=1\r\nb  = 2\r\n".to_owned(),
        "b {\n".repeat(9) + &"}\n".repeat(9),
        "b {\n  a = 1\n}\n\n".repeat(30) + "x=1\n" + &"b {\na=1\n}\n\n".repeat(12) + "y=[\n1]",
        (0..400).map(|n| format!("{}a{n}{}= {{\n  }}\n", " ".repeat(n % 5), " ".repeat(n % 3))).collect(),
        "x = <<E\n ${ a }\nE\n# c\n".to_owned(),
    ];
    for text in texts {
        let sandbox = Sandbox::new();
        sandbox.write("t.pkr.hcl", &text);
        let shown = sandbox.run(&["fmt", "-check", "-diff", "t.pkr.hcl"]).expect(3);
        sandbox.write("old", &text);
        sandbox.run(&["fmt", "t.pkr.hcl"]).expect(0);
        #[expect(clippy::disallowed_methods, reason = "the test compares with the program")]
        let mut diff = Command::new("/usr/bin/diff");
        diff.args(["--label=old/t.pkr.hcl", "--label=new/t.pkr.hcl", "-u"]);
        let output = diff.arg(sandbox.path("old")).arg(sandbox.path("t.pkr.hcl")).output().unwrap();
        assert_eq!(shown, format!("t.pkr.hcl\n{}", String::from_utf8(output.stdout).unwrap()));
    }
}

#[test]
fn mode_and_links_stay() {
    let sandbox = with_ugly(&["real/a.txt", "b.pkr.hcl"]);
    std::fs::set_permissions(sandbox.path("real/a.txt"), PermissionsExt::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink("real/a.txt", sandbox.path("a.pkr.hcl")).unwrap();
    std::os::unix::fs::symlink("b.pkr.hcl", sandbox.path("c.pkr.hcl")).unwrap();
    // One file by two names comes once.
    assert_eq!(sandbox.run(&["fmt", "."]).expect(0), "a.pkr.hcl\nb.pkr.hcl\n");
    assert_eq!(sandbox.read("real/a.txt"), NICE);
    assert!(sandbox.path("a.pkr.hcl").is_symlink() && sandbox.path("c.pkr.hcl").is_symlink());
    assert_eq!(sandbox.path("real/a.txt").metadata().unwrap().permissions().mode() & 0o7777, 0o640);
    assert_eq!(names(&sandbox, "."), ["a.pkr.hcl", "b.pkr.hcl", "c.pkr.hcl", "real"]);
}

fn names(sandbox: &Sandbox, folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(sandbox.path(folder)).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A limit on file sizes fails a write as a full disk does, without a disk to fill.
#[test]
fn a_write_that_fails_loses_nothing() {
    let sandbox = with_ugly(&["a.pkr.hcl"]);
    let program = sandbox.command(&["fmt"]).get_program().to_owned();
    #[expect(clippy::disallowed_methods, reason = "the test is the shell here")]
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" fmt a.pkr.hcl"]).arg(program);
    shell.current_dir(sandbox.path(".")).env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let stdout = sandbox.finish(shell.spawn().unwrap()).expect(1);
    let failed = error("a.pkr.hcl", "failed to write a.pkr.hcl: file too large");
    assert_eq!(stdout, format!("a.pkr.hcl\n{failed}\n"));
    assert_eq!(sandbox.read("a.pkr.hcl"), UGLY);
    assert_eq!(names(&sandbox, "."), ["a.pkr.hcl"]);
}

#[test]
fn nothing_is_lost_without_permission() {
    let sandbox = with_ugly(&["file/a.pkr.hcl", "folder/a.pkr.hcl", "hidden/a.pkr.hcl"]);
    for (path, mode) in [("file/a.pkr.hcl", 0o444), ("folder", 0o555), ("hidden/a.pkr.hcl", 0o000)] {
        std::fs::set_permissions(sandbox.path(path), PermissionsExt::from_mode(mode)).unwrap();
    }
    for (path, reason) in [
        ("file/a.pkr.hcl", "failed to write file/a.pkr.hcl: permission denied"),
        ("folder/a.pkr.hcl", "failed to write folder/a.pkr.hcl: permission denied"),
        ("hidden/a.pkr.hcl", "failed to open hidden/a.pkr.hcl: open hidden/a.pkr.hcl: permission denied"),
    ] {
        let child = sandbox.unprivileged_command(&["fmt", path]).spawn().unwrap();
        let stdout = sandbox.finish(child).expect(1);
        assert!(stdout.ends_with(&format!("{}\n", error(path, reason))), "{stdout}");
    }
    std::fs::set_permissions(sandbox.path("folder"), PermissionsExt::from_mode(0o755)).unwrap();
    assert_eq!(sandbox.read("file/a.pkr.hcl"), UGLY);
    assert_eq!(names(&sandbox, "folder"), ["a.pkr.hcl"]);
}

#[test]
fn an_interrupt_leaves_whole_files_and_nothing_else() {
    let sandbox = Sandbox::new();
    let n = 1_000;
    (0..n).for_each(|n| sandbox.write(&format!("{n:04}.pkr.hcl"), UGLY.repeat(20)));
    let mut child = sandbox.command(&["fmt", "."]).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut String::new()).unwrap();
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let n_named = 1 + stdout.lines().count();
    let output = sandbox.finish(child);
    // It may have been done before the signal came.
    assert!(output.code == 130 || (output.code == 0 && n_named == n), "{output:?}, {n_named} named");
    let found = names(&sandbox, ".");
    assert_eq!(found.len(), n, "something is left behind");
    let n_nice = found.iter().filter(|name| sandbox.read(name) == NICE.repeat(20)).count();
    let n_ugly = found.iter().filter(|name| sandbox.read(name) == UGLY.repeat(20)).count();
    assert_eq!((n_nice, n_nice + n_ugly), (n_named, n));
}

#[test]
fn whoever_waits_for_input_can_be_interrupted() {
    let sandbox = Sandbox::new();
    let mut child = sandbox.command(&["fmt", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.as_mut().unwrap().write_all(b"a=1\n").unwrap();
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let _input = child.stdin.take();
    assert_eq!(sandbox.finish(child).code, 130);
}

#[test]
fn files_are_formatted_though_nobody_listens() {
    let sandbox = with_ugly(&["a.pkr.hcl", "b.pkr.hcl"]);
    let mut child = sandbox.command(&["fmt", "."]).spawn().unwrap();
    drop(child.stdout.take());
    let output = sandbox.finish(child);
    assert_eq!((output.code, output.stderr.as_str()), (0, ""));
    assert_eq!((sandbox.read("a.pkr.hcl"), sandbox.read("b.pkr.hcl")), (NICE.to_owned(), NICE.to_owned()));
}

#[test]
fn very_many_files_come_in_order() {
    let sandbox = Sandbox::new();
    let names: Vec<String> = (0..10_000).map(|n| format!("{:02}/{n:05}.pkr.hcl", n / 100)).collect();
    names.iter().for_each(|name| sandbox.write(name, "a=1\n"));
    let stdout = sandbox.run(&["fmt", "-recursive", "."]).expect(0);
    assert!(stdout.lines().eq(names.iter().map(String::as_str)), "{} lines", stdout.lines().count());
    sandbox.run(&["fmt", "-check", "-recursive", "."]).expect(0);
}

#[test]
fn the_examples_are_in_canonical_layout() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let stdout = Sandbox::new().run(&["fmt", "-check", "-diff", "-recursive", examples.to_str().unwrap()]).expect(0);
    assert_eq!(stdout, "");
}
