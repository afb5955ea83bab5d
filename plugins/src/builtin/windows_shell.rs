//! Provisioner `windows-shell`: scripts on the machine, with `cmd`.

use std::sync::Arc;

use async_trait::async_trait;
use engine::Cancel;
use planner::duration::GoDuration;
use planner::interpolate::{Interpolation, RunData};
use planner::value::Value;

use crate::builtin::scripts::choice::{Scripts, inline_text};
use crate::builtin::scripts::content::Content;
use crate::builtin::scripts::env_format::EnvFormat;
use crate::builtin::scripts::environment::Environment;
use crate::builtin::scripts::exit_codes::ExitCodes;
use crate::builtin::scripts::start::{Job, start_retry_timeout};
use crate::component::{BuildData, Communicator, ComponentContext, ComponentError, Provisioner, Ui};
use crate::config::{Field, FieldType, Fields};
use crate::remote::lines::Audience;

/// The fields of the provisioner. With `binary` or without, scripts go to the machine as they are.
pub const FIELDS: &[Field] = &[
    ("binary", FieldType::Flag),
    ("env", FieldType::TextMap),
    ("env_var_format", FieldType::Text),
    ("environment_vars", FieldType::Texts),
    ("execute_command", FieldType::Template),
    ("inline", FieldType::Texts),
    ("remote_path", FieldType::Text),
    ("script", FieldType::Text),
    ("scripts", FieldType::Texts),
    ("start_retry_timeout", FieldType::Duration),
    ("valid_exit_codes", FieldType::Numbers),
];

/// The checked options.
#[derive(Debug)]
struct Options {
    context: ComponentContext,
    interpolation: Interpolation,
    scripts: Scripts,
    environment: Environment,
    env_format: EnvFormat,
    exit_codes: ExitCodes,
    /// A template.
    execute_command: String,
    remote_path: String,
    start_retry_timeout: GoDuration,
}

/// The provisioner.
#[derive(Debug, Default)]
pub struct WindowsShell {
    prepared: Option<Options>,
}

#[async_trait]
impl Provisioner for WindowsShell {
    async fn prepare(&mut self, config: &Value, context: &ComponentContext) -> Result<Vec<String>, ComponentError> {
        self.prepared = Some(Options::read(config, context)?);
        Ok(Vec::new())
    }

    async fn provision(
        &self,
        ui: Arc<dyn Ui>,
        communicator: Arc<dyn Communicator>,
        data: &BuildData,
        cancel: &Cancel,
    ) -> Result<(), ComponentError> {
        match &self.prepared {
            Some(options) => options.run(ui, communicator.as_ref(), data, cancel).await,
            None => Err(ComponentError::new("windows-shell was not prepared")),
        }
    }
}

fn or(text: String, default: &str) -> String {
    if text.is_empty() { default.to_owned() } else { text }
}

impl Options {
    fn read(config: &Value, context: &ComponentContext) -> Result<Self, ComponentError> {
        let mut fields = Fields::new(config, context);
        let options = Self {
            context: fields.context().clone(),
            interpolation: fields.interpolation().clone(),
            scripts: Scripts::read(&mut fields),
            environment: Environment::read(&mut fields),
            env_format: EnvFormat::read(&mut fields, "env_var_format", "set \"%s=%s\" && "),
            exit_codes: ExitCodes::read(&mut fields),
            execute_command: or(fields.raw_text("execute_command"), "{{.Vars}}\"{{.Path}}\""),
            remote_path: or(fields.text("remote_path"), "c:/Windows/Temp/script.bat"),
            start_retry_timeout: start_retry_timeout(&mut fields),
        };
        if let Err(error) = options.interpolation.check(&options.execute_command) {
            fields.fault(format!("error in 'execute_command': {error}"));
        }
        fields.finish().map(|()| options)
    }

    async fn run(
        &self,
        ui: Arc<dyn Ui>,
        machine: &dyn Communicator,
        data: &BuildData,
        cancel: &Cancel,
    ) -> Result<(), ComponentError> {
        ui.say("Provisioning with windows-shell...");
        let run_data = RunData::new(data);
        let failed = |error| ComponentError::new(format!("Error processing command: {error}"));
        let variables = self.environment.variables(&self.interpolation, data, &run_data).map_err(failed)?;
        let variables = self.env_format.write_all(&variables, str::to_owned);
        let line_data = run_data.clone().with("Vars", &variables).with("Path", &self.remote_path);
        let line = self.interpolation.at_run(&self.execute_command, &line_data).map_err(failed)?;
        let audience = Audience { ui, secrets: self.context.secrets.clone() };
        match &self.scripts {
            Scripts::Inline(lines) => {
                let text = inline_text(lines, &self.interpolation, &run_data).map_err(failed)?;
                self.script("inline script", &Content::text(text), &line, machine, &audience, cancel).await
            }
            Scripts::Files(files) => {
                for file in files {
                    let content = Content::file(&self.context.working_dir.join(file)).await?;
                    self.script(file, &content, &line, machine, &audience, cancel).await?;
                }
                Ok(())
            }
        }
    }

    async fn script(
        &self,
        name: &str,
        content: &Content,
        line: &str,
        machine: &dyn Communicator,
        audience: &Audience,
        cancel: &Cancel,
    ) -> Result<(), ComponentError> {
        audience.ui.say(&format!("Provisioning with shell script: {name}"));
        let files = [(self.remote_path.as_str(), content)];
        let job = Job { files: &files, line, timeout: self.start_retry_timeout };
        let status = job.start(machine, audience, cancel).await?.await?;
        self.exit_codes.check(status)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use engine::CancelPhase;
    use planner::value::Type;
    use tokio::time::Instant;

    use super::*;
    use crate::builtin::fixtures::{RecordingUi, context_in};
    use crate::remote::tests::scripted_machine::{Answer, ScriptedMachine};

    const PATH: &str = "c:/Windows/Temp/script.bat";

    fn text(name: &'static str, text: &str) -> (&'static str, Value) {
        (name, Value::string(text))
    }

    fn inline() -> (&'static str, Value) {
        ("inline", Value::strings(["echo {{build `ID`}}", "exit /b 0"]))
    }

    async fn provision(
        config: &[(&'static str, Value)],
        machine: &Arc<ScriptedMachine>,
        ui: &Arc<RecordingUi>,
        cancel: &Cancel,
    ) -> Result<(), String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.bat"), "echo a\r\n").unwrap();
        let mut shell = WindowsShell::default();
        let prepared = shell.prepare(&Value::object(config.iter().cloned()), &context_in(folder.path())).await;
        prepared.map_err(|error| error.to_string())?;
        let data = BuildData::from([("ID".to_owned(), Value::string("i-1"))]);
        let done = shell.provision(ui.clone(), machine.clone(), &data, cancel).await;
        done.map_err(|error| error.to_string())
    }

    /// The commands, and the last script.
    async fn check(config: &[(&'static str, Value)], path: &str) -> (Vec<String>, String, Vec<String>) {
        let (machine, ui) = (Arc::new(ScriptedMachine::default()), Arc::new(RecordingUi::default()));
        assert_eq!(provision(config, &machine, &ui, &Cancel::new()).await, Ok(()));
        (machine.commands(), machine.content(path), ui.said())
    }

    #[tokio::test]
    async fn scripts_are_sent_and_called_with_their_variables() {
        let vars = "set \"PACKER_BUILDER_TYPE=null\" && set \"PACKER_BUILD_NAME=web\" && ";
        let (commands, script, said) = check(&[inline()], PATH).await;
        assert_eq!(commands, [format!("{vars}\"{PATH}\"")]);
        assert_eq!(script, "echo i-1\nexit /b 0\n");
        let expected =
            ["say: Provisioning with windows-shell...", "say: Provisioning with shell script: inline script"];
        assert_eq!(said, expected);
        for binary in [false, true] {
            let config = [text("script", "a.bat"), ("binary", Value::Bool(binary))];
            let (_, script, said) = check(&config, PATH).await;
            assert_eq!(
                (script.as_str(), said[1].as_str()),
                ("echo a\r\n", "say: Provisioning with shell script: a.bat")
            );
        }
        let config = [
            ("scripts", Value::strings(["a.bat", "a.bat"])),
            text("remote_path", "d:/x.cmd"),
            text("execute_command", "call {{.Path}} {{.Vars}}"),
            text("env_var_format", "%s:%s,"),
            ("environment_vars", Value::strings(["B=it's \"q\"", "A=1"])),
            ("env", Value::Map(Type::String, Arc::new([(Arc::from("A"), Value::string("2"))].into()))),
        ];
        let (commands, ..) = check(&config, "d:/x.cmd").await;
        let line = "call d:/x.cmd A:2,B:it's \"q\",PACKER_BUILDER_TYPE:null,PACKER_BUILD_NAME:web,";
        assert_eq!(commands, [line, line]);
    }

    #[tokio::test(start_paused = true)]
    async fn faults() {
        let codes = ("valid_exit_codes", Value::List(Type::Number, [Value::int(0), Value::int(2)].into()));
        let no = Answer::Refuses("no route");
        type Row<'a> = (Vec<(&'static str, Value)>, Vec<Answer>, Vec<Answer>, Result<(), &'a str>, u64);
        let rows: Vec<Row<'_>> = vec![
            (vec![codes.clone()], vec![Answer::Ends(2, "", "")], vec![], Ok(()), 0),
            (
                vec![codes],
                vec![Answer::Ends(3, "", "")],
                vec![],
                Err("Script exited with non-zero exit status: 3. Allowed exit codes are: [0 2]"),
                0,
            ),
            (vec![], vec![no.clone()], vec![no.clone()], Ok(()), 4),
            (
                vec![text("start_retry_timeout", "5s")],
                vec![],
                vec![no.clone(), no.clone(), no.clone(), no],
                Err("Error uploading c:/Windows/Temp/script.bat: no route"),
                4,
            ),
            (vec![], vec![Answer::Breaks("gone")], vec![], Err("gone"), 0),
        ];
        for (config, commands, transfers, expected, seconds) in rows {
            let (machine, begun) = (Arc::new(ScriptedMachine::answering(&commands, &transfers)), Instant::now());
            let config = [config, vec![inline()]].concat();
            let result = provision(&config, &machine, &Arc::default(), &Cancel::new()).await;
            assert_eq!(result, expected.map_err(str::to_owned));
            assert_eq!(begun.elapsed(), Duration::from_secs(seconds), "{expected:?}");
        }
        let bad = [text("execute_command", "{{"), ("environment_vars", Value::strings(["A"]))];
        let error = provision(&bad, &Arc::default(), &Arc::default(), &Cancel::new()).await.unwrap_err();
        assert!(error.starts_with("3 error(s) occurred:"), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn ends_when_the_run_does() {
        for (commands, transfers) in [(vec![Answer::Hangs], vec![]), (vec![], vec![Answer::Hangs])] {
            let (machine, cancel) = (Arc::new(ScriptedMachine::answering(&commands, &transfers)), Cancel::new());
            let (config, ui) = ([inline()], Arc::default());
            let run = provision(&config, &machine, &ui, &cancel);
            let (result, ()) = tokio::join!(run, async { cancel.raise(CancelPhase::Stopping) });
            assert_eq!(result, Err("context canceled".to_owned()));
        }
    }
}
