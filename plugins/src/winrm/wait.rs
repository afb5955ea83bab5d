//! Waiting for a machine to become available.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use engine::Cancel;
use tokio::io::AsyncWrite;
use tokio::time::sleep;

use crate::component::{Communicator, ComponentError, Ui};
use crate::winrm::communicator::WinRm;
use crate::winrm::execution::{Execution, Streams};
use crate::winrm::fault::Fault;
use crate::winrm::powershell::{command, complaint};
use crate::winrm::scripts::GREETING;
use crate::winrm::settings::Settings;
use crate::winrm::shell::Shell;

/// Between two tries.
const PAUSE: Duration = Duration::from_secs(5);
/// What the machine says when it can be talked to.
const CONNECTED: &str = "WinRM connected.";
/// No greeting is longer.
const MAX_GREETING: usize = 64 << 10;

/// Why a machine is not available.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unavailable {
    /// It did not work this time.
    Yet(String),
    /// It answers, but does not let us in. That may change while the machine is set up.
    Refuses(String),
    /// It was told to stop.
    Cancelled,
}

impl Unavailable {
    fn of(fault: Fault) -> Self {
        match fault {
            Fault::Cancelled => Self::Cancelled,
            Fault::Unauthorized(why) => Self::Refuses(why),
            other => Self::Yet(other.to_string()),
        }
    }

    /// What to tell about it.
    pub fn reason(&self) -> &str {
        match self {
            Self::Yet(why) | Self::Refuses(why) => why,
            Self::Cancelled => "context canceled",
        }
    }
}

impl WinRm {
    /// Finds out whether the machine can be talked to, in one try: makes a shell and deletes it, then lets PowerShell say
    /// hello, which the user gets to see.
    ///
    /// # Errors
    ///
    /// Why it cannot.
    pub async fn check(&self, ui: &dyn Ui, cancel: &Cancel) -> Result<(), Unavailable> {
        self.open(cancel).await.map_err(Unavailable::of)?;
        self.greet(ui, cancel).await
    }

    /// Makes a shell and deletes it.
    async fn open(&self, cancel: &Cancel) -> Result<(), Fault> {
        Shell::open(self.service(), cancel).await?.close(cancel).await;
        Ok(())
    }

    async fn greet(&self, ui: &dyn Ui, cancel: &Cancel) -> Result<(), Unavailable> {
        let line = command(GREETING).unwrap_or_default();
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        let greeting = async {
            let shell = Shell::open(self.service(), cancel).await?;
            let execution = Execution::start(shell, &line, true, cancel).await?;
            let streams = Streams {
                stdin: None,
                stdout: Some(Box::new(Limited(&mut output))),
                stderr: Some(Box::new(Limited(&mut errors))),
            };
            execution.finish(streams, cancel).await
        };
        let status = greeting.await.map_err(Unavailable::of)?;
        let output = String::from_utf8_lossy(&output);
        for line in output.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
            ui.message(line);
        }
        if output.contains(CONNECTED) {
            return Ok(());
        }
        let errors = complaint(&errors);
        let why = if errors.is_empty() { String::new() } else { format!(": {errors}") };
        Err(Unavailable::Yet(format!("PowerShell on the machine ended with status {status} and without a word{why}")))
    }
}

/// The whole step of connecting: says what it does, tries until it works, and gives the communicator.
///
/// # Errors
///
/// Settings that cannot work, no success within the settings' timeout, or the end of the run.
pub async fn wait_for_winrm(
    settings: Settings,
    ui: &dyn Ui,
    cancel: &Cancel,
) -> Result<Arc<dyn Communicator>, ComponentError> {
    wait(settings, PAUSE, ui, cancel).await
}

/// The same, with so long a pause between two tries.
pub(super) async fn wait(
    settings: Settings,
    pause: Duration,
    ui: &dyn Ui,
    cancel: &Cancel,
) -> Result<Arc<dyn Communicator>, ComponentError> {
    ui.say(&format!("Using WinRM communicator to connect: {}", settings.host));
    ui.say("Waiting for WinRM to become available...");
    let timeout = settings.timeout;
    let machine = WinRm::new(settings).map_err(|error| {
        let text = format!("Error waiting for WinRM: {error}");
        ui.error(&text);
        ComponentError::Failed(text)
    })?;
    let mut last = None;
    let connected = tokio::time::timeout(timeout, connect(&machine, pause, ui, cancel, &mut last)).await;
    match connected {
        Ok(Ok(())) => {
            ui.say("Connected to WinRM!");
            Ok(Arc::new(machine))
        }
        Ok(Err(error)) => Err(error),
        Err(_) => {
            let text = "Timeout waiting for WinRM.";
            ui.error(text);
            let reason: Option<Unavailable> = last;
            Err(ComponentError::Failed(match reason {
                Some(reason) => format!("{text}\nThe last try within {timeout:?} failed: {}", reason.reason()),
                None => format!("{text}\nThere was no answer within {timeout:?}"),
            }))
        }
    }
}

/// Tries until it works. What went wrong last is kept in `last`.
async fn connect(
    machine: &WinRm,
    pause: Duration,
    ui: &dyn Ui,
    cancel: &Cancel,
    last: &mut Option<Unavailable>,
) -> Result<(), ComponentError> {
    let mut is_open = false;
    loop {
        let tried = if is_open { Ok(()) } else { machine.open(cancel).await.map_err(Unavailable::of) };
        let tried = match tried {
            Ok(()) => {
                is_open = true;
                machine.greet(ui, cancel).await
            }
            failed => failed,
        };
        let Err(reason) = tried else { return Ok(()) };
        if reason == Unavailable::Cancelled {
            return Err(ComponentError::Cancelled);
        }
        tracing::debug!("connecting over WinRM: {}", reason.reason());
        if let (Unavailable::Refuses(why), false) = (&reason, matches!(last, Some(Unavailable::Refuses(_)))) {
            ui.message(&format!("{why}. Trying again, in case it is still being set up..."));
        }
        *last = Some(reason);
        tokio::select! {
            biased;
            () = cancel.stopping() => return Err(ComponentError::Cancelled),
            () = sleep(pause) => {}
        }
    }
}

/// Keeps what a greeting says, as far as it can be one.
struct Limited<'a>(&'a mut Vec<u8>);

impl AsyncWrite for Limited<'_> {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let room = MAX_GREETING - self.0.len();
        self.0.extend_from_slice(&bytes[..bytes.len().min(room)]);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
