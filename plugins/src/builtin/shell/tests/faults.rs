//! Machines that cannot be reached, that go away, and runs that are stopped.

use std::sync::Arc;
use std::time::Duration;

use engine::{Cancel, CancelPhase};
use planner::value::Value;
use tokio::time::Instant;

use super::running::{Config, codes, flag, inline, provision, text};
use crate::builtin::fixtures::{RecordingUi, context};
use crate::builtin::none_communicator::NoneCommunicator;
use crate::builtin::shell::Shell;
use crate::component::{BuildData, ComponentError, DISCONNECTED, Provisioner};
use crate::remote::tests::local_machine::{CUT, LocalMachine};
use crate::remote::tests::scripted_machine::{Answer, ScriptedMachine};

const OK: Answer = Answer::Ends(0, "", "");

/// What came of it, how long it took, and what the machine heard.
struct Outcome {
    result: Result<(), String>,
    took: Duration,
    commands: Vec<String>,
    said: Vec<String>,
}

/// Runs on a machine that answers like this, with the script at `/s`.
async fn outcome(config: Config<'_>, commands: &[Answer], transfers: &[Answer], cancel: &Cancel) -> Outcome {
    let (machine, begun) = (Arc::new(ScriptedMachine::answering(commands, transfers)), Instant::now());
    let config = [&[inline(&["true"]), text("remote_path", "/s"), text("execute_command", "go")], config].concat();
    let ui = Arc::new(RecordingUi::default());
    let folder = std::path::Path::new("/");
    let result = provision(folder, &config, machine.clone(), ui.clone(), cancel).await;
    let result = result.map_err(|error| error.to_string());
    // Permissions are not what these are about.
    let commands = machine.commands().into_iter().filter(|line| !line.starts_with("chmod")).collect();
    Outcome { result, took: begun.elapsed(), commands, said: ui.said() }
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_is_not_there_yet_is_tried_again() {
    let no = Answer::Refuses("no route to host");
    let late = text("start_retry_timeout", "7s");
    // Each `chmod` takes an answer as well.
    type Row<'a> = (Vec<Answer>, Vec<Answer>, Result<(), &'a str>, u64, &'a [&'a str]);
    let rows: [Row<'_>; 5] = [
        (vec![], vec![no.clone(), no.clone()], Ok(()), 4, &["go", "rm -f /s"]),
        (vec![OK, no.clone(), OK, OK], vec![], Ok(()), 2, &["go", "go", "rm -f /s"]),
        (vec![no.clone(), OK, OK], vec![], Ok(()), 2, &["go", "rm -f /s"]),
        (vec![], vec![no.clone(); 9], Err("Error uploading script: no route to host"), 6, &[]),
        (
            vec![],
            vec![Answer::Hangs],
            Err("Error uploading script: uploading the script did not end within 7s"),
            7,
            &[],
        ),
    ];
    for (commands, transfers, expected, seconds, expected_commands) in rows {
        let outcome = outcome(std::slice::from_ref(&late), &commands, &transfers, &Cancel::new()).await;
        assert_eq!(outcome.result, expected.map_err(str::to_owned));
        assert_eq!(outcome.took, Duration::from_secs(seconds), "{expected:?}");
        assert_eq!(outcome.commands, expected_commands);
    }
    let begun = Instant::now();
    let result = outcome(&[], &[], &vec![no; 1_000], &Cancel::new()).await.result;
    assert_eq!((result.is_err(), begun.elapsed()), (true, Duration::from_secs(298)), "five minutes by default");
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_machine_that_there_is_none_of() {
    let (config, begun) = ([inline(&["true"])], Instant::now());
    let folder = std::path::Path::new("/");
    let result = provision(folder, &config, Arc::new(NoneCommunicator), Arc::default(), &Cancel::new()).await;
    let expected = "Error uploading script: Upload is not implemented when communicator = 'none'";
    assert_eq!(result.unwrap_err().to_string(), expected);
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn what_has_begun_is_not_begun_again() {
    let outcome = outcome(&[], &[OK, Answer::Breaks("the plugin died")], &[], &Cancel::new()).await;
    assert_eq!(outcome.result, Err("the plugin died".to_owned()));
    assert_eq!((outcome.commands, outcome.took), (vec!["go".to_owned()], Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn lost_connections() {
    let lost = Answer::Ends(DISCONNECTED, "", "");
    let unexpected = "Script disconnected unexpectedly. If you expected your script to disconnect, i.e. from a restart, you can try adding `\"expect_disconnect\": true` or `\"valid_exit_codes\": [0, 2300218]` to the shell provisioner parameters.";
    let rows: [(Config<'_>, Result<(), String>); 4] = [
        (&[], Err(unexpected.to_owned())),
        (&[codes(&[0, 1])], Err(unexpected.to_owned())),
        (&[flag("expect_disconnect"), codes(&[3])], Ok(())),
        (&[codes(&[0, 2_300_218])], Ok(())),
    ];
    for (config, expected) in rows {
        // The machine comes back while its script is to be removed.
        let answers = [OK, lost.clone(), Answer::Refuses("booting"), lost.clone(), OK];
        let outcome = outcome(config, &answers, &[], &Cancel::new()).await;
        assert_eq!(outcome.result, expected);
        let n_removals = outcome.commands.iter().filter(|line| *line == "rm -f /s").count();
        assert_eq!(n_removals, if expected.is_ok() { 3 } else { 0 });
    }
    let refused = outcome(&[flag("expect_disconnect")], &[OK, Answer::Ends(1, "", "")], &[], &Cancel::new()).await;
    assert!(refused.result.unwrap_err().contains("exit status: 1"));
}

#[tokio::test]
async fn a_real_command_that_is_cut_off() {
    let machine = Arc::new(LocalMachine::new(true));
    let config = [inline(&["echo bye; exit 99"]), text("remote_folder", &machine.home().display().to_string())];
    assert_eq!(CUT, 99);
    let result = provision(machine.home(), &config, machine.clone(), Arc::default(), &Cancel::new()).await;
    assert!(result.unwrap_err().to_string().starts_with("Script disconnected unexpectedly."));
}

#[tokio::test(start_paused = true)]
async fn a_script_that_cannot_be_removed_fails_the_build() {
    let refused = outcome(&[], &[OK, OK, Answer::Ends(1, "", "not permitted")], &[], &Cancel::new()).await;
    assert_eq!(refused.result, Err("Error removing temporary script at /s!".to_owned()));
    let short = text("start_retry_timeout", "3s");
    let gone = Answer::Refuses("gone");
    let outcome = outcome(&[short], &[OK, OK, gone.clone(), gone.clone(), gone], &[], &Cancel::new()).await;
    assert_eq!(outcome.result, Err("Error removing temporary script at /s: gone".to_owned()));
    assert_eq!(outcome.took, Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn the_pause_comes_last() {
    let pause = text("pause_after", "1m30s");
    let paused = outcome(std::slice::from_ref(&pause), &[], &[], &Cancel::new()).await;
    assert_eq!((paused.result, paused.took), (Ok(()), Duration::from_secs(90)));
    assert_eq!(paused.said[1], "say: Pausing 1m30s after this provisioner...");
    let failed = outcome(&[pause], &[OK, Answer::Ends(1, "", "")], &[], &Cancel::new()).await;
    assert_eq!((failed.result.is_err(), failed.took), (true, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn a_stopped_run_ends_and_removes_what_it_left() {
    let pause = text("pause_after", "100h");
    let hangs = || vec![Answer::Hangs];
    // Stopped during: upload, command, waiting for the next try, removal, pause.
    let rows = [
        (vec![], hangs(), 1),
        (vec![OK, Answer::Hangs], vec![], 1),
        (vec![], vec![Answer::Refuses("no")], 1),
        (vec![OK, OK, Answer::Hangs], vec![], 2),
        (vec![], vec![], 1),
    ];
    for (commands, transfers, n_removals) in rows {
        let cancel = Cancel::new();
        let stop = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            cancel.raise(CancelPhase::Stopping);
        };
        let config = std::slice::from_ref(&pause);
        let (outcome, ()) = tokio::join!(outcome(config, &commands, &transfers, &cancel), stop);
        assert_eq!(outcome.result, Err("context canceled".to_owned()));
        assert_eq!(outcome.took, Duration::from_secs(1));
        let removals = outcome.commands.iter().filter(|line| *line == "rm -f /s").count();
        assert_eq!(removals, n_removals, "{commands:?} {transfers:?}");
    }
    let (cancel, config, answers) = (Cancel::new(), [flag("skip_clean")], [OK, Answer::Ignores]);
    let killed = outcome(&config, &answers, &[], &cancel);
    let kill = async { cancel.raise(CancelPhase::Killing) };
    let (killed, ()) = tokio::join!(killed, kill);
    assert_eq!((killed.result, killed.commands), (Err("context canceled".to_owned()), vec!["go".to_owned()]));
}

#[tokio::test]
async fn a_script_that_went_away_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("s.sh");
    std::fs::write(&script, "x").unwrap();
    let mut shell = Shell::default();
    let config = Value::object([text("script", &script.display().to_string())]);
    shell.prepare(&config, &context()).await.unwrap();
    std::fs::remove_file(&script).unwrap();
    let (ui, machine) = (Arc::new(RecordingUi::default()), Arc::new(ScriptedMachine::default()));
    let result = shell.provision(ui, machine, &BuildData::new(), &Cancel::new()).await;
    let expected = format!("Error opening shell script: open {}: no such file or directory", script.display());
    assert_eq!(result, Err(ComponentError::new(expected)));
}

#[tokio::test]
async fn options_are_checked() {
    let config = Value::object([
        text("execute_command", "{{.Path"),
        text("env_var_format", "%s"),
        text("pause_after", "5"),
        text("start_retry_timeout", "x"),
        ("environment_vars", Value::strings(["A"])),
    ]);
    let error = Shell::default().prepare(&config, &context()).await.unwrap_err();
    let expected = "6 error(s) occurred:\n\n\
                    * Either a script file or inline script must be specified.\n\
                    * Environment variable not in format 'key=value': A\n\
                    * env_var_format \"%s\": it must hold two %s, one for the name and one for the value\n\
                    * pause_after: time: missing unit in duration \"5\"\n\
                    * start_retry_timeout: time: invalid duration \"x\"\n\
                    * error in 'execute_command': template: root:1: unclosed action";
    assert_eq!(error.to_string(), expected);
}
