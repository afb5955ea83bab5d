//! Provisioner `windows-restart`: restarts the machine and waits until it is there again.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::Cancel;
use planner::duration::GoDuration;
use planner::value::Value;

use crate::builtin::powershell::text::quoted;
use crate::component::{BuildData, Communicator, ComponentContext, ComponentError, DISCONNECTED, Provisioner, Ui};
use crate::config::{Field, FieldType, Fields};
use crate::remote::command::{capture, run};
use crate::remote::lines::Audience;
use crate::remote::patience::Patience;
use crate::scrubber::Scrubber;

/// The fields of the provisioner.
pub const FIELDS: &[Field] = &[
    ("check_registry", FieldType::Flag),
    ("registry_keys", FieldType::Texts),
    ("restart_check_command", FieldType::Text),
    ("restart_command", FieldType::Text),
    ("restart_timeout", FieldType::Duration),
];

const RESTART: &str = "shutdown /r /f /t 0 /c \"packer restart\"";
/// Refused while the machine is shutting down, which is how we know.
const PROBE: &str = "shutdown /r /f /t 60 /c \"packer restart test\"";
/// Takes back a probe that was not refused.
const TAKE_BACK: &str = "shutdown /a";
/// Says so in PowerShell, whose modules are the last to be there.
const CHECK: &str = "echo (\"{0} restarted.\" -f [System.Net.Dns]::GetHostName())";
const CHECKED: &str = "restarted.";
const KEYS: [&str; 3] = [
    "HKLM:SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\RebootPending",
    "HKLM:SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\PackagesPending",
    "HKLM:Software\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\RebootInProgress",
];

/// The system is shutting down (`ERROR_SHUTDOWN_IN_PROGRESS`), or is going to (`ERROR_SHUTDOWN_IS_SCHEDULED`).
const SHUTTING_DOWN: [i64; 2] = [1115, 1190];
const RESTART_TIMEOUT: GoDuration = GoDuration::from_nanos(300_000_000_000);
const BETWEEN_PROBES: Duration = Duration::from_secs(10);
const BETWEEN_CHECKS: Duration = Duration::from_secs(5);
/// More than any answer that we look for.
const LONGEST_ANSWER: usize = 64 << 10;

/// The provisioner.
#[derive(Debug, Default)]
pub struct WindowsRestart {
    restart_command: String,
    /// None: only ours.
    check_command: Option<String>,
    timeout: GoDuration,
    /// Keys that are there while a restart is still to come.
    keys: Vec<String>,
    secrets: Scrubber,
}

#[async_trait]
impl Provisioner for WindowsRestart {
    async fn prepare(&mut self, config: &Value, context: &ComponentContext) -> Result<Vec<String>, ComponentError> {
        let mut fields = Fields::new(config, context);
        let given = |text: String| Some(text).filter(|text| !text.is_empty());
        self.restart_command = given(fields.text("restart_command")).unwrap_or_else(|| RESTART.to_owned());
        self.check_command = given(fields.text("restart_check_command")).filter(|command| *command != encoded(CHECK));
        self.timeout =
            fields.duration("restart_timeout").filter(|timeout| timeout.is_positive()).unwrap_or(RESTART_TIMEOUT);
        let keys = fields.texts("registry_keys");
        let keys = if keys.is_empty() { KEYS.map(str::to_owned).to_vec() } else { keys };
        self.keys = if fields.flag("check_registry") { keys } else { Vec::new() };
        self.secrets = context.secrets.clone();
        fields.finish().map(|()| Vec::new())
    }

    async fn provision(
        &self,
        ui: Arc<dyn Ui>,
        communicator: Arc<dyn Communicator>,
        _: &BuildData,
        cancel: &Cancel,
    ) -> Result<(), ComponentError> {
        let audience = Audience { ui: ui.clone(), secrets: self.secrets.clone() };
        ui.say("Restarting Machine");
        match run(communicator.as_ref(), &self.restart_command, &audience, cancel).await? {
            // A machine that restarts at once takes the connection with it.
            0 | DISCONNECTED => {}
            status if SHUTTING_DOWN.contains(&status) => {}
            status => {
                return Err(ComponentError::new(format!("Restart script exited with non-zero exit status: {status}")));
            }
        }
        ui.say("Waiting for machine to restart...");
        let patience = Patience::new(self.timeout);
        let wait = Wait { options: self, machine: communicator.as_ref(), audience, patience, cancel };
        wait.until_it_goes_away().await?;
        wait.until_it_is_back().await?;
        ui.say("Machine successfully restarted, moving on");
        Ok(())
    }
}

struct Wait<'a> {
    options: &'a WindowsRestart,
    machine: &'a dyn Communicator,
    audience: Audience,
    patience: Patience,
    cancel: &'a Cancel,
}

impl Wait<'_> {
    /// Until the machine is restarting, or has restarted already without our noticing.
    async fn until_it_goes_away(&self) -> Result<(), ComponentError> {
        loop {
            match self.shown(PROBE).await? {
                Some(0) => return self.shown(TAKE_BACK).await.map(drop),
                // What does not answer is restarting.
                None | Some(1 | DISCONNECTED) => return Ok(()),
                Some(status) => tracing::info!(status, "the machine is about to restart"),
            }
            self.pause(BETWEEN_PROBES).await?;
        }
    }

    async fn until_it_is_back(&self) -> Result<(), ComponentError> {
        let mut check_command = self.options.check_command.as_deref();
        loop {
            self.pause(BETWEEN_CHECKS).await?;
            if let Some(command) = check_command {
                if self.shown(command).await? != Some(0) {
                    continue;
                }
                check_command = None;
            }
            let Some(answer) = self.answer(&encoded(CHECK)).await?.filter(|answer| answer.contains(CHECKED)) else {
                continue;
            };
            if self.is_restart_pending().await? {
                continue;
            }
            answer.lines().for_each(|line| self.audience.ui.say(line.trim_end()));
            return Ok(());
        }
    }

    async fn is_restart_pending(&self) -> Result<bool, ComponentError> {
        for key in &self.options.keys {
            let test = encoded(&format!("Test-Path {}", quoted(key)));
            if self.answer(&test).await?.is_some_and(|answer| answer.contains("True")) {
                tracing::info!(key, "a restart is still pending");
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// How a command ended that is shown; none when the machine could not be asked.
    async fn shown(&self, line: &str) -> Result<Option<i64>, ComponentError> {
        let work = async |cancel: Cancel| run(self.machine, line, &self.audience, &cancel).await;
        let asked = self.patience.limit("the command", self.cancel, work).await;
        self.unless_lost(asked)
    }

    /// What a command wrote that is not shown; none when the machine could not be asked.
    async fn answer(&self, line: &str) -> Result<Option<String>, ComponentError> {
        let work = async |cancel: Cancel| capture(self.machine, line, LONGEST_ANSWER, &cancel).await;
        let asked = self.patience.limit("the command", self.cancel, work).await;
        Ok(self.unless_lost(asked)?.map(|captured| String::from_utf8_lossy(&captured.stdout).into_owned()))
    }

    fn unless_lost<T>(&self, asked: Result<T, ComponentError>) -> Result<Option<T>, ComponentError> {
        match asked {
            Ok(answer) => Ok(Some(answer)),
            Err(_) if self.cancel.is_stopping() => Err(ComponentError::Cancelled),
            Err(_) if self.patience.is_over() => Err(self.timed_out()),
            Err(error) => {
                tracing::info!(%error, "the machine does not answer");
                Ok(None)
            }
        }
    }

    async fn pause(&self, duration: Duration) -> Result<(), ComponentError> {
        self.patience.pause(duration, self.cancel).await?;
        if self.patience.is_over() { Err(self.timed_out()) } else { Ok(()) }
    }

    fn timed_out(&self) -> ComponentError {
        const TEXT: &str = "Timeout waiting for machine to restart.";
        self.audience.ui.error(TEXT);
        ComponentError::new(TEXT)
    }
}

/// A command line that has PowerShell run `script`, whatever signs are in it.
fn encoded(script: &str) -> String {
    let bytes: Vec<u8> = script.encode_utf16().flat_map(u16::to_le_bytes).collect();
    format!("powershell.exe -EncodedCommand {}", STANDARD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use engine::CancelPhase;
    use tokio::time::Instant;

    use super::*;
    use crate::builtin::fixtures::{RecordingUi, context};
    use crate::remote::tests::scripted_machine::{Answer, ScriptedMachine};

    const OK: Answer = Answer::Ends(0, "", "");
    const NO: Answer = Answer::Refuses("connection refused");
    const BACK: Answer = Answer::Ends(0, "WIN-1 restarted.\r\n", "");
    const ABSENT: Answer = Answer::Ends(0, "False\r\n", "");

    fn status(status: i64) -> Answer {
        Answer::Ends(status, "", "")
    }

    struct Outcome {
        result: Result<(), String>,
        /// Decoded where they were encoded.
        commands: Vec<String>,
        said: Vec<String>,
        seconds: u64,
    }

    async fn outcome(config: &[(&'static str, Value)], answers: &[Answer], cancel: &Cancel) -> Outcome {
        let (machine, ui) = (Arc::new(ScriptedMachine::answering(answers, &[])), Arc::new(RecordingUi::default()));
        let (mut restart, begun) = (WindowsRestart::default(), Instant::now());
        restart.prepare(&Value::object(config.iter().cloned()), &context()).await.unwrap();
        let result = restart.provision(ui.clone(), machine.clone(), &BuildData::new(), cancel).await;
        let commands = machine.commands().iter().map(|line| decoded(line)).collect();
        let seconds = begun.elapsed().as_secs();
        Outcome { result: result.map_err(|error| error.to_string()), commands, said: ui.said(), seconds }
    }

    fn decoded(line: &str) -> String {
        let Some(text) = line.strip_prefix("powershell.exe -EncodedCommand ") else { return line.to_owned() };
        let bytes = STANDARD.decode(text).unwrap();
        let units: Vec<u16> = bytes.chunks(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        format!("PS> {}", String::from_utf16(&units).unwrap())
    }

    fn text(name: &'static str, text: &str) -> (&'static str, Value) {
        (name, Value::string(text))
    }

    const ASK: &str = "PS> echo (\"{0} restarted.\" -f [System.Net.Dns]::GetHostName())";

    #[tokio::test(start_paused = true)]
    async fn waits_until_it_is_gone_and_back() {
        let answers = [OK, status(1115), status(1190), status(1717), NO, NO, Answer::Ends(1, "", "no module"), BACK];
        let outcome = outcome(&[], &answers, &Cancel::new()).await;
        assert_eq!(outcome.result, Ok(()));
        assert_eq!(outcome.commands, [RESTART, PROBE, PROBE, PROBE, PROBE, ASK, ASK, ASK]);
        assert_eq!(
            outcome.said,
            [
                "say: Restarting Machine",
                "say: Waiting for machine to restart...",
                "say: WIN-1 restarted.",
                "say: Machine successfully restarted, moving on",
            ]
        );
        assert_eq!(outcome.seconds, 3 * 10 + 3 * 5);
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_is_not_refused_is_taken_back() {
        for (probe, expected) in [
            (OK, vec![RESTART, PROBE, TAKE_BACK, ASK]),
            (status(1), vec![RESTART, PROBE, ASK]),
            (status(DISCONNECTED), vec![RESTART, PROBE, ASK]),
            (Answer::Breaks("gone"), vec![RESTART, PROBE, ASK]),
        ] {
            let answers = if expected.len() == 4 { vec![OK, probe, OK, BACK] } else { vec![OK, probe, BACK] };
            let outcome = outcome(&[], &answers, &Cancel::new()).await;
            assert_eq!((outcome.result, outcome.commands), (Ok(()), expected.into_iter().map(str::to_owned).collect()));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn how_the_restart_may_end() {
        for ok in [0, 1115, 1190, DISCONNECTED] {
            let answers = [status(ok), status(1), BACK];
            assert_eq!(outcome(&[text("restart_command", "go")], &answers, &Cancel::new()).await.commands[0], "go");
        }
        let refused = outcome(&[], &[status(5)], &Cancel::new()).await;
        assert_eq!(refused.result, Err("Restart script exited with non-zero exit status: 5".to_owned()));
        let broken = outcome(&[], &[NO], &Cancel::new()).await;
        assert_eq!(broken.result, Err("connection refused".to_owned()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_check_of_ones_own_comes_first() {
        let answers = [OK, status(1), NO, status(7), Answer::Ends(0, "mine", ""), NO, BACK];
        let outcome = outcome(&[text("restart_check_command", "check")], &answers, &Cancel::new()).await;
        assert_eq!(outcome.result, Ok(()));
        assert_eq!(outcome.commands[2..], ["check", "check", "check", ASK, ASK].map(str::to_owned));
        assert_eq!(outcome.said[2..4], ["say: mine", "say: WIN-1 restarted."].map(str::to_owned));
    }

    #[tokio::test(start_paused = true)]
    async fn keys_of_the_registry() {
        let check = ("check_registry", Value::Bool(true));
        let answers = [OK, status(1), BACK, ABSENT, Answer::Ends(0, "True\r\n", ""), BACK];
        let pending = outcome(std::slice::from_ref(&check), &answers, &Cancel::new()).await;
        let test = |key: &str| format!("PS> Test-Path '{key}'");
        let [first, second, third] = KEYS.map(test);
        let ask = ASK.to_owned();
        let expected = [ask.clone(), first.clone(), second.clone(), ask, first, second, third];
        assert_eq!((pending.result, &pending.commands[2..]), (Ok(()), &expected[..]));
        let keys = ("registry_keys", Value::strings(["HKLM:it's"]));
        let own = outcome(&[check, keys.clone()], &[OK, status(1), BACK, ABSENT], &Cancel::new()).await;
        assert_eq!(own.commands[3..], ["PS> Test-Path 'HKLM:it''s'"]);
        let unchecked = outcome(&[keys], &[OK, status(1), BACK], &Cancel::new()).await;
        assert_eq!((unchecked.result, unchecked.commands.len()), (Ok(()), 3));
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_takes_longer_than_the_timeout() {
        let short = text("restart_timeout", "1m");
        let rows: [(Vec<Answer>, u64); 5] = [
            (vec![status(1190); 99], 60),
            ([vec![OK, NO], vec![NO; 99]].concat(), 60),
            (vec![OK, Answer::Hangs], 60),
            (vec![OK, NO, Answer::Hangs], 60),
            // Communicators that do not stop are left behind, a moment later.
            (vec![OK, NO, Answer::Ignores], 65),
        ];
        for (answers, seconds) in rows {
            let outcome = outcome(std::slice::from_ref(&short), &answers, &Cancel::new()).await;
            assert_eq!(outcome.result, Err("Timeout waiting for machine to restart.".to_owned()));
            assert_eq!(outcome.said.last().unwrap(), "error: Timeout waiting for machine to restart.");
            assert_eq!(outcome.seconds, seconds);
        }
        let default = outcome(&[], &[vec![OK], vec![NO; 999]].concat(), &Cancel::new()).await;
        assert_eq!((default.result.is_err(), default.seconds), (true, 300));
    }

    #[tokio::test(start_paused = true)]
    async fn ends_when_the_run_does() {
        let rows = [
            vec![Answer::Hangs],
            vec![OK, Answer::Hangs],
            vec![OK, status(1190)],
            vec![OK, NO],
            vec![OK, NO, Answer::Hangs],
        ];
        for answers in rows {
            let cancel = Cancel::new();
            let stop = async {
                tokio::time::sleep(Duration::from_secs(7)).await;
                cancel.raise(CancelPhase::Stopping);
            };
            let (outcome, ()) = tokio::join!(outcome(&[], &answers, &cancel), stop);
            if outcome.result.is_ok() {
                panic!("{answers:?}");
            }
            assert_eq!((outcome.result, outcome.seconds), (Err("context canceled".to_owned()), 7), "{answers:?}");
        }
    }
}
