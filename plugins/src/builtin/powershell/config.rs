//! The options and the rules between them.

use planner::duration::GoDuration;
use planner::interpolate::Interpolation;
use planner::value::Value;
use uuid::Uuid;

use super::policy::policy;
use crate::builtin::scripts::choice::Scripts;
use crate::builtin::scripts::env_format::EnvFormat;
use crate::builtin::scripts::environment::Environment;
use crate::builtin::scripts::exit_codes::ExitCodes;
use crate::builtin::scripts::start::start_retry_timeout;
use crate::component::{ComponentContext, ComponentError};
use crate::config::{Field, FieldType, Fields, is_placeholder};
use crate::remote::transfer::base_name;

/// The fields of the provisioner. With `binary` or without, scripts go to the machine as they are.
pub const FIELDS: &[Field] = &[
    ("binary", FieldType::Flag),
    ("debug_mode", FieldType::Number),
    ("elevated_env_var_format", FieldType::Text),
    ("elevated_execute_command", FieldType::Template),
    ("elevated_password", FieldType::Text),
    ("elevated_user", FieldType::Text),
    ("env", FieldType::TextMap),
    ("env_var_format", FieldType::Text),
    ("environment_vars", FieldType::Texts),
    ("execute_command", FieldType::Template),
    ("execution_policy", FieldType::Text),
    ("inline", FieldType::Texts),
    ("pause_after", FieldType::Duration),
    ("remote_env_var_path", FieldType::Text),
    ("remote_path", FieldType::Text),
    ("script", FieldType::Text),
    ("scripts", FieldType::Texts),
    ("skip_clean", FieldType::Flag),
    ("start_retry_timeout", FieldType::Duration),
    ("use_pwsh", FieldType::Flag),
    ("valid_exit_codes", FieldType::Numbers),
];

const ENV_FORMAT: &str = "$env:%s=\"%s\"; ";

/// Another user to run scripts as. Both are rendered again when the machine is known.
#[derive(Clone, Debug)]
pub(super) struct User {
    pub(super) name: String,
    pub(super) password: String,
}

/// The checked options.
#[derive(Clone, Debug)]
pub(super) struct Options {
    pub(super) context: ComponentContext,
    pub(super) interpolation: Interpolation,
    pub(super) scripts: Scripts,
    pub(super) environment: Environment,
    /// That of the user who runs the scripts.
    pub(super) env_format: EnvFormat,
    pub(super) exit_codes: ExitCodes,
    /// A template, also for the script that cleans up.
    pub(super) execute_command: String,
    /// A template, for scripts of `user`.
    pub(super) elevated_execute_command: String,
    pub(super) user: Option<User>,
    pub(super) debug_mode: i64,
    pub(super) remote_path: RemotePath,
    pub(super) remote_env_var_path: String,
    pub(super) skip_clean: bool,
    pub(super) pause_after: GoDuration,
    pub(super) start_retry_timeout: GoDuration,
}

/// Where scripts go.
#[derive(Clone, Debug)]
pub(super) enum RemotePath {
    /// All to the same place.
    File(String),
    /// Into this folder, under their own names. It ends with its separator.
    Folder(String),
}

impl RemotePath {
    /// Where the script `name` goes, one of our own when there is no name.
    pub(super) fn of(&self, name: Option<&str>) -> String {
        match (self, name) {
            (Self::File(path), _) => path.clone(),
            (Self::Folder(folder), Some(name)) => format!("{folder}{}", base_name(name)),
            (Self::Folder(folder), None) => format!("{folder}script-{}.ps1", Uuid::new_v4()),
        }
    }
}

impl Options {
    /// Takes and checks a configuration.
    pub(super) fn read(config: &Value, context: &ComponentContext) -> Result<Self, ComponentError> {
        let mut fields = Fields::new(config, context);
        let scripts = Scripts::read(&mut fields);
        let user = read_user(&mut fields);
        let (debug_mode, default) = (read_debug_mode(&mut fields), default_command(&mut fields, &scripts));
        let format = EnvFormat::read(&mut fields, "env_var_format", ENV_FORMAT);
        let elevated_format = EnvFormat::read(&mut fields, "elevated_env_var_format", ENV_FORMAT);
        let options = Self {
            context: fields.context().clone(),
            interpolation: fields.interpolation().clone(),
            scripts,
            environment: Environment::read(&mut fields),
            env_format: if user.is_some() { elevated_format } else { format },
            exit_codes: ExitCodes::read(&mut fields),
            execute_command: read_command(&mut fields, "execute_command", &default),
            elevated_execute_command: read_command(&mut fields, "elevated_execute_command", &default),
            user,
            debug_mode,
            remote_path: read_remote_path(&mut fields),
            remote_env_var_path: read_env_var_path(&mut fields),
            skip_clean: fields.flag("skip_clean"),
            pause_after: fields.duration("pause_after").unwrap_or_default(),
            start_retry_timeout: start_retry_timeout(&mut fields),
        };
        fields.finish().map(|()| options)
    }
}

fn read_user(fields: &mut Fields<'_>) -> Option<User> {
    let (name, password) = (fields.text("elevated_user"), fields.text("elevated_password"));
    if name.is_empty() && !password.is_empty() {
        fields.fault("Must supply an 'elevated_user' if 'elevated_password' provided");
    }
    (!name.is_empty()).then_some(User { name, password })
}

fn read_debug_mode(fields: &mut Fields<'_>) -> i64 {
    let level = fields.whole("debug_mode");
    if !(0..=2).contains(&level) {
        fields.fault(format!("{level} is an invalid Trace level for `debug_mode`; valid values are 0, 1, and 2"));
    }
    level
}

/// The command that runs a script file or, without one, our own. Only the former needs to be told of variables: our own has
/// them in it.
fn default_command(fields: &mut Fields<'_>, scripts: &Scripts) -> String {
    let text = fields.text("execution_policy");
    let policy = match text.as_str() {
        "" => Some("bypass"),
        text if is_placeholder(text) => None,
        text => policy(text).unwrap_or_else(|fault| {
            fields.fault(fault);
            None
        }),
    };
    let (program, level) = (if fields.flag("use_pwsh") { "pwsh" } else { "powershell" }, fields.whole("debug_mode"));
    if let Scripts::Inline(_) = scripts {
        let file = "-file {{.Path}}".to_owned();
        return policy.map_or(file.clone(), |policy| format!("{program} -executionpolicy {policy} {file}"));
    }
    let trace = if level == 0 { String::new() } else { format!("Set-PsDebug -Trace {level};") };
    let block = format!(
        "& {{ if (Test-Path variable:global:ProgressPreference){{set-variable -name variable:global:ProgressPreference \
         -value 'SilentlyContinue'}};{trace}. {{{{.Vars}}}}; &'{{{{.Path}}}}'; exit $LastExitCode }}"
    );
    let option = if program == "pwsh" { "-command " } else { "" };
    policy.map_or(block.clone(), |policy| format!("{program} -executionpolicy {policy} {option}\"{block}\""))
}

fn read_command(fields: &mut Fields<'_>, name: &str, default: &str) -> String {
    let command = fields.raw_text(name);
    if command.is_empty() {
        return default.to_owned();
    }
    if let Err(error) = fields.interpolation().check(&command) {
        fields.fault(format!("error in '{name}': {error}"));
    }
    command
}

fn read_remote_path(fields: &mut Fields<'_>) -> RemotePath {
    let path = fields.text("remote_path");
    if path.is_empty() {
        return RemotePath::File(format!("c:/Windows/Temp/script-{}.ps1", Uuid::new_v4()));
    }
    if path.ends_with(['/', '\\']) { RemotePath::Folder(path) } else { RemotePath::File(path) }
}

fn read_env_var_path(fields: &mut Fields<'_>) -> String {
    let path = fields.text("remote_env_var_path");
    if path.is_empty() { format!("c:/Windows/Temp/packer-ps-env-vars-{}.ps1", Uuid::new_v4()) } else { path }
}
