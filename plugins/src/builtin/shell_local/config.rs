//! The options and the rules between them.

use planner::interpolate::Interpolation;
use planner::value::Value;

use crate::builtin::scripts::choice::{Scripts, check_file};
use crate::builtin::scripts::env_format::EnvFormat;
use crate::builtin::scripts::environment::Environment;
use crate::builtin::scripts::exit_codes::ExitCodes;
use crate::component::{ComponentContext, ComponentError};
use crate::config::{Field, FieldType, Fields, is_placeholder};

/// The fields of both components.
pub const FIELDS: &[Field] = &[
    ("command", FieldType::Text),
    ("env", FieldType::TextMap),
    ("env_var_format", FieldType::Text),
    ("environment_vars", FieldType::Texts),
    ("execute_command", FieldType::Templates),
    ("inline", FieldType::Texts),
    ("inline_shebang", FieldType::Text),
    ("only_on", FieldType::Texts),
    ("script", FieldType::Text),
    ("scripts", FieldType::Texts),
    ("tempfile_extension", FieldType::Text),
    ("use_linux_pathing", FieldType::Flag),
    ("valid_exit_codes", FieldType::Numbers),
];

/// Operating systems that `only_on` may name, by their Go names.
const SYSTEMS: [&str; 6] = ["darwin", "freebsd", "linux", "openbsd", "solaris", "windows"];

/// The checked options.
#[derive(Clone, Debug)]
pub(super) struct ShellLocal {
    pub(super) context: ComponentContext,
    pub(super) interpolation: Interpolation,
    pub(super) scripts: Scripts,
    pub(super) environment: Environment,
    pub(super) env_format: EnvFormat,
    pub(super) execute_command: Vec<String>,
    pub(super) inline_shebang: String,
    pub(super) only_on: Vec<String>,
    /// Without its dot; may be empty.
    pub(super) tempfile_extension: String,
    pub(super) exit_codes: ExitCodes,
}

impl ShellLocal {
    /// Takes and checks a configuration.
    pub(super) fn read(config: &Value, context: &ComponentContext) -> Result<Self, ComponentError> {
        let mut fields = Fields::new(config, context);
        let linux_pathing = fields.flag("use_linux_pathing");
        let shell_local = Self {
            context: fields.context().clone(),
            interpolation: fields.interpolation().clone(),
            scripts: read_scripts(&mut fields, linux_pathing),
            environment: Environment::read(&mut fields),
            env_format: EnvFormat::read(&mut fields, "env_var_format", default_format(linux_pathing)),
            execute_command: read_execute_command(&mut fields),
            inline_shebang: or(fields.text("inline_shebang"), if cfg!(windows) { "" } else { "/bin/sh -e" }),
            only_on: fields.texts("only_on"),
            tempfile_extension: or(fields.text("tempfile_extension"), if cfg!(windows) { "cmd" } else { "" })
                .trim_start_matches('.')
                .to_owned(),
            exit_codes: ExitCodes::read(&mut fields),
        };
        shell_local.check(&mut fields);
        fields.finish().map(|()| shell_local)
    }

    fn check(&self, fields: &mut Fields<'_>) {
        let odd = |system: &&String| !SYSTEMS.contains(&system.as_str()) && !is_placeholder(system);
        for system in self.only_on.iter().filter(odd) {
            fields.fault(format!(
                "Invalid OS specified in only_on: '{system}'\nSupported OS names: {}",
                SYSTEMS.join(", ")
            ));
        }
        if self.tempfile_extension.contains(['/', '\\']) {
            fields.fault("tempfile_extension cannot contain a path separator");
        }
        for part in &self.execute_command {
            if let Err(error) = self.interpolation.check(part) {
                fields.fault(format!("error in 'execute_command': {error}"));
            }
        }
    }
}

fn or(text: String, default: &str) -> String {
    if text.is_empty() { default.to_owned() } else { text }
}

fn read_scripts(fields: &mut Fields<'_>, linux_pathing: bool) -> Scripts {
    const TOO_MANY: &str = "You may only specify one of the following options: Command, Inline, Script or Scripts. \
                            Please consolidate these options in your config.";
    let command = fields.text("command");
    let inline = fields.texts("inline");
    let script = fields.text("script");
    let files = fields.texts("scripts");
    let given = [!command.is_empty(), !inline.is_empty(), !script.is_empty(), !files.is_empty()];
    match given.iter().filter(|given| **given).count() {
        0 => fields.fault("Command, Inline, Script and Scripts options cannot all be empty."),
        1 => {}
        _ => fields.fault(TOO_MANY),
    }
    if !script.is_empty() || !files.is_empty() {
        let files = if script.is_empty() { files } else { vec![script] };
        return Scripts::Files(files.into_iter().map(|file| path_of(fields, file, linux_pathing)).collect());
    }
    if linux_pathing {
        fields.fault(
            "Packer is unable to use the Command and Inline features with the Windows Linux Subsystem. \
             Please use the Script or Scripts options instead",
        );
    }
    Scripts::Inline(if command.is_empty() { inline } else { vec![command] })
}

/// The path to run a script by. It must be there already.
fn path_of(fields: &mut Fields<'_>, file: String, linux_pathing: bool) -> String {
    check_file(fields, &file);
    if !linux_pathing || is_placeholder(&file) {
        return file;
    }
    let path = fields.context().working_dir.join(&file);
    linux_path(&path.display().to_string()).unwrap_or_else(|fault| {
        fields.fault(fault);
        file
    })
}

/// `C:\dir\file` as the Linux subsystem of Windows sees it: `/mnt/c/dir/file`.
fn linux_path(windows: &str) -> Result<String, String> {
    let path = windows.replace('\\', "/");
    let (drive, rest) = path.split_once(":/").ok_or_else(|| {
        format!("use_linux_pathing needs a script on a Windows drive, such as C:/script.sh; the script is {path}")
    })?;
    Ok(format!("/mnt/{}/{rest}", drive.to_lowercase()))
}

fn default_format(linux_pathing: bool) -> &'static str {
    if cfg!(windows) && !linux_pathing { "set %s=%s && " } else { "%s='%s' " }
}

fn read_execute_command(fields: &mut Fields<'_>) -> Vec<String> {
    let command = fields.raw_texts("execute_command");
    if !command.is_empty() {
        return command;
    }
    let default: &[&str] = if cfg!(windows) {
        &["cmd", "/V", "/C", "{{.Vars}}", "call", "{{.Script}}"]
    } else {
        &["/bin/sh", "-c", "{{.Vars}} {{.Script}}"]
    };
    default.iter().map(|part| (*part).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin::fixtures::context;

    fn faults(config: &[(&'static str, Value)]) -> Vec<String> {
        match ShellLocal::read(&Value::object(config.iter().cloned()), &context()) {
            Err(ComponentError::Invalid(faults)) => faults,
            other => {
                other.unwrap();
                Vec::new()
            }
        }
    }

    #[test]
    fn rules() {
        const TOO_MANY: &str = "You may only specify one of the following options: Command, Inline, Script or Scripts. Please consolidate these options in your config.";
        let inline = ("inline", Value::strings(["true"]));
        type Row<'a> = (&'a [(&'static str, Value)], &'a [&'a str]);
        let rows: &[Row<'_>] = &[
            (std::slice::from_ref(&inline), &[]),
            (&[("command", Value::string("true"))], &[]),
            (&[("script", Value::string("/bin/sh"))], &[]),
            (&[("scripts", Value::strings(["/bin/sh", "bin/sh"])), ("inline", Value::strings([""; 0]))], &[]),
            (&[], &["Command, Inline, Script and Scripts options cannot all be empty."]),
            (
                &[("inline", Value::strings([""; 0]))],
                &["Command, Inline, Script and Scripts options cannot all be empty."],
            ),
            (&[inline.clone(), ("command", Value::string("true"))], &[TOO_MANY]),
            (&[inline.clone(), ("script", Value::string("/bin/sh"))], &[TOO_MANY]),
            (&[("script", Value::string("/bin/sh")), ("scripts", Value::strings(["/bin/sh"]))], &[TOO_MANY]),
            (
                &[("script", Value::string("gone.sh"))],
                &["Bad script 'gone.sh': stat gone.sh: no such file or directory"],
            ),
            (
                &[inline.clone(), ("only_on", Value::strings(["linux", "beos"]))],
                &[
                    "Invalid OS specified in only_on: 'beos'\nSupported OS names: darwin, freebsd, linux, openbsd, solaris, windows",
                ],
            ),
            (
                &[inline.clone(), ("environment_vars", Value::strings(["A=b", "A=", "=b", "foobar"]))],
                &[
                    "Environment variable not in format 'key=value': =b",
                    "Environment variable not in format 'key=value': foobar",
                ],
            ),
            (
                &[inline.clone(), ("use_linux_pathing", Value::Bool(true))],
                &[
                    "Packer is unable to use the Command and Inline features with the Windows Linux Subsystem. Please use the Script or Scripts options instead",
                ],
            ),
            (
                &[("script", Value::string("/bin/sh")), ("use_linux_pathing", Value::Bool(true))],
                &["use_linux_pathing needs a script on a Windows drive, such as C:/script.sh; the script is /bin/sh"],
            ),
            (
                &[inline.clone(), ("env_var_format", Value::string("%s"))],
                &["env_var_format \"%s\": it must hold two %s, one for the name and one for the value"],
            ),
            (
                &[inline.clone(), ("execute_command", Value::strings(["{{.Vars"]))],
                &["error in 'execute_command': template: root:1: unclosed action"],
            ),
            (
                &[inline.clone(), ("tempfile_extension", Value::string("a/b"))],
                &["tempfile_extension cannot contain a path separator"],
            ),
        ];
        for (config, expected) in rows {
            assert_eq!(faults(config), *expected, "{config:?}");
        }
    }

    #[test]
    fn windows_paths_for_linux() {
        assert_eq!(linux_path("C:\\dir\\file.sh").as_deref(), Ok("/mnt/c/dir/file.sh"));
        assert_eq!(linux_path("D:/x").as_deref(), Ok("/mnt/d/x"));
        assert!(linux_path("/x").is_err());
    }
}
