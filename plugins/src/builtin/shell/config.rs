//! The options and the rules between them.

use planner::duration::GoDuration;
use planner::interpolate::Interpolation;
use planner::value::Value;
use uuid::Uuid;

use crate::builtin::scripts::choice::Scripts;
use crate::builtin::scripts::env_format::EnvFormat;
use crate::builtin::scripts::environment::Environment;
use crate::builtin::scripts::exit_codes::ExitCodes;
use crate::builtin::scripts::start::start_retry_timeout;
use crate::component::{ComponentContext, ComponentError};
use crate::config::{Field, FieldType, Fields};

/// The fields of the provisioner.
pub const FIELDS: &[Field] = &[
    ("binary", FieldType::Flag),
    ("env", FieldType::TextMap),
    ("env_var_format", FieldType::Text),
    ("environment_vars", FieldType::Texts),
    ("execute_command", FieldType::Template),
    ("expect_disconnect", FieldType::Flag),
    ("inline", FieldType::Texts),
    ("inline_shebang", FieldType::Text),
    ("pause_after", FieldType::Duration),
    ("remote_file", FieldType::Text),
    ("remote_folder", FieldType::Text),
    ("remote_path", FieldType::Text),
    ("script", FieldType::Text),
    ("scripts", FieldType::Texts),
    ("skip_clean", FieldType::Flag),
    ("start_retry_timeout", FieldType::Duration),
    ("use_env_var_file", FieldType::Flag),
    ("valid_exit_codes", FieldType::Numbers),
];

/// The checked options.
#[derive(Clone, Debug)]
pub(super) struct Options {
    pub(super) context: ComponentContext,
    pub(super) interpolation: Interpolation,
    pub(super) scripts: Scripts,
    pub(super) environment: Environment,
    pub(super) env_format: EnvFormat,
    pub(super) exit_codes: ExitCodes,
    /// Scripts go to the machine as they are.
    pub(super) binary: bool,
    /// A template.
    pub(super) execute_command: String,
    /// Whether that is what we think up ourselves, which makes the script executable.
    pub(super) makes_executable: bool,
    /// None: `/bin/sh -e`, for scripts that do not begin with one.
    pub(super) inline_shebang: Option<String>,
    pub(super) remote_path: String,
    /// Where the variables go, if not on the command line.
    pub(super) env_file: Option<String>,
    pub(super) expect_disconnect: bool,
    pub(super) skip_clean: bool,
    pub(super) pause_after: GoDuration,
    pub(super) start_retry_timeout: GoDuration,
}

impl Options {
    /// Takes and checks a configuration.
    pub(super) fn read(config: &Value, context: &ComponentContext) -> Result<Self, ComponentError> {
        let mut fields = Fields::new(config, context);
        let env_file = fields.flag("use_env_var_file");
        let format = if env_file { "export %s='%s'\n" } else { "%s='%s' " };
        let folder = fields.text("remote_folder");
        let folder = if folder.is_empty() { "/tmp".to_owned() } else { folder };
        let execute_command = fields.raw_text("execute_command");
        let makes_executable = execute_command.is_empty();
        let inline_shebang = fields.text("inline_shebang");
        let options = Self {
            context: fields.context().clone(),
            interpolation: fields.interpolation().clone(),
            scripts: Scripts::read(&mut fields),
            environment: Environment::read(&mut fields),
            env_format: EnvFormat::read(&mut fields, "env_var_format", format),
            exit_codes: ExitCodes::read(&mut fields),
            binary: fields.flag("binary"),
            makes_executable,
            execute_command: if makes_executable { default_command(env_file) } else { execute_command },
            inline_shebang: Some(inline_shebang).filter(|shebang| !shebang.is_empty()),
            remote_path: remote_path(&mut fields, &folder),
            env_file: env_file.then(|| format!("{folder}/varfile_{}.sh", some_number())),
            expect_disconnect: fields.flag("expect_disconnect"),
            skip_clean: fields.flag("skip_clean"),
            pause_after: fields.duration("pause_after").unwrap_or_default(),
            start_retry_timeout: start_retry_timeout(&mut fields),
        };
        if let Err(error) = options.interpolation.check(&options.execute_command) {
            fields.fault(format!("error in 'execute_command': {error}"));
        }
        fields.finish().map(|()| options)
    }
}

fn default_command(env_file: bool) -> String {
    let command = if env_file {
        "chmod +x {{.Path}}; . {{.EnvVarFile}} && {{.Path}}"
    } else {
        "chmod +x {{.Path}}; {{.Vars}} {{.Path}}"
    };
    command.to_owned()
}

fn remote_path(fields: &mut Fields<'_>, folder: &str) -> String {
    let (path, file) = (fields.text("remote_path"), fields.text("remote_file"));
    if !path.is_empty() {
        return path;
    }
    let file = if file.is_empty() { format!("script_{}.sh", some_number()) } else { file };
    format!("{folder}/{file}")
}

/// Keeps apart what several builds do on one machine.
fn some_number() -> u128 {
    Uuid::new_v4().as_u128() % 9999
}
