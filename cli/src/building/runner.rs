//! Runs a program: executor, events and signals put together.

use std::sync::Arc;

use engine::journal::Journal;
use engine::{Appraisal, Cancel, Emitter, FanOut, Rules, RunOptions, RunReport, Slots, Timeline};
use planner::diagnostic::Diagnostics;
use planner::files::Files;
use planner::lower::Program;
use plugins::executor::{Executor, RunFacts};
use plugins::registry::Registry;
use tokio::runtime::Runtime;

use crate::building::outlet::Outlet;
use crate::building::watch::Watch;
use crate::reporter::{Reports, Settings};
use crate::telemetry::Telemetry;

/// What a run needs besides the program.
pub struct RunSetup {
    /// Where output goes.
    pub reports: Reports,
    /// How it looks.
    pub settings: Settings,
    /// The components.
    pub registry: Arc<Registry>,
    /// What components are told.
    pub facts: RunFacts,
    /// What findings point into.
    pub files: Arc<Files>,
    /// Stops the run.
    pub cancel: Cancel,
    /// What is done about failures and what takes long.
    pub rules: Rules,
    /// Where the run is written down.
    pub journal: Option<Journal>,
    /// Findings that were shown before.
    pub said: Diagnostics,
    /// What is written about it.
    pub telemetry: Arc<Telemetry>,
}

/// Worker threads, ready to run programs.
pub struct Runner {
    setup: RunSetup,
    runtime: Runtime,
    n_workers: usize,
}

/// A finished run.
pub struct Finished {
    /// How the nodes ended.
    pub report: RunReport,
    /// What the builds came to.
    pub executor: Arc<Executor>,
    /// When they started, and which did not.
    pub watch: Arc<Watch>,
    /// When each node ran.
    pub slots: Slots,
    /// How good that was.
    pub appraisal: Appraisal,
}

/// The system gave no threads.
#[derive(Debug, thiserror::Error)]
pub enum RunnerError {
    /// For the runtime.
    #[error("starting the worker threads: {0}")]
    Runtime(#[from] std::io::Error),
    /// For the engine.
    #[error(transparent)]
    Run(#[from] engine::RunError),
}

impl Runner {
    /// Starts the worker threads.
    ///
    /// # Errors
    ///
    /// The system has none to give.
    pub fn new(setup: RunSetup) -> Result<Self, RunnerError> {
        let n_workers = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(n_workers).enable_all().build()?;
        Ok(Self { setup, runtime, n_workers })
    }

    /// Runs `program` to its end.
    ///
    /// # Errors
    ///
    /// The system has no threads to give; then nothing ran.
    pub fn run(&self, program: &Arc<Program>) -> Result<Finished, RunnerError> {
        let (executor, outlet) = self.executor(program);
        let watch = Arc::new(Watch::new(program.clone(), executor.clone(), outlet, self.setup.settings.live));
        let written = self.setup.telemetry.stage("build", program);
        let written = written.iter().map(|written| written as &dyn Emitter);
        let timeline = Timeline::default();
        let emitter = FanOut::new([&*watch as &dyn Emitter, &timeline].into_iter().chain(written));
        let options = RunOptions { journal: self.setup.journal.clone(), ..self.options() };
        let report = engine::run(&program.plan, &executor, &options, &self.setup.cancel, &emitter)?;
        self.leave_nothing_if_stopped();
        let slots = timeline.slots();
        let appraisal = engine::appraise(&program.plan, self.n_workers, &slots);
        Ok(Finished { report, executor, watch, slots, appraisal })
    }

    /// Runs data sources, without saying how builds end.
    ///
    /// # Errors
    ///
    /// The system has no threads to give; then nothing ran.
    pub fn run_quietly(&self, program: &Arc<Program>) -> Result<RunReport, RunnerError> {
        let (executor, _) = self.executor(program);
        let written = self.setup.telemetry.stage("data", program);
        let emitter = FanOut::new(written.iter().map(|written| written as &dyn Emitter));
        let report = engine::run(&program.plan, &executor, &self.options(), &self.setup.cancel, &emitter)?;
        self.leave_nothing_if_stopped();
        Ok(report)
    }

    /// What scripts leave running is theirs, unless somebody wanted an end of it all.
    fn leave_nothing_if_stopped(&self) {
        if self.setup.cancel.is_stopping() {
            self.setup.facts.context.fence.spoil();
        }
    }

    fn executor(&self, program: &Arc<Program>) -> (Arc<Executor>, Arc<Outlet>) {
        let RunSetup { reports, settings, registry, facts, files, said, .. } = &self.setup;
        let colour = settings.escapes && settings.live;
        let outlet =
            Arc::new(Outlet::new(reports.clone(), program, files.clone(), facts.context.secrets.clone(), colour));
        outlet.skip(said);
        let executor = Executor::new(program.clone(), registry.clone(), outlet.clone(), facts.clone());
        (Arc::new(executor), outlet)
    }

    fn options(&self) -> RunOptions {
        let runtime = Some(self.runtime.handle().clone());
        RunOptions { rules: self.setup.rules.clone(), runtime, ..RunOptions::new(self.n_workers) }
    }
}
