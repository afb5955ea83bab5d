//! Runs a program: executor, events and signals put together.

use std::sync::Arc;

use engine::{Cancel, NullEmitter, RunOptions, RunReport};
use planner::files::Files;
use planner::lower::Program;
use plugins::executor::{Executor, RunFacts};
use plugins::registry::Registry;
use tokio::runtime::Runtime;

use crate::building::outlet::Outlet;
use crate::building::watch::Watch;
use crate::reporter::{Reports, Settings};

/// What a run needs besides the program.
pub struct Runner {
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
    /// Whether the first failure stops the run.
    pub fail_fast: bool,
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
    pub fn new(
        reports: Reports,
        settings: Settings,
        registry: Arc<Registry>,
        facts: RunFacts,
        cancel: Cancel,
    ) -> Result<Self, RunnerError> {
        let n_workers = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(n_workers).enable_all().build()?;
        let files = Arc::new(Files::new());
        Ok(Self { reports, settings, registry, facts, files, cancel, fail_fast: false, runtime, n_workers })
    }

    /// Runs `program` to its end.
    ///
    /// # Errors
    ///
    /// The system has no threads to give; then nothing ran.
    pub fn run(&self, program: &Arc<Program>) -> Result<Finished, RunnerError> {
        let colour = self.settings.escapes && self.settings.live;
        let outlet = Arc::new(Outlet::new(self.reports.clone(), program, self.files.clone(), colour));
        let executor =
            Arc::new(Executor::new(program.clone(), self.registry.clone(), outlet.clone(), self.facts.clone()));
        let watch = Arc::new(Watch::new(program.clone(), executor.clone(), outlet, self.settings.live));
        let report = engine::run(&program.plan, &executor, &self.options(), &self.cancel, &*watch)?;
        Ok(Finished { report, executor, watch })
    }

    /// Runs data sources, or checks, without saying how builds end.
    ///
    /// # Errors
    ///
    /// The system has no threads to give; then nothing ran.
    pub fn run_quietly(&self, program: &Arc<Program>) -> Result<RunReport, RunnerError> {
        let colour = self.settings.escapes && self.settings.live;
        let outlet = Arc::new(Outlet::new(self.reports.clone(), program, self.files.clone(), colour));
        let executor = Arc::new(Executor::new(program.clone(), self.registry.clone(), outlet, self.facts.clone()));
        Ok(engine::run(&program.plan, &executor, &self.options(), &self.cancel, &NullEmitter)?)
    }

    fn options(&self) -> RunOptions {
        let runtime = Some(self.runtime.handle().clone());
        RunOptions { fail_fast: self.fail_fast, runtime, ..RunOptions::new(self.n_workers) }
    }
}
