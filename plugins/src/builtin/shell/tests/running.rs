//! What reaches the machine, what it does there, and what is left.

use std::path::Path;
use std::sync::Arc;

use engine::Cancel;
use planner::value::{Type, Value};

use crate::builtin::fixtures::{RecordingUi, context_in};
use crate::builtin::shell::Shell;
use crate::component::{BuildData, Communicator, ComponentError, Provisioner};
use crate::remote::tests::local_machine::LocalMachine;
use crate::remote::tests::scripted_machine::ScriptedMachine;

pub(super) type Config<'a> = &'a [(&'static str, Value)];

pub(super) fn inline(lines: &[&str]) -> (&'static str, Value) {
    ("inline", Value::strings(lines.iter().copied()))
}

pub(super) fn text(name: &'static str, text: &str) -> (&'static str, Value) {
    (name, Value::string(text))
}

pub(super) fn flag(name: &'static str) -> (&'static str, Value) {
    (name, Value::Bool(true))
}

pub(super) fn codes(codes: &[i64]) -> (&'static str, Value) {
    ("valid_exit_codes", Value::List(Type::Number, codes.iter().map(|code| Value::int(*code)).collect()))
}

pub(super) async fn provision(
    folder: &Path,
    config: Config<'_>,
    machine: Arc<dyn Communicator>,
    ui: Arc<RecordingUi>,
    cancel: &Cancel,
) -> Result<(), ComponentError> {
    let mut shell = Shell::default();
    shell.prepare(&Value::object(config.iter().cloned()), &context_in(folder)).await?;
    let data = BuildData::from([("ID".to_owned(), Value::string("i-1"))]);
    shell.provision(ui, machine, &data, cancel).await
}

/// Runs on a local machine, with `~` for its home in the configuration; gives how it went and what was said.
async fn on(machine: &Arc<LocalMachine>, config: Config<'_>) -> (Result<(), String>, Vec<String>) {
    let home = machine.home().display().to_string();
    let folder = ("remote_folder", Value::string(home.as_str()));
    let config: Vec<_> = std::iter::once(folder).chain(config.iter().cloned()).collect();
    let ui = Arc::new(RecordingUi::default());
    let result = provision(machine.home(), &config, machine.clone(), ui.clone(), &Cancel::new()).await;
    (result.map_err(|error| error.to_string()), ui.said())
}

fn local(keeps_modes: bool) -> Arc<LocalMachine> {
    Arc::new(LocalMachine::new(keeps_modes))
}

/// A number that was made up, as `N`.
fn without_numbers(calls: Vec<String>) -> Vec<String> {
    let digits = |call: String| -> String {
        let mut cleaned = String::new();
        for (index, part) in call.split("_").enumerate() {
            match (index, part.find('.')) {
                (1.., Some(at)) if part[..at].bytes().all(|byte| byte.is_ascii_digit()) => {
                    cleaned.push_str(&format!("_N{}", &part[at..]));
                }
                (0, _) => cleaned.push_str(part),
                _ => cleaned.push_str(&format!("_{part}")),
            }
        }
        cleaned
    };
    calls.into_iter().map(digits).collect()
}

const VARS: &str = "PACKER_BUILDER_TYPE='null' PACKER_BUILD_NAME='web' ";

#[tokio::test]
async fn a_script_costs_three_calls() {
    let plain = format!("run chmod +x ~/script_N.sh; {VARS} ~/script_N.sh");
    let own = text("execute_command", "env {{.Vars}} {{.Path}} {{.ID}}");
    let own_line = format!("run env {VARS} ~/script_N.sh i-1");
    type Row<'a> = (bool, Vec<(&'static str, Value)>, &'a [&'a str]);
    let rows: [Row<'_>; 4] = [
        (true, vec![], &["upload ~/script_N.sh 0755", &plain, "run rm -f ~/script_N.sh"]),
        (false, vec![], &["upload ~/script_N.sh -", &plain, "run rm -f ~/script_N.sh"]),
        (true, vec![own.clone()], &["upload ~/script_N.sh 0755", &own_line, "run rm -f ~/script_N.sh"]),
        // Nobody else would make it executable.
        (
            false,
            vec![own],
            &["upload ~/script_N.sh -", "run chmod 0755 ~/script_N.sh", &own_line, "run rm -f ~/script_N.sh"],
        ),
    ];
    for (keeps_modes, mut config, calls) in rows {
        let machine = local(keeps_modes);
        config.push(inline(&["echo $0 ran in $PACKER_BUILD_NAME"]));
        let (result, said) = on(&machine, &config).await;
        assert_eq!(result, Ok(()), "{said:?}");
        assert_eq!(said[0], "say: Provisioning with shell script: inline script");
        assert!(said[1].ends_with("ran in web"), "{said:?}");
        assert_eq!(
            (without_numbers(machine.calls()), machine.files().len()),
            (calls.iter().map(|call| (*call).to_owned()).collect(), 0)
        );
    }
}

#[tokio::test]
async fn variables_can_go_in_a_file_that_nobody_else_reads() {
    for (keeps_modes, expected) in [
        (
            true,
            vec![
                "upload ~/varfile_N.sh 0600",
                "upload ~/s.sh 0755",
                "run chmod +x ~/s.sh; . ~/varfile_N.sh && ~/s.sh",
                "run rm -f ~/s.sh",
                "upload ~/s.sh 0755",
                "run chmod +x ~/s.sh; . ~/varfile_N.sh && ~/s.sh",
                "run rm -f ~/s.sh ~/varfile_N.sh",
            ],
        ),
        (
            false,
            vec![
                "upload ~/varfile_N.sh -",
                "run chmod 0600 ~/varfile_N.sh",
                "upload ~/s.sh -",
                "run chmod +x ~/s.sh; . ~/varfile_N.sh && ~/s.sh",
                "run rm -f ~/s.sh",
                "upload ~/s.sh -",
                "run chmod +x ~/s.sh; . ~/varfile_N.sh && ~/s.sh",
                "run rm -f ~/s.sh ~/varfile_N.sh",
            ],
        ),
    ] {
        let (machine, folder) = (local(keeps_modes), tempfile::tempdir().unwrap());
        let script = folder.path().join("a.sh");
        std::fs::write(&script, "#!/bin/sh\necho \"$WHO\"; ls -l varfile* | cut -c 1-10").unwrap();
        let script = script.display().to_string();
        let config = [
            flag("use_env_var_file"),
            text("remote_file", "s.sh"),
            ("scripts", Value::strings([script.as_str(), script.as_str()])),
            ("environment_vars", Value::strings(["WHO=it's me"])),
        ];
        let (result, said) = on(&machine, &config).await;
        assert_eq!(result, Ok(()), "{said:?}");
        let provisioning = format!("say: Provisioning with shell script: {script}");
        let once = [provisioning.as_str(), "say: it's me", "say: -rw-------"];
        assert_eq!(said, [once, once].concat());
        assert_eq!(
            (without_numbers(machine.calls()), machine.files().len()),
            (expected.iter().map(|call| (*call).to_owned()).collect(), 0)
        );
    }
}

#[tokio::test]
async fn variables_are_quoted_sorted_and_formatted() {
    let config = [
        inline(&["echo \"$A|$B|$C\""]),
        ("environment_vars", Value::strings(["B=it's", "A=first", "C=$(not run) {{build `ID`}}"])),
        ("env", Value::Map(Type::String, Arc::new([(Arc::from("A"), Value::string("wins"))].into()))),
    ];
    let (result, said) = on(&local(true), &config).await;
    assert_eq!((result, said[1].as_str()), (Ok(()), "say: wins|it's|$(not run) i-1"));
    let config = [inline(&["true"]), text("env_var_format", "<%s:%s>"), text("execute_command", "echo '{{.Vars}}'")];
    let (_, said) = on(&local(true), &config).await;
    assert_eq!(said[1], "say: <PACKER_BUILDER_TYPE:null><PACKER_BUILD_NAME:web>");
}

#[tokio::test]
async fn output_and_exit_codes() {
    let text = |status: i64, allowed: &str| {
        Err(format!("Script exited with non-zero exit status: {status}. Allowed exit codes are: [{allowed}]"))
    };
    let rows = [
        (vec![inline(&["printf 'a\\n\\nb'"])], Ok(()), vec!["say: a", "say: ", "say: b"]),
        (vec![inline(&["echo err >&2"])], Ok(()), vec!["error: err"]),
        (vec![inline(&["false", "echo not reached"])], text(1, "0"), vec![]),
        (vec![inline(&["exit 3"]), codes(&[0, 3])], Ok(()), vec![]),
        (vec![inline(&["exit 4"]), codes(&[0, 3])], text(4, "0 3"), vec![]),
        (vec![inline(&["true"]), codes(&[3])], text(0, "3"), vec![]),
        (vec![inline(&["echo '{{.ID}}' {{build `ID`}} {{build_name}}"])], Ok(()), vec!["say: <no value> i-1 web"]),
    ];
    for (config, expected, expected_said) in rows {
        let machine = local(true);
        let (result, said) = on(&machine, &config).await;
        assert_eq!(
            (&result, &said[1..]),
            (&expected, &expected_said.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>()[..]),
            "{config:?}"
        );
        // For whoever wants to know why it failed.
        assert_eq!(machine.files().len(), usize::from(result.is_err()));
    }
}

#[tokio::test]
async fn interpreters() {
    let rows = [
        (vec![inline(&["echo a"])], "#!/bin/sh -e\necho a\n"),
        (vec![inline(&["#!/bin/bash", "echo a"])], "#!/bin/bash\necho a\n"),
        (vec![inline(&["#!/bin/bash"]), text("inline_shebang", "/bin/dash -x")], "#!/bin/dash -x\n#!/bin/bash\n"),
        (vec![inline(&["a"]), text("inline_shebang", "")], "#!/bin/sh -e\na\n"),
    ];
    for (config, expected) in rows {
        let (machine, folder) = (Arc::new(ScriptedMachine::default()), tempfile::tempdir().unwrap());
        let config = [config, vec![text("remote_path", "/x/y")]].concat();
        let ui = Arc::new(RecordingUi::default());
        provision(folder.path(), &config, machine.clone(), ui, &Cancel::new()).await.unwrap();
        assert_eq!(machine.content("/x/y"), expected);
    }
}

#[tokio::test]
async fn scripts_of_windows_run_unless_they_are_not_text() {
    let (machine, folder) = (local(true), tempfile::tempdir().unwrap());
    let script = folder.path().join("dos.sh");
    std::fs::write(&script, "#!/bin/sh\r\necho fine\r\nprintf '\\ra\\n'\r\n").unwrap();
    let script = text("script", &script.display().to_string());
    let (result, said) = on(&machine, std::slice::from_ref(&script)).await;
    assert_eq!((result, &said[1..]), (Ok(()), &["say: fine".to_owned(), "say: a".to_owned()][..]));
    let (result, _) = on(&machine, &[script, flag("binary")]).await;
    let error = result.unwrap_err();
    assert!(error.contains("exit status: 126") || error.contains("exit status: 127"), "{error}");
}

#[tokio::test]
async fn places_on_the_machine() {
    let rows: [(Vec<(&'static str, Value)>, &str); 4] = [
        (vec![text("remote_path", "/p/q"), text("remote_file", "f"), text("remote_folder", "/g")], "/p/q"),
        (vec![text("remote_file", "f")], "/tmp/f"),
        (vec![text("remote_file", "f"), text("remote_folder", "/g")], "/g/f"),
        (vec![text("remote_path", "/with space/it's")], "/with space/it's"),
    ];
    for (config, path) in rows {
        let (machine, folder) = (Arc::new(ScriptedMachine::default()), tempfile::tempdir().unwrap());
        let config = [config, vec![inline(&["true"])]].concat();
        let ui = Arc::new(RecordingUi::default());
        provision(folder.path(), &config, machine.clone(), ui, &Cancel::new()).await.unwrap();
        assert_eq!(machine.paths(), [path]);
        let word = if path.contains(' ') { "'/with space/it'\"'\"'s'" } else { path };
        assert_eq!(machine.commands()[1], format!("rm -f {word}"));
    }
    let (machine, folder) = (Arc::new(ScriptedMachine::default()), tempfile::tempdir().unwrap());
    provision(folder.path(), &[inline(&["true"])], machine.clone(), Arc::default(), &Cancel::new()).await.unwrap();
    let number = machine.paths()[0].strip_prefix("/tmp/script_").unwrap().strip_suffix(".sh").unwrap().parse::<u32>();
    assert!(number.unwrap() < 9_999);
}

#[tokio::test]
async fn nothing_is_removed_with_skip_clean() {
    let machine = local(true);
    let config = [inline(&["true"]), flag("skip_clean"), flag("use_env_var_file")];
    assert_eq!(on(&machine, &config).await.0, Ok(()));
    assert_eq!((machine.files().len(), machine.calls().len()), (2, 3));
}

#[tokio::test]
async fn scripts_run_in_order_up_to_the_first_that_fails() {
    let (machine, folder) = (local(true), tempfile::tempdir().unwrap());
    for (name, content) in [("one", "#!/bin/sh\necho 1"), ("two", "#!/bin/sh\necho 2; exit 9"), ("three", "echo 3")] {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    // Relative paths are those of the folder that Packer was started in.
    let config = [
        ("scripts", Value::strings(["one", "two", "three"])),
        text("remote_folder", &machine.home().display().to_string()),
        text("remote_file", "s"),
    ];
    let ui = Arc::new(RecordingUi::default());
    let result = provision(folder.path(), &config, machine.clone(), ui.clone(), &Cancel::new()).await;
    assert!(result.unwrap_err().to_string().contains("exit status: 9"));
    let expected =
        ["say: Provisioning with shell script: one", "say: 1", "say: Provisioning with shell script: two", "say: 2"];
    assert_eq!((ui.said(), machine.files()), (expected.map(str::to_owned).to_vec(), vec!["s".to_owned()]));
}
