//! Evaluates lines in the setting of a legacy template.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Severity};
use crate::interpolate::Interpolation;
use crate::legacy::analysis::Legacy;

/// What `help` prints.
pub const HELP: &str = "Packer console JSON Mode.
The console renders template strings as the strings of a template are rendered.
Type a string with template functions in it, and see what it becomes:

  {{user `name`}}     the value of a user variable
  {{timestamp}}       one of the functions that all strings can use
  variables           all user variables with their values
  help                this text
  exit                leave the console; Ctrl-C and Ctrl-D do so too";

/// Renders one line after the other.
#[derive(Clone, Debug)]
pub struct Console {
    legacy: Arc<Legacy>,
    interpolation: Interpolation,
}

impl Console {
    /// In the setting of `legacy`.
    pub fn new(legacy: Arc<Legacy>) -> Self {
        let interpolation = legacy.interpolation();
        Self { legacy, interpolation }
    }

    /// What a line becomes.
    ///
    /// # Errors
    ///
    /// It is no template, or a function refuses.
    pub fn evaluate(&self, line: &str) -> Result<String, Diagnostic> {
        let rendered = self.interpolation.until_stable(line);
        // Scripts know such a line as one that is shown and does not count.
        rendered.map_err(|error| Diagnostic {
            severity: Severity::Unset,
            ..Diagnostic::error("Interpolation error", error.to_string(), None)
        })
    }

    /// All variables with their values, sorted.
    pub fn variables(&self) -> String {
        let mut text = String::from("\n");
        for (name, value) in self.legacy.variables.iter() {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{name}: {value},");
        }
        text
    }
}
