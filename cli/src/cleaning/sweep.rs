//! Removes what is left of a run, with its journal locked: what is about to go is written down before, and that it went
//! after. To be killed in between costs nothing but to do it again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use engine::Cancel;
use engine::journal::Journal;
use futures_util::stream::{self, StreamExt as _};
use plugins::cleanup::{Method, Removed, World, carry_out, is_gone};
use plugins::journal::{History, Note};
use plugins::process::Fence;
use plugins::scrubber::Scrubber;
use tokio::runtime::Runtime;

use crate::cleaning::survey::{Item, Remains, rank, read};
use crate::state::{RunFile, RunLock, StateError};

/// How many things of a run are removed at the same time.
const WIDTH: usize = 8;
/// How long to try for a lock that is only held by who looks whether somebody has it.
const TRIES: u32 = 20;
/// The time between two of these tries.
const PAUSE: Duration = Duration::from_millis(10);

/// What removes things.
pub struct Sweeper {
    /// Runs providers' tools.
    pub runtime: Runtime,
    /// Ends them.
    pub cancel: Cancel,
    /// Where they run.
    pub working_dir: PathBuf,
    /// Their environment.
    pub environment: BTreeMap<String, String>,
    /// What ends them should we not be able to.
    pub fence: Fence,
    /// What must not be seen of what they write.
    pub secrets: Scrubber,
    /// Whether things are only struck off the record, because somebody has removed them.
    pub forget: bool,
}

/// What became of a thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is not there any more, in this way.
    Gone(Removed),
    /// A later run has it.
    Taken(String),
    /// Somebody said that it is gone.
    Forgotten,
    /// It is still there, for this reason.
    Left(String),
}

/// Why nothing of a run was removed.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// Somebody has it.
    #[error("run {0} is in use: another command removes what it left, or it is taken up again")]
    InUse(String),
    /// Its journal cannot be opened.
    #[error(transparent)]
    State(#[from] StateError),
    /// Its journal cannot be read.
    #[error("run {run}: {reason}")]
    Journal {
        /// The run.
        run: String,
        /// Why.
        reason: String,
    },
}

impl Sweeper {
    /// Removes what `remains` of a run, and tells of each thing what became of it. Gives a warning about what is not
    /// written down, if that is so.
    ///
    /// # Errors
    ///
    /// Nothing was removed.
    pub fn sweep(&self, remains: &Remains, mut tell: impl FnMut(&Item, &Fate)) -> Result<Option<String>, SweepError> {
        let file = &remains.file;
        let lock = lock(file)?.ok_or_else(|| SweepError::InUse(file.id().to_owned()))?;
        let failed = |reason: String| SweepError::Journal { run: file.id().to_owned(), reason };
        let (history, _) = read(file).map_err(failed)?;
        let journal = open_journal(&lock, &history).map_err(failed)?;
        // Somebody else may have removed some of it since.
        let left: BTreeSet<u64> = history.leftovers().map(|left| left.resource.number).collect();
        // So that nobody has to look again. What nobody sees will be seen the next time.
        for number in history.leftovers().filter(|left| is_gone(&left.resource)).map(|left| left.resource.number) {
            let _ = journal.note(&Note::Gone { number }.to_bytes());
        }
        let items: Vec<&Item> = remains.items.iter().filter(|item| left.contains(&item.resource.number)).collect();
        let world = self.world(remains);
        self.runtime.block_on(async {
            for of_rank in items.chunk_by(|one, other| rank(&one.resource) == rank(&other.resource)) {
                let removals = of_rank.iter().map(|item| self.remove(item, &world, &journal));
                let mut removals = stream::iter(removals).buffer_unordered(WIDTH);
                while let Some((item, fate)) = removals.next().await {
                    tell(item, &fate);
                }
            }
        });
        Ok(journal.fault().map(|error| format!("run {} will be listed again: {error}", file.id())))
    }

    fn world(&self, remains: &Remains) -> World {
        let started = remains.started.map(SystemTime::from);
        World {
            working_dir: Arc::new(self.working_dir.clone()),
            environment: Arc::new(self.environment.clone()),
            fence: self.fence.clone(),
            secrets: self.secrets.clone(),
            // Without a start nothing is young enough that was only planned.
            run_started: started.unwrap_or_else(SystemTime::now),
        }
    }

    async fn remove<'i>(&self, item: &'i Item, world: &World, journal: &Journal) -> (&'i Item, Fate) {
        let number = item.resource.number;
        let fate = match &item.taken_by {
            Some(run) => Fate::Taken(run.clone()),
            None if self.forget => Fate::Forgotten,
            None if self.cancel.is_stopping() => Fate::Left("interrupted".to_owned()),
            None => {
                if !matches!(item.method, Method::ByHand { .. }) {
                    // A journal that takes no more is told of in the end, and keeps nothing from being removed.
                    let _ = journal.durable(journal.note(&Note::Destroying { number }.to_bytes())).await;
                }
                match carry_out(&item.method, world, &self.cancel).await {
                    Ok(removed) => Fate::Gone(removed),
                    Err(fault) => Fate::Left(fault.to_string()),
                }
            }
        };
        if !matches!(fate, Fate::Left(_)) {
            let _ = journal.durable(journal.note(&Note::Gone { number }.to_bytes())).await;
        }
        (item, fate)
    }
}

fn lock(file: &RunFile) -> Result<Option<RunLock>, StateError> {
    for _ in 0..TRIES {
        if let Some(lock) = file.lock()? {
            return Ok(Some(lock));
        }
        std::thread::sleep(PAUSE);
    }
    Ok(None)
}

/// The journal, to go on with.
fn open_journal(lock: &RunLock, history: &History) -> Result<Journal, String> {
    let file = lock.file().map_err(|error| error.to_string())?;
    Journal::extend(file, &history.recording).map_err(|error| error.to_string())
}
