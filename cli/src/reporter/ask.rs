//! Asks the person at the terminal. The controlling terminal is opened afresh for each question, so that answers come
//! from a person even when standard input is a pipe.

use std::fs::File;
use std::io::Read;
use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use super::report::AskError;

/// How long typing is awaited before looking whether the run was cancelled.
const LOOK_UP_EVERY: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };

/// While it lives, the terminal does not show what is typed.
pub(super) struct Hidden {
    file: File,
    before: Termios,
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // A terminal that is gone shows nothing either.
        let _ = tcsetattr(&self.file, OptionalActions::Flush, &self.before);
    }
}

/// The terminal this process is in the foreground of.
pub(super) struct Tty {
    file: File,
}

impl Tty {
    /// Opens it. There is none for a background process: reading would stop the whole process group.
    pub(super) fn open() -> Result<Self, AskError> {
        let file = File::options().read(true).write(true).open("/dev/tty").map_err(|_| AskError::NoTty)?;
        let foreground = rustix::termios::tcgetpgrp(&file).map_err(|_| AskError::NoTty)?;
        if foreground == rustix::process::getpgrp() { Ok(Self { file }) } else { Err(AskError::NoTty) }
    }

    /// Keeps what is typed from being seen until the result is dropped.
    pub(super) fn hide(&self) -> Result<Hidden, AskError> {
        let failed = |error: Errno| AskError::Read(error.to_string());
        let file = self.file.try_clone().map_err(|error| AskError::Read(error.to_string()))?;
        let before = tcgetattr(&file).map_err(failed)?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        tcsetattr(&file, OptionalActions::Flush, &quiet).map_err(failed)?;
        Ok(Hidden { file, before })
    }

    /// Waits for a line. `interrupted` is asked several times a second whether to give up.
    pub(super) fn read_line(&mut self, mut interrupted: impl FnMut() -> bool) -> Result<String, AskError> {
        let mut line = Vec::new();
        let mut chunk = [0; 1024];
        while !line.contains(&b'\n') {
            if interrupted() {
                return Err(AskError::Interrupted);
            }
            if !self.is_readable()? {
                continue;
            }
            match self.file.read(&mut chunk) {
                Ok(0) => return Err(AskError::Read("end of file".to_owned())),
                Ok(length) => line.extend_from_slice(&chunk[..length]),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(AskError::Read(error.to_string())),
            }
        }
        let text = String::from_utf8_lossy(&line);
        Ok(text.split('\n').next().unwrap_or_default().trim_end_matches('\r').to_owned())
    }

    fn is_readable(&self) -> Result<bool, AskError> {
        let mut fds = [PollFd::from_borrowed_fd(self.file.as_fd(), PollFlags::IN)];
        match poll(&mut fds, Some(&LOOK_UP_EVERY)) {
            Ok(n_ready) => Ok(n_ready > 0),
            Err(Errno::INTR) => Ok(false),
            Err(error) => Err(AskError::Read(error.to_string())),
        }
    }
}
