//! Bringing scripts to a machine that may not be there yet, and starting them once they are.

use engine::Cancel;
use planner::duration::GoDuration;

use super::content::Content;
use crate::component::{Communicator, ComponentError, Running};
use crate::config::Fields;
use crate::remote::command;
use crate::remote::lines::Audience;
use crate::remote::patience::Patience;
use crate::remote::transfer::upload;

/// How long to go on trying to reach the machine.
const START_RETRY_TIMEOUT: GoDuration = GoDuration::from_nanos(300_000_000_000);

/// The field of that name. Zero would be no time at all, so it stands for the default.
pub fn start_retry_timeout(fields: &mut Fields<'_>) -> GoDuration {
    let timeout = fields.duration("start_retry_timeout");
    timeout.filter(|timeout| timeout.is_positive()).unwrap_or(START_RETRY_TIMEOUT)
}

/// A command and the files that must be on the machine before it.
#[derive(Debug)]
pub struct Job<'a> {
    /// Paths of the machine, each with what is written there.
    pub files: &'a [(&'a str, &'a Content)],
    /// The command.
    pub line: &'a str,
    /// How long all tries together may take.
    pub timeout: GoDuration,
}

impl Job<'_> {
    /// Tries until the command has begun; never again after that.
    ///
    /// # Errors
    ///
    /// Those of the last try, that a file cannot be read, that the run is stopping.
    pub async fn start(
        &self,
        machine: &dyn Communicator,
        audience: &Audience,
        cancel: &Cancel,
    ) -> Result<Running, ComponentError> {
        let mut patience = Patience::new(self.timeout);
        loop {
            match self.try_to_start(machine, audience, &patience, cancel).await? {
                Ok(running) => return Ok(running),
                Err(error) => patience.after(error, audience.ui.as_ref(), cancel).await?,
            }
        }
    }

    /// The outer error is one that will not go away.
    async fn try_to_start(
        &self,
        machine: &dyn Communicator,
        audience: &Audience,
        patience: &Patience,
        cancel: &Cancel,
    ) -> Result<Result<Running, ComponentError>, ComponentError> {
        for (path, content) in self.files {
            let mut reader = content.open().await?;
            let sent = patience
                .limit("the upload", cancel, async |cancel| upload(machine, path, &mut reader, None, &cancel).await);
            if let Err(error) = sent.await {
                return Ok(Err(about(&format!("Error uploading {path}"), error)));
            }
        }
        // Without a limit: machines of plugins may say that a command has started when it has ended.
        Ok(command::start(machine, self.line, audience, cancel).await)
    }
}

/// Says what was being done, unless it was just stopped.
pub fn about(what: &str, error: ComponentError) -> ComponentError {
    match error {
        ComponentError::Cancelled => ComponentError::Cancelled,
        ComponentError::Unsupported(text) => ComponentError::Unsupported(format!("{what}: {text}")),
        error => ComponentError::new(format!("{what}: {error}")),
    }
}
