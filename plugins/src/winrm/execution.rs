//! One command in a shell, from its start to its status: output as it comes, input as it can be read.

use std::future::pending;
use std::pin::pin;

use engine::Cancel;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::component::{DISCONNECTED, RemoteCommand, Sink, Source};
use crate::winrm::answer::{Answer, Stream};
use crate::winrm::envelope::MAX_INPUT;
use crate::winrm::fault::Fault;
use crate::winrm::shell::Shell;

/// A command that was started, and its shell.
pub(super) struct Execution {
    shell: Shell,
    command: String,
}

/// What a command is connected to.
pub(super) struct Streams<'s> {
    pub(super) stdin: Option<Box<Source<'s>>>,
    pub(super) stdout: Option<Box<Sink<'s>>>,
    pub(super) stderr: Option<Box<Sink<'s>>>,
}

impl Streams<'static> {
    /// Those of `command`, and its line.
    pub(super) fn of(command: RemoteCommand) -> (Self, String) {
        let RemoteCommand { line, stdin, stdout, stderr } = command;
        (Self { stdin, stdout, stderr }, line)
    }
}

impl Execution {
    /// Starts a command in a shell of its own. With `console` it reads from nowhere.
    pub(super) async fn start(shell: Shell, line: &str, console: bool, cancel: &Cancel) -> Result<Self, Fault> {
        let starting = shell.service().command(shell.id(), line, console);
        let command = tokio::select! {
            biased;
            () = cancel.stopping() => Err(Fault::Cancelled),
            command = starting => command,
        };
        match command {
            Ok(command) => Ok(Self { shell, command }),
            Err(fault) => {
                shell.close(cancel).await;
                Err(fault)
            }
        }
    }

    /// Moves input and output until the command has ended, and tidies up. The status of a command whose machine is gone is
    /// [`DISCONNECTED`].
    pub(super) async fn finish(self, mut streams: Streams<'_>, cancel: &Cancel) -> Result<i64, Fault> {
        let ended = tokio::select! {
            biased;
            () = cancel.stopping() => Err(Fault::Cancelled),
            ended = self.serve(&mut streams) => ended,
        };
        match ended {
            Err(fault) if fault.is_lost() => {
                tracing::warn!("lost the connection to {}: {fault}", self.shell.service().settings().host);
                self.shell.abandon();
                Ok(DISCONNECTED)
            }
            Err(fault) => {
                self.terminate(cancel).await;
                self.shell.close(cancel).await;
                Err(fault)
            }
            Ok(status) => {
                self.shell.close(cancel).await;
                Ok(status)
            }
        }
    }

    async fn terminate(&self, cancel: &Cancel) {
        tokio::select! {
            terminated = self.shell.service().terminate(self.shell.id(), &self.command) => {
                if let Err(fault) = terminated {
                    tracing::debug!("terminating command {}: {fault}", self.command);
                }
            },
            () = cancel.killing() => {}
        }
    }

    async fn serve(&self, streams: &mut Streams<'_>) -> Result<i64, Fault> {
        let Streams { stdin, stdout, stderr } = streams;
        let mut feeding = pin!(async {
            if let Some(stdin) = stdin.as_mut() {
                self.feed(stdin).await?;
            }
            // Only the command's end matters from now on.
            pending::<Result<(), Fault>>().await
        });
        let mut output = pin!(self.output(stdout, stderr));
        tokio::select! {
            biased;
            status = &mut output => status,
            Err(fault) = &mut feeding => match fault {
                // A command that ended does not read. How it ended is still to come.
                Fault::Refused { .. } => output.await,
                other => Err(other),
            },
        }
    }

    async fn feed(&self, stdin: &mut Source<'_>) -> Result<(), Fault> {
        let service = self.shell.service();
        let mut buffer = vec![0; MAX_INPUT];
        loop {
            let read = stdin.read(&mut buffer).await;
            let read = read.map_err(|error| Fault::Local(format!("reading the command's input: {error}")))?;
            service.send(self.shell.id(), &self.command, &buffer[..read], read == 0).await?;
            if read == 0 {
                return Ok(());
            }
        }
    }

    async fn output<'s>(
        &self,
        stdout: &mut Option<Box<Sink<'s>>>,
        stderr: &mut Option<Box<Sink<'s>>>,
    ) -> Result<i64, Fault> {
        let failed = |error: std::io::Error| Fault::Local(format!("writing the command's output: {error}"));
        loop {
            let Answer { output, done, status, .. } =
                self.shell.service().receive(self.shell.id(), &self.command).await?;
            for (stream, bytes) in output {
                let sink = match stream {
                    Stream::Output => &mut *stdout,
                    Stream::Errors => &mut *stderr,
                };
                if let Some(sink) = sink {
                    sink.write_all(&bytes).await.map_err(failed)?;
                }
            }
            for sink in [&mut *stdout, &mut *stderr].into_iter().flatten() {
                sink.flush().await.map_err(failed)?;
            }
            if done {
                return status.ok_or_else(|| Fault::Nonsense("it says no status".to_owned()));
            }
        }
    }
}
