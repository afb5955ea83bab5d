//! The machine's service: shells and what is done in them, over as many connections as are busy at a time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::timeout;

use crate::component::ComponentError;
use crate::winrm::answer::{self, Answer};
use crate::winrm::envelope::Request;
use crate::winrm::fault::Fault;
use crate::winrm::lane::Lane;
use crate::winrm::settings::Settings;

/// How long the service may wait for output before it says that there is none. It is asked again then.
const QUIET: Duration = Duration::from_secs(60);
/// How much longer an answer may take than the service was given.
const GRACE: Duration = Duration::from_secs(15);
/// How long tidying up may take.
const TIDYING: Duration = Duration::from_secs(10);

/// The service of one machine.
pub(super) struct Service {
    settings: Arc<Settings>,
    endpoint: String,
    idle: Mutex<Vec<Lane>>,
}

impl Service {
    /// Connects to nothing yet.
    pub(super) fn new(settings: Settings) -> Result<Self, ComponentError> {
        let settings = Arc::new(settings);
        let endpoint = settings.endpoint()?.to_string();
        let first = Lane::new(&settings)?;
        Ok(Self { settings, endpoint, idle: Mutex::new(vec![first]) })
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Makes a shell.
    pub(super) async fn create(&self) -> Result<String, Fault> {
        let answer = self.ask(Request::Create, self.settings.timeout).await?;
        answer.shell.ok_or_else(|| Fault::Nonsense("it names no shell".to_owned()))
    }

    /// Starts a command.
    pub(super) async fn command(&self, shell: &str, line: &str, console: bool) -> Result<String, Fault> {
        let answer = self.ask(Request::Command { shell, line, console }, self.settings.timeout).await?;
        answer.command.ok_or_else(|| Fault::Nonsense("it names no command".to_owned()))
    }

    /// Waits for output. What comes may be empty.
    pub(super) async fn receive(&self, shell: &str, command: &str) -> Result<Answer, Fault> {
        match self.ask(Request::Receive { shell, command }, self.settings.timeout.min(QUIET)).await {
            Err(fault) if fault.is_quiet() => Ok(Answer::default()),
            other => other,
        }
    }

    /// Gives a command something to read.
    pub(super) async fn send(&self, shell: &str, command: &str, data: &[u8], end: bool) -> Result<(), Fault> {
        self.ask(Request::Send { shell, command, data, end }, self.settings.timeout).await.map(drop)
    }

    /// Ends a command.
    pub(super) async fn terminate(&self, shell: &str, command: &str) -> Result<(), Fault> {
        self.ask(Request::Terminate { shell, command }, self.settings.timeout.min(TIDYING)).await.map(drop)
    }

    /// Ends a shell and what runs in it.
    pub(super) async fn delete(&self, shell: &str) -> Result<(), Fault> {
        self.ask(Request::Delete { shell }, self.settings.timeout.min(TIDYING)).await.map(drop)
    }

    async fn ask(&self, request: Request<'_>, patience: Duration) -> Result<Answer, Fault> {
        let waiting = self.idle().pop();
        let mut lane = match waiting {
            Some(lane) => lane,
            None => Lane::new(&self.settings).map_err(|error| Fault::Lost(error.to_string()))?,
        };
        let text = request.text(&self.endpoint, patience);
        let limit = if matches!(request, Request::Receive { .. }) { patience + GRACE } else { patience };
        let posted = timeout(limit, lane.post(&text)).await.map_err(|_| Fault::Slow(limit))?;
        let text = posted?;
        self.idle().push(lane);
        answer::read(&text)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Lane>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
