//! A run's own journal: begun before anything is built, ended after everything was.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use engine::RunReport;
use engine::journal::{Journal, JournalError};
use planner::lower::Program;
use plugins::cleanup::{CleanupFault, remove_half_made};
use plugins::executor::RunFacts;
use plugins::journal::{Earlier, EarlierRun, Note, Recorder, RunNote, TemplateNote, graph_note};

use crate::building::resume::Resumed;
use crate::session::Session;
use crate::state::{RunLock, StateDir, StateError};

/// A journal that is being written.
pub struct Recording {
    journal: Journal,
    recorder: Recorder,
    /// Others know by it that the run is alive.
    _lock: RunLock,
    /// Of the runs that are taken up.
    _earlier: Vec<RunLock>,
}

/// A run cannot be recorded, and so cannot be run: nobody would know what it leaves should it be killed.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// There is no place for the journal.
    #[error(transparent)]
    State(#[from] StateError),
    /// What the run that is taken up had only begun to make stays.
    #[error("what the earlier run was killed over cannot be removed: {0}")]
    HalfMade(#[source] CleanupFault),
    /// It cannot be written.
    #[error("{path}: {source}\nSet PACKER_STATE_DIR to a folder that can be written to and that lasts.")]
    Journal {
        /// The journal.
        path: PathBuf,
        /// Why.
        source: JournalError,
    },
}

impl Recording {
    /// Begins the journal of a run of `program`, and has `facts` tell components of it. `template` is which template it
    /// is, `resumed` the run that it takes up.
    ///
    /// # Errors
    ///
    /// It cannot be begun; then nothing may run.
    pub fn begin(
        session: &Session,
        program: &Program,
        facts: &mut RunFacts,
        template: TemplateNote,
        resumed: Option<Resumed>,
    ) -> Result<Self, RecordingError> {
        let context = &mut facts.context;
        let state = StateDir::of(&session.environment, &context.working_dir)?;
        let lock = state.create(&context.run_uuid)?;
        let path = lock.run().path().to_owned();
        let failed = |source: JournalError| RecordingError::Journal { path: path.clone(), source };
        let unwritable = |error| failed(JournalError::Write(Arc::new(error)));
        let secrets = session.scrubber().clone();
        let journal = Journal::start(lock.file().map_err(unwritable)?).map_err(failed)?;
        let masks = secrets.clone();
        let journal = journal.masked(move |text| masks.scrub(text).into_owned());
        let recorder = Recorder::new(journal.clone(), secrets.clone());
        let run = RunNote {
            run: context.run_uuid.to_string(),
            version: session.version.number.to_owned(),
            started: context.started.to_string(),
            pid: std::process::id(),
            template,
            resumes: resumed.as_ref().map(|resumed| resumed.run().to_owned()),
            workers: std::thread::available_parallelism().map_or(2, std::num::NonZero::get),
        };
        recorder.note(&Note::Run(run));
        recorder.note(&Note::Graph(graph_note(program)));
        session.fence.record(recorder.clone());
        context.recorder = recorder.clone();
        let (mut locks, mut runs) = (Vec::new(), Vec::new());
        for (lock, history) in resumed.map(Resumed::into_runs).unwrap_or_default() {
            let old = Journal::extend(lock.file().map_err(unwritable)?, &history.recording).map_err(failed)?;
            let old = Recorder::new(old, secrets.clone());
            let started = SystemTime::from(context.started);
            for number in remove_half_made(&history, started).map_err(RecordingError::HalfMade)? {
                old.note(&Note::Gone { number });
            }
            // Before anything is made again in their place.
            old.settle();
            runs.push(EarlierRun::new(&history, old));
            locks.push(lock);
        }
        context.earlier_runs = runs.iter().map(|run: &EarlierRun| Arc::from(run.run())).collect();
        facts.earlier = Some(runs).filter(|runs| !runs.is_empty()).map(|runs| Arc::new(Earlier::new(runs)));
        Ok(Self { journal, recorder, _lock: lock, _earlier: locks })
    }

    /// The journal, for the engine.
    pub fn journal(&self) -> Journal {
        self.journal.clone()
    }

    /// Ends the journal. Whether the run's end is in it.
    ///
    /// # Errors
    ///
    /// Why it is not; then nobody may take the run for a success.
    pub fn end(self, session: &Session, report: &RunReport) -> Result<(), JournalError> {
        session.fence.record(Recorder::default());
        if report.journal.is_ok() && self.recorder.is_clean() {
            self.recorder.note(&Note::Clean);
        }
        report.journal.clone()
    }
}
