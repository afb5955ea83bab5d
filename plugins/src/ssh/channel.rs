//! One session on a connection: a command or a subsystem of the machine, with its streams.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use russh::client::Msg;
use russh::{Channel, ChannelMsg, ChannelReadHalf, ChannelWriteHalf, Pty, Sig};
use tokio::sync::Notify;
use tokio_util::task::TaskTracker;

use super::connection::Connection;
use super::fault::words;
use super::settings::Settings;
use crate::component::{ComponentError, DISCONNECTED};

/// The number of the error stream (RFC 4254, section 5.2).
const STDERR: u32 = 1;

/// How long what runs in a session may take to end when it is asked to.
pub(super) const FAREWELL: Duration = Duration::from_secs(2);

/// An open session. Dropped, it is closed, and whatever runs in it is asked to end.
pub(super) struct Session {
    /// Taken when it is dropped.
    read: Option<ChannelReadHalf>,
    write: Arc<ChannelWriteHalf<Msg>>,
    /// Kept open as long as it is used.
    connection: Arc<Connection>,
    host: Arc<Host>,
    ended: bool,
}

/// What comes from the machine.
pub(super) enum Incoming {
    /// Output.
    Out(Bytes),
    /// Errors.
    Err(Bytes),
    /// There is no more output.
    Eof,
    /// What ran there has ended with this status.
    Ended(i64),
    /// The session is over.
    Closed,
}

impl Session {
    pub(super) fn new(channel: Channel<Msg>, connection: Arc<Connection>, host: Arc<Host>) -> Self {
        let (read, write) = channel.split();
        Self { read: Some(read), write: Arc::new(write), connection, host, ended: false }
    }

    /// Writes to what runs there.
    pub(super) fn writer(&self) -> Writer {
        Writer(self.write.clone())
    }

    /// Starts a command as a component wants it: with a terminal and the agent, if so set.
    ///
    /// # Errors
    ///
    /// The connection is lost.
    pub(super) async fn command(&self, line: &str, settings: &Settings) -> Result<(), ComponentError> {
        let requested = async {
            if settings.forwarded_agent.is_some() {
                self.write.agent_forward(false).await?;
            }
            if settings.pty {
                let modes = [(Pty::ECHO, 0), (Pty::TTY_OP_ISPEED, 14400), (Pty::TTY_OP_OSPEED, 14400)];
                self.write.request_pty(false, "xterm", 80, 40, 0, 0, &modes).await?;
            }
            self.write.exec(true, line).await
        };
        requested.await.map_err(|error| ComponentError::new(words(&error)))
    }

    /// Starts a program for a transfer. What is written may follow at once.
    ///
    /// # Errors
    ///
    /// The connection is lost.
    pub(super) async fn program(&self, line: &str) -> Result<(), ComponentError> {
        self.write.exec(true, line).await.map_err(|error| ComponentError::new(words(&error)))
    }

    /// Waits until what was asked for last has begun.
    ///
    /// # Errors
    ///
    /// The server refuses, or the connection is lost.
    pub(super) async fn begun(&mut self) -> Result<(), ComponentError> {
        loop {
            match self.heard().await {
                Some(ChannelMsg::Success) => return Ok(()),
                Some(ChannelMsg::Failure) => {
                    return Err(ComponentError::new("the server refuses to run commands"));
                }
                Some(ChannelMsg::Close) | None => {
                    return Err(ComponentError::new("the connection was lost before the command began"));
                }
                // Windows grow at any time.
                Some(_) => {}
            }
        }
    }

    async fn heard(&mut self) -> Option<ChannelMsg> {
        self.read.as_mut()?.wait().await
    }

    /// Waits for what comes next.
    pub(super) async fn next(&mut self) -> Incoming {
        loop {
            return match self.heard().await {
                Some(ChannelMsg::Data { data }) => Incoming::Out(data),
                Some(ChannelMsg::ExtendedData { data, ext: STDERR }) => Incoming::Err(data),
                Some(ChannelMsg::Eof) => Incoming::Eof,
                Some(ChannelMsg::ExitStatus { exit_status }) => Incoming::Ended(exit_status.into()),
                Some(ChannelMsg::ExitSignal { signal_name, .. }) => Incoming::Ended(signal_status(&signal_name)),
                Some(ChannelMsg::Close) | None => {
                    self.ended = true;
                    Incoming::Closed
                }
                Some(_) => continue,
            };
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let (Some(read), false) = (self.read.take(), self.ended) else {
            self.host.freed.notify_waiters();
            return;
        };
        // Without a runtime the connection is gone as well.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let (write, host, connection) = (self.write.clone(), self.host.clone(), self.connection.clone());
            self.host.farewells.spawn_on(say_farewell(read, write, host, connection), &runtime);
        }
    }
}

/// Asks what runs there to end, and closes the session. Without a terminal, it would never hear that nobody listens any
/// more. (OpenSSH passes no signals on to what root runs.) What it says while it ends is still listened to: writing to
/// nobody would end it early.
async fn say_farewell(
    mut read: ChannelReadHalf,
    write: Arc<ChannelWriteHalf<Msg>>,
    host: Arc<Host>,
    _connection: Arc<Connection>,
) {
    // A lost connection has taken it along.
    if write.signal(Sig::TERM).await.is_ok() {
        let heard = async { while !matches!(read.wait().await, Some(ChannelMsg::Close) | None) {} };
        let _ = tokio::time::timeout(FAREWELL, heard).await;
    }
    let _ = write.close().await;
    host.freed.notify_waiters();
}

/// What the sessions of one machine share.
#[derive(Debug, Default)]
pub(super) struct Host {
    /// A session has ended.
    pub(super) freed: Notify,
    /// Sessions that are ending.
    pub(super) farewells: TaskTracker,
}

/// Writes to what runs in a session.
#[derive(Clone)]
pub(super) struct Writer(Arc<ChannelWriteHalf<Msg>>);

impl Writer {
    /// Writes all of it, as fast as the other side takes it.
    ///
    /// # Errors
    ///
    /// The connection is lost.
    pub(super) async fn write(&self, bytes: Bytes) -> Result<(), ComponentError> {
        self.0.data_bytes(bytes).await.map_err(|error| ComponentError::new(words(&error)))
    }

    /// There is no more.
    pub(super) async fn finish(&self) {
        // What has ended already reads no more either.
        let _ = self.0.eof().await;
    }
}

/// The status that Go's library has for a command that a signal ended (`golang.org/x/crypto/ssh`, `ExitStatus`).
fn signal_status(signal: &Sig) -> i64 {
    128 + match signal {
        Sig::HUP => 1,
        Sig::INT => 2,
        Sig::QUIT => 3,
        Sig::ILL => 4,
        Sig::ABRT => 6,
        Sig::FPE => 8,
        Sig::KILL => 9,
        Sig::SEGV => 11,
        Sig::PIPE => 13,
        Sig::ALRM => 14,
        Sig::TERM => 15,
        Sig::USR1 | Sig::Custom(_) => 0,
    }
}

/// The status of a command whose session is over: the one that was told, or that the connection was lost.
pub(super) fn status(told: Option<i64>) -> i64 {
    told.unwrap_or(DISCONNECTED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_have_go_s_numbers() {
        let rows = [(Sig::TERM, 143), (Sig::KILL, 137), (Sig::HUP, 129), (Sig::Custom("WINCH".to_owned()), 128)];
        for (signal, expected) in rows {
            assert_eq!(signal_status(&signal), expected);
        }
        assert_eq!((status(Some(3)), status(None)), (3, 2_300_218));
    }
}
