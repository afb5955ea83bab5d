//! `inline`, `script` or `scripts`.

use planner::interpolate::{Interpolation, RenderError, RunData};

use crate::config::{Fields, is_placeholder};
use crate::io_fault::os_words;

/// What to run.
#[derive(Clone, Debug)]
pub enum Scripts {
    /// The lines of one script of our own making, templates still.
    Inline(Vec<String>),
    /// Script files as the template names them.
    Files(Vec<String>),
}

impl Scripts {
    /// Reads the fields of provisioners that run scripts on the machine. Files must be there already.
    pub fn read(fields: &mut Fields<'_>) -> Self {
        let (inline, script, files) = (fields.texts("inline"), fields.text("script"), fields.texts("scripts"));
        if !script.is_empty() && !files.is_empty() {
            fields.fault("Only one of script or scripts can be specified.");
        }
        let files = if script.is_empty() { files } else { vec![script] };
        match (files.is_empty(), inline.is_empty()) {
            (true, true) => fields.fault("Either a script file or inline script must be specified."),
            (false, false) => fields.fault("Only a script file or an inline script can be specified, not both."),
            _ => {}
        }
        for file in &files {
            check_file(fields, file);
        }
        if files.is_empty() { Self::Inline(inline) } else { Self::Files(files) }
    }
}

/// Whether a script is there.
pub fn check_file(fields: &mut Fields<'_>, file: &str) {
    let path = fields.context().working_dir.join(file);
    if is_placeholder(file) {
        return;
    }
    if let Err(error) = std::fs::metadata(&path) {
        fields.fault(format!("Bad script '{file}': stat {file}: {}", os_words(&error)));
    }
}

/// The text of an inline script, each line with an end.
///
/// # Errors
///
/// A line is no template.
pub fn inline_text(lines: &[String], interpolation: &Interpolation, data: &RunData) -> Result<String, RenderError> {
    let mut text = String::new();
    for line in lines {
        text.push_str(&interpolation.at_run(line, data)?);
        text.push('\n');
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use planner::value::Value;

    use super::*;
    use crate::builtin::fixtures::context;
    use crate::component::ComponentError;

    fn faults(config: &[(&'static str, Value)]) -> Vec<String> {
        let config = Value::object(config.iter().cloned());
        let mut fields = Fields::new(&config, &context());
        Scripts::read(&mut fields);
        match fields.finish() {
            Err(ComponentError::Invalid(faults)) => faults,
            _ => Vec::new(),
        }
    }

    #[test]
    fn rules() {
        const NONE: &str = "Either a script file or inline script must be specified.";
        const BOTH: &str = "Only a script file or an inline script can be specified, not both.";
        let (inline, script) = (("inline", Value::strings(["true"])), ("script", Value::string("/bin/sh")));
        let scripts = ("scripts", Value::strings(["bin/sh", "/bin/sh"]));
        type Row<'a> = (&'a [(&'static str, Value)], &'a [&'a str]);
        let rows: &[Row<'_>] = &[
            (std::slice::from_ref(&inline), &[]),
            (std::slice::from_ref(&script), &[]),
            (std::slice::from_ref(&scripts), &[]),
            (&[], &[NONE]),
            (&[("inline", Value::strings([""; 0]))], &[NONE]),
            (&[("inline", Value::strings([""; 0])), script.clone()], &[]),
            (&[inline.clone(), script.clone()], &[BOTH]),
            (&[inline.clone(), scripts.clone()], &[BOTH]),
            (&[script.clone(), scripts.clone()], &["Only one of script or scripts can be specified."]),
            (
                &[("scripts", Value::strings(["gone.sh", "bin/sh", "bin/gone"]))],
                &[
                    "Bad script 'gone.sh': stat gone.sh: no such file or directory",
                    "Bad script 'bin/gone': stat bin/gone: no such file or directory",
                ],
            ),
        ];
        for (config, expected) in rows {
            assert_eq!(faults(config), *expected, "{config:?}");
        }
    }
}
