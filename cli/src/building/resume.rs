//! The run that `-resume` takes up.

use std::path::Path;

use jiff::Timestamp;
use plugins::cleanup::guard_at_work;
use plugins::journal::{GuardNote, History};

use crate::building::identity::template_path;
use crate::session::Session;
use crate::state::{RunFile, RunLock, StateDir, StateError};

/// Any run of the template: the last.
pub const LAST: &str = "last";

/// A run that is taken up. While it is, nobody else has it.
#[derive(Debug)]
pub struct Resumed {
    lock: RunLock,
    history: Box<History>,
    /// The run that it took up itself, the one that this took up, and so on: it may not have come to all that they did.
    before: Vec<(RunLock, Box<History>)>,
}

/// There is no run to take up.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    /// It is not found, or not to be opened.
    #[error(transparent)]
    State(#[from] StateError),
    /// It is still running.
    #[error("run {0} is still running, or being cleaned up after; wait for its end, or end it")]
    Alive(String),
    /// Its journal cannot be read.
    #[error("the journal of run {0} cannot be used: {1}")]
    Unreadable(String, engine::journal::JournalError),
    /// It is of another template.
    #[error("run {run} is of another template: {path}")]
    OtherTemplate {
        /// The run.
        run: String,
        /// Its template.
        path: String,
    },
}

impl Resumed {
    /// The run that `name` means: an id, the beginning of one, or [`LAST`] of the template at `argument`. None when there
    /// is no run of the template that did not succeed.
    ///
    /// # Errors
    ///
    /// There is no such run, or it cannot be taken up.
    pub fn find(
        session: &Session,
        name: &str,
        argument: &str,
        working_dir: &Path,
    ) -> Result<Option<Self>, ResumeError> {
        let state = StateDir::of(&session.environment, working_dir)?;
        let path = template_path(argument, working_dir);
        if name != LAST {
            let resumed = Self::take(&state, &state.find(name)?)?;
            return match resumed.template() {
                Some(other) if other != path => {
                    Err(ResumeError::OtherTemplate { run: resumed.run().to_owned(), path: other.to_owned() })
                }
                _ => Ok(Some(resumed)),
            };
        }
        for run in state.runs()? {
            // Runs of other templates are none of our business, whatever is the matter with them.
            let Ok(history) = read(&run) else { continue };
            if history.run.as_ref().is_some_and(|run| run.template.path == path) {
                return if history.has_succeeded() { Ok(None) } else { Self::take(&state, &run).map(Some) };
            }
        }
        Ok(None)
    }

    fn take(state: &StateDir, run: &RunFile) -> Result<Self, ResumeError> {
        let lock = run.lock()?.ok_or_else(|| ResumeError::Alive(run.id().to_owned()))?;
        // Not before: until then somebody may have added to it.
        let history = Box::new(read(run)?);
        let mut before = Vec::new();
        let mut next = taken_up(&history);
        while let Some((lock, history)) = next.and_then(|run| take_before(state, &run)) {
            next = taken_up(&history);
            before.push((lock, history));
        }
        Ok(Self { lock, history, before })
    }

    /// Who has its plugins cancel what they were at, if it was killed a moment ago.
    pub fn guard(&self) -> Option<GuardNote> {
        guard_at_work(&self.history)
    }

    /// The run's id.
    pub fn run(&self) -> &str {
        self.history.run.as_ref().map_or("", |run| &run.run)
    }

    /// When it started: all that depends on the time is to come out as it did.
    pub fn started(&self) -> Option<Timestamp> {
        self.history.run.as_ref()?.started.parse().ok()
    }

    fn template(&self) -> Option<&str> {
        self.history.run.as_ref().map(|run| &*run.template.path)
    }

    /// The run, and those before it that it took up: the locks that keep others away, and what they came to.
    pub fn into_runs(self) -> Vec<(RunLock, Box<History>)> {
        std::iter::once((self.lock, self.history)).chain(self.before).collect()
    }
}

/// The run that a run took up.
fn taken_up(history: &History) -> Option<String> {
    history.run.as_ref()?.resumes.clone()
}

/// One that is gone, in use or cannot be read can be done without: what it had done is done again.
fn take_before(state: &StateDir, run: &str) -> Option<(RunLock, Box<History>)> {
    let file = state.find(run).ok()?;
    // Also if it is locked already, as it would be if a journal named itself.
    let lock = file.lock().ok()??;
    Some((lock, Box::new(read(&file).ok()?)))
}

fn read(run: &RunFile) -> Result<History, ResumeError> {
    History::read(run.open()?).map_err(|error| ResumeError::Unreadable(run.id().to_owned(), error))
}
