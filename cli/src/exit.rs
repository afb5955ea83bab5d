//! Every way to end and its exit code: the only table of codes.

use std::process::ExitCode;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything asked for was done.
    Success,
    /// Something failed: a build, a template, a flag, the output.
    Failed,
    /// `fmt -check` found files that are not in canonical layout.
    Unformatted,
    /// No such command.
    UnknownCommand,
    /// Ended by a signal before cleanup was over: its number.
    Signal(u8),
}

impl Exit {
    /// The code a shell sees.
    pub fn code(self) -> u8 {
        match self {
            Exit::Success => 0,
            Exit::Failed => 1,
            Exit::Unformatted => 3,
            Exit::UnknownCommand => 127,
            // Shells report a child killed by signal n as 128 + n.
            Exit::Signal(number) => 128 | number,
        }
    }

    /// The worse of two ends: a failure to write the output spoils a success.
    pub fn or_failed(self, failed: bool) -> Self {
        if failed && self == Exit::Success { Exit::Failed } else { self }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_scripts_know() {
        let rows = [
            (Exit::Success, 0),
            (Exit::Failed, 1),
            (Exit::Unformatted, 3),
            (Exit::UnknownCommand, 127),
            (Exit::Signal(2), 130),
            (Exit::Signal(15), 143),
            (Exit::Success.or_failed(true), 1),
            (Exit::Success.or_failed(false), 0),
            (Exit::UnknownCommand.or_failed(true), 127),
        ];
        for (exit, code) in rows {
            assert_eq!(exit.code(), code, "{exit:?}");
        }
    }
}
