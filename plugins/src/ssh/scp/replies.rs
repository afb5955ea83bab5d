//! What `scp` on the machine says about what it was sent.

use crate::component::ComponentError;
use crate::ssh::channel::{Incoming, Session};

/// As much of its errors is kept to be shown.
const LONGEST_COMPLAINT: usize = 4096;

/// The status of a shell that does not find a program.
const NOT_FOUND: i64 = 127;

/// Something it complains about ends this way; an accepted step is one zero byte.
const WARNING: u8 = 1;
const FATAL: u8 = 2;

/// What it says of a file whose permissions only its owner may change.
const SET_MODE: &str = ": set mode: ";

/// Listens to the machine's side of a transfer.
#[derive(Default)]
pub(super) struct Replies {
    complaint: Option<Vec<u8>>,
    stderr: Vec<u8>,
    status: Option<i64>,
    /// A file that is another's was written, and kept its permissions.
    keeps_mode: bool,
}

impl Replies {
    /// Listens until the session is over.
    ///
    /// # Errors
    ///
    /// What it complains about, as soon as it does, or how it ended.
    pub(super) async fn until_closed(&mut self, session: &mut Session) -> Result<(), ComponentError> {
        loop {
            match session.next().await {
                Incoming::Out(bytes) => self.hear(&bytes)?,
                Incoming::Closed => return self.end(),
                other => self.note(other),
            }
        }
    }

    /// Takes note of what is no output.
    pub(super) fn note(&mut self, incoming: Incoming) {
        match incoming {
            Incoming::Err(bytes) => {
                self.stderr.extend_from_slice(&bytes);
                let excess = self.stderr.len().saturating_sub(LONGEST_COMPLAINT);
                self.stderr.drain(..excess);
            }
            Incoming::Ended(status) => self.status = Some(status),
            Incoming::Out(_) | Incoming::Eof | Incoming::Closed => {}
        }
    }

    fn hear(&mut self, bytes: &[u8]) -> Result<(), ComponentError> {
        for byte in bytes {
            match (&mut self.complaint, *byte) {
                (None, WARNING | FATAL) => self.complaint = Some(Vec::new()),
                (None, _) => {}
                (Some(complaint), b'\n') => {
                    let error = complained(complaint);
                    // Everything is written then, as it would be had nobody asked for the permissions.
                    if !error.to_string().contains(SET_MODE) {
                        return Err(error);
                    }
                    tracing::info!(%error, "a file keeps its permissions");
                    self.keeps_mode = true;
                    self.complaint = None;
                }
                (Some(complaint), byte) if complaint.len() < LONGEST_COMPLAINT => complaint.push(byte),
                (Some(_), _) => {}
            }
        }
        Ok(())
    }

    /// How it ended.
    ///
    /// # Errors
    ///
    /// Badly.
    pub(super) fn end(&self) -> Result<(), ComponentError> {
        if let Some(complaint) = &self.complaint {
            return Err(complained(complaint));
        }
        match self.status {
            Some(0) => Ok(()),
            Some(1) if self.keeps_mode => Ok(()),
            Some(NOT_FOUND) => Err(ComponentError::new(
                "SCP failed to start. This usually means that SCP is not\nproperly installed on the remote system.",
            )),
            Some(status) => {
                let stderr = String::from_utf8_lossy(&self.stderr);
                let last = stderr.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it does not say why");
                Err(ComponentError::new(format!("scp on the machine ended with status {status}: {}", last.trim())))
            }
            None => Err(ComponentError::new("the connection was lost during the transfer")),
        }
    }
}

fn complained(complaint: &[u8]) -> ComponentError {
    ComponentError::new(String::from_utf8_lossy(complaint).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn a_complaint_is_heard_over_pieces() {
        let mut replies = Replies::default();
        assert!(replies.hear(b"\0\0").is_ok());
        assert!(replies.hear(b"\x01scp: /x: No space").is_ok());
        assert_eq!(replies.hear(b" left\n").unwrap_err().to_string(), "scp: /x: No space left");
        let mut replies = Replies::default();
        assert!(replies.hear(b"\x01scp: /x: set mode: Operation not permitted\n\0").is_ok());
        replies.note(Incoming::Ended(1));
        assert_eq!(replies.end(), Ok(()));
    }

    #[test]
    fn ends() {
        let ended = |status: Option<i64>| {
            let mut replies = Replies::default();
            replies.note(Incoming::Err(Bytes::from_static(b"debug\nsh: broken\n\n")));
            if let Some(status) = status {
                replies.note(Incoming::Ended(status));
            }
            replies.end().map_err(|error| error.to_string())
        };
        assert_eq!(ended(Some(0)), Ok(()));
        assert_eq!(ended(Some(1)).unwrap_err(), "scp on the machine ended with status 1: sh: broken");
        assert!(ended(Some(127)).unwrap_err().starts_with("SCP failed to start."));
        assert_eq!(ended(None).unwrap_err(), "the connection was lost during the transfer");
    }
}
