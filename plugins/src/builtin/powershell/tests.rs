//! The provisioner on a machine that keeps what it is told.

use std::sync::Arc;
use std::time::Duration;

use engine::{Cancel, CancelPhase};
use planner::value::{Type, Value};
use tokio::time::Instant;

use super::PowerShell;
use crate::builtin::fixtures::{RecordingUi, context_in};
use crate::component::{BuildData, ComponentContext, ComponentError, Provisioner};
use crate::remote::tests::scripted_machine::{Answer, ScriptedMachine};

type Given = (&'static str, Value);

const OK: Answer = Answer::Ends(0, "", "");
const VARS: &str = "$env:PACKER_BUILDER_TYPE=\"null\"; $env:PACKER_BUILD_NAME=\"web\"; ";

fn text(name: &'static str, text: &str) -> Given {
    (name, Value::string(text))
}

fn flag(name: &'static str) -> Given {
    (name, Value::Bool(true))
}

fn inline() -> Given {
    ("inline", Value::strings(["Write-Host {{build `ID`}}", "two"]))
}

/// A script, and places without numbers.
fn file() -> Vec<Given> {
    vec![text("script", "a.ps1"), text("remote_path", "s.ps1"), text("remote_env_var_path", "vars.ps1")]
}

struct Outcome {
    result: Result<(), String>,
    machine: Arc<ScriptedMachine>,
    said: Vec<String>,
    took: Duration,
    context: ComponentContext,
}

impl Outcome {
    fn content_of(&self, part: &str) -> String {
        let path = self.machine.paths().into_iter().rfind(|path| path.contains(part));
        self.machine.content(&path.unwrap_or_else(|| panic!("no {part}")))
    }
}

async fn run(config: &[Given], commands: &[Answer], transfers: &[Answer], cancel: &Cancel) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.ps1"), "one\r\n").unwrap();
    std::fs::write(folder.path().join("b.ps1"), "two").unwrap();
    let (context, ui) = (context_in(folder.path()), Arc::new(RecordingUi::default()));
    let (machine, begun) = (Arc::new(ScriptedMachine::answering(commands, transfers)), Instant::now());
    let mut powershell = PowerShell::default();
    let data = BuildData::from([
        ("ID".to_owned(), Value::string("i-1")),
        ("WinRMPassword".to_owned(), Value::string("of the machine")),
    ]);
    let result = match powershell.prepare(&Value::object(config.iter().cloned()), &context).await {
        Ok(_) => powershell.provision(ui.clone(), machine.clone(), &data, cancel).await,
        Err(error) => Err(error),
    };
    let result = result.map_err(|error: ComponentError| error.to_string());
    Outcome { result, machine, said: ui.said(), took: begun.elapsed(), context }
}

async fn ran(config: &[Given]) -> Outcome {
    let outcome = run(config, &[], &[], &Cancel::new()).await;
    assert_eq!(outcome.result, Ok(()));
    outcome
}

#[tokio::test]
async fn the_command_says_how_powershell_is_started() {
    let block = "& { if (Test-Path variable:global:ProgressPreference){set-variable -name variable:global:ProgressPreference -value 'SilentlyContinue'};TRACE. vars.ps1; &'s.ps1'; exit $LastExitCode }";
    let quiet = block.replace("TRACE", "");
    let traced = block.replace("TRACE", "Set-PsDebug -Trace 1;");
    let debug = || ("debug_mode", Value::int(1));
    let policy = |policy: &str| text("execution_policy", policy);
    let rows = [
        (vec![], format!("powershell -executionpolicy bypass \"{quiet}\"")),
        (vec![policy("Unrestricted")], format!("powershell -executionpolicy unrestricted \"{quiet}\"")),
        (vec![policy("3")], format!("powershell -executionpolicy remotesigned \"{quiet}\"")),
        (vec![policy("none")], quiet.clone()),
        (vec![flag("use_pwsh")], format!("pwsh -executionpolicy bypass -command \"{quiet}\"")),
        (vec![debug()], format!("powershell -executionpolicy bypass \"{traced}\"")),
        (vec![debug(), policy("none"), flag("use_pwsh")], traced.clone()),
        (vec![text("execute_command", "run {{.Path}} {{.Vars}} {{.ID}}")], "run s.ps1 vars.ps1 i-1".to_owned()),
    ];
    for (config, expected) in rows {
        let outcome = ran(&[file(), config].concat()).await;
        assert_eq!(outcome.machine.commands()[0], expected);
    }
    let file = "-file s.ps1";
    let rows = [
        (vec![], format!("powershell -executionpolicy bypass {file}")),
        (vec![flag("use_pwsh")], format!("pwsh -executionpolicy bypass {file}")),
        (vec![policy("none")], file.to_owned()),
        (vec![debug()], format!("powershell -executionpolicy bypass {file}")),
    ];
    for (config, expected) in rows {
        let outcome = ran(&[config, vec![inline(), text("remote_path", "s.ps1")]].concat()).await;
        assert_eq!(outcome.machine.commands()[0], expected);
    }
}

#[tokio::test]
async fn files_are_sent_run_and_removed() {
    let outcome = ran(&file()).await;
    let paths = outcome.machine.paths();
    assert_eq!(paths[..2], ["vars.ps1", "s.ps1"]);
    assert!(paths[2].starts_with("c:/Windows/Temp/packer-cleanup-") && paths.len() == 3, "{paths:?}");
    assert_eq!((outcome.content_of("vars.ps1"), outcome.content_of("s.ps1")), (VARS.to_owned(), "one\r\n".to_owned()));
    let cleanup = outcome.content_of("packer-cleanup");
    let removed: Vec<&str> = cleanup.lines().map(|line| line.split('\'').nth(1).unwrap()).collect();
    assert_eq!(removed, ["s.ps1", "vars.ps1", &paths[2]]);
    let commands = outcome.machine.commands();
    assert!(commands[1].contains(&format!("&'{}'", paths[2])) && commands.len() == 2, "{commands:?}");
    let said = ["say: Provisioning with Powershell...", "say: Provisioning with powershell script: a.ps1"];
    assert_eq!(outcome.said, said);
    // What is on Windows already is left as it is, whatever it is called.
    let binary = ran(&[file(), vec![flag("binary")]].concat()).await;
    assert_eq!(binary.content_of("s.ps1"), "one\r\n");
    let kept = ran(&[file(), vec![flag("skip_clean")]].concat()).await;
    assert_eq!((kept.machine.paths().len(), kept.machine.commands().len()), (2, 1));
}

#[tokio::test]
async fn inline_scripts_have_their_variables_in_them() {
    let env = Value::Map(Type::String, Arc::new([(Arc::from("B"), Value::string("$b\"`'"))].into()));
    let config = [
        inline(),
        ("environment_vars", Value::strings(["A={{build `ID`}}", "B=lost"])),
        ("env", env),
        ("debug_mode", Value::int(2)),
    ];
    let outcome = ran(&config).await;
    let paths = outcome.machine.paths();
    assert!(paths[0].starts_with("c:/Windows/Temp/packer-ps-env-vars-"), "{paths:?}");
    assert!(paths[1].starts_with("c:/Windows/Temp/script-") && paths[1].ends_with(".ps1"), "{paths:?}");
    let variables = format!("$env:A=\"i-1\"; $env:B=\"`$b`\"```'\"; {VARS}");
    assert_eq!(outcome.machine.content(&paths[0]), variables);
    let script = outcome.machine.content(&paths[1]);
    assert!(script.contains(&format!("try {{\n{variables}\nWrite-Host i-1\ntwo\n}} catch {{")), "{script}");
    assert!(script.contains("Set-PsDebug -Trace 2\n"));
    assert_eq!(outcome.said[1], "say: Provisioning with powershell script: inline script");
    let formatted = ran(&[inline(), text("env_var_format", "<%s=%s>")]).await;
    assert!(formatted.content_of("env-vars").starts_with("<PACKER_BUILDER_TYPE=null>"));
}

#[tokio::test]
async fn places_on_the_machine() {
    for (folder, expected) in [("d:\\x\\", "d:\\x\\a.ps1"), ("d:/x/", "d:/x/a.ps1"), ("d:/x", "d:/x")] {
        let config = [("scripts", Value::strings(["a.ps1", "./b.ps1"])), text("remote_path", folder)];
        let outcome = ran(&config).await;
        assert_eq!(outcome.machine.paths()[1], expected);
        assert_eq!(outcome.machine.paths()[3], expected.replace("a.ps1", "b.ps1"));
    }
    let outcome = ran(&[inline(), text("remote_path", "d:/x/")]).await;
    assert!(outcome.machine.paths()[1].starts_with("d:/x/script-"));
}

#[tokio::test]
async fn as_another_user() {
    let config = [
        file(),
        vec![
            text("elevated_user", "boss"),
            text("elevated_password", "{{.WinRMPassword}}"),
            text("elevated_env_var_format", "%s is %s;"),
            text("env_var_format", "no%s%s"),
            text("elevated_execute_command", "up {{.Path}} {{.Vars}}"),
            text("execute_command", "plain {{.Path}}"),
        ],
    ]
    .concat();
    let outcome = ran(&config).await;
    let paths = outcome.machine.paths();
    assert_eq!(paths[..2], ["vars.ps1", "s.ps1"]);
    assert_eq!(outcome.content_of("vars.ps1"), "PACKER_BUILDER_TYPE is null;PACKER_BUILD_NAME is web;");
    let wrapper = outcome.machine.content(&paths[2]);
    assert!(wrapper.contains("up s.ps1 vars.ps1 &gt; ") && wrapper.contains("<UserId>boss</UserId>"), "{wrapper}");
    // A legacy template leaves it to be rendered now; in HCL there is nothing yet to be rendered.
    assert!(wrapper.contains("6, 'boss', '<no value>', 1"), "{wrapper}");
    let commands = outcome.machine.commands();
    assert_eq!(commands[0], format!("powershell -executionpolicy bypass -file \"{}\"", paths[2]));
    assert_eq!(commands[1], format!("plain {}", paths[3]));
    // It holds a password.
    assert!(outcome.content_of("packer-cleanup").contains(&paths[2]));
    let by_build =
        [file(), vec![text("elevated_user", "boss"), text("elevated_password", "{{build `WinRMPassword`}}")]];
    let outcome = ran(&by_build.concat()).await;
    assert!(outcome.content_of("elevated").contains("6, 'boss', 'of the machine', 1"));
    assert_eq!(outcome.context.secrets.scrub("a word of the machine"), "a word <sensitive>");
}

#[tokio::test(start_paused = true)]
async fn statuses_retries_and_pauses() {
    let codes = ("valid_exit_codes", Value::List(Type::Number, [Value::int(0), Value::int(2)].into()));
    let no = Answer::Refuses("no route");
    type Row<'a> = (Vec<Given>, Vec<Answer>, Vec<Answer>, Result<(), &'a str>, u64);
    let rows: Vec<Row<'_>> = vec![
        (vec![codes.clone()], vec![Answer::Ends(2, "", "")], vec![], Ok(()), 0),
        (
            vec![codes, text("pause_after", "1h")],
            vec![Answer::Ends(3, "", "")],
            vec![],
            Err("Script exited with non-zero exit status: 3. Allowed exit codes are: [0 2]"),
            0,
        ),
        (vec![], vec![no.clone()], vec![OK, no.clone()], Ok(()), 4),
        (
            vec![text("start_retry_timeout", "5s")],
            vec![],
            vec![no.clone(); 9],
            Err("Error uploading vars.ps1: no route"),
            4,
        ),
        (vec![text("start_retry_timeout", "5s")], vec![no.clone(); 9], vec![], Err("no route"), 4),
        (vec![text("pause_after", "1m")], vec![], vec![], Ok(()), 60),
        (vec![text("pause_after", "1m"), flag("skip_clean")], vec![], vec![], Ok(()), 60),
        // Nobody's build fails because something could not be removed.
        (vec![], vec![OK, Answer::Ends(1, "", "")], vec![], Ok(()), 0),
        (vec![text("start_retry_timeout", "5s")], vec![OK, no.clone(), no.clone(), no], vec![], Ok(()), 4),
    ];
    for (config, commands, transfers, expected, seconds) in rows {
        let config = [file(), config].concat();
        let outcome = run(&config, &commands, &transfers, &Cancel::new()).await;
        assert_eq!(outcome.result, expected.map_err(str::to_owned));
        assert_eq!(outcome.took, Duration::from_secs(seconds), "{config:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stopped_run_ends_and_cleans_up() {
    let rows = [
        (vec![Answer::Hangs], vec![], vec![]),
        (vec![], vec![Answer::Hangs], vec![]),
        (vec![], vec![Answer::Refuses("no")], vec![]),
        (vec![], vec![], vec![text("pause_after", "1h")]),
    ];
    for (commands, transfers, config) in rows {
        let cancel = Cancel::new();
        let stop = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            cancel.raise(CancelPhase::Stopping);
        };
        let config = [file(), config].concat();
        let (outcome, ()) = tokio::join!(run(&config, &commands, &transfers, &cancel), stop);
        assert_eq!((&outcome.result, outcome.took), (&Err("context canceled".to_owned()), Duration::from_secs(1)));
        assert!(outcome.content_of("packer-cleanup").contains("'s.ps1'"));
    }
}

#[tokio::test]
async fn options_are_checked() {
    let config = [
        text("elevated_password", "x"),
        ("debug_mode", Value::int(3)),
        text("execution_policy", "lax"),
        text("elevated_env_var_format", "%s"),
        text("execute_command", "{{"),
        text("elevated_execute_command", "{{.X"),
    ];
    let expected = "7 error(s) occurred:\n\n\
                    * Either a script file or inline script must be specified.\n\
                    * Must supply an 'elevated_user' if 'elevated_password' provided\n\
                    * 3 is an invalid Trace level for `debug_mode`; valid values are 0, 1, and 2\n\
                    * Invalid execution_policy 'lax'; valid values are: bypass, allsigned, default, remotesigned, restricted, undefined, unrestricted, none\n\
                    * elevated_env_var_format \"%s\": it must hold two %s, one for the name and one for the value\n\
                    * error in 'execute_command': template: root:1: unclosed action\n\
                    * error in 'elevated_execute_command': template: root:1: unclosed action";
    assert_eq!(run(&config, &[], &[], &Cancel::new()).await.result.unwrap_err(), expected);
}
