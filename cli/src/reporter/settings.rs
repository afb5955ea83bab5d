//! How output looks, decided once from flags and environment.

use crate::environment::Environment;
use crate::logging;

/// How output looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Lines for programs instead of people.
    pub machine_readable: bool,
    /// `-color`: each build has a colour, and a legend says which.
    pub colour: bool,
    /// Escape sequences may be written. Colours are not tied to a terminal: logs of CI systems show them.
    pub escapes: bool,
    /// `-timestamp-ui`: texts of builds start with the time.
    pub timestamps: bool,
    /// A live status is drawn below the lines.
    pub live: bool,
}

impl Settings {
    /// Settings for commands that have no flags about output.
    pub fn new(environment: &Environment, machine_readable: bool) -> Self {
        Self {
            machine_readable,
            colour: false,
            escapes: !machine_readable && environment.get("PACKER_NO_COLOR").is_none() && can_escape(environment),
            timestamps: false,
            // Log lines on the same terminal would tear the status apart.
            live: !machine_readable && environment.terminal && !logging::to_stderr(environment),
        }
    }
}

/// Consoles of Windows understand escapes only under Cygwin.
fn can_escape(environment: &Environment) -> bool {
    let is_cygwin = |name| environment.get(name) == Some("cygwin");
    !cfg!(windows) || environment.get("CYGWIN").is_some() || is_cygwin("OSTYPE") || is_cygwin("TERM")
}
