//! Watches a run's events: shows what runs now, and says how each build ended as soon as its last node has.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use engine::{CancelPhase, Concern, Emitter, Event, EventKind, NodeId, Outcome, Overdue};
use planner::lower::Program;
use planner::node::{BuildId, Node};
use plugins::executor::Executor;

use crate::building::outlet::Outlet;
use crate::duration::in_words;
use crate::reporter::{Progress, Report, UiKind};

/// Subscribes to the events of one run.
pub struct Watch {
    program: Arc<Program>,
    executor: Arc<Executor>,
    outlet: Arc<Outlet>,
    live: bool,
    state: Mutex<WatchState>,
}

#[derive(Default)]
struct WatchState {
    nodes_left: HashMap<BuildId, usize>,
    opened_at: HashMap<BuildId, Duration>,
    skipped: Vec<(BuildId, NodeId)>,
    n_opened: usize,
}

impl Watch {
    /// Of `executor`'s run of `program`. With `live`, node by node progress is sent as well.
    pub fn new(program: Arc<Program>, executor: Arc<Executor>, outlet: Arc<Outlet>, live: bool) -> Self {
        let mut state = WatchState::default();
        for id in program.plan.ids() {
            if let Some(build) = program.plan.node(id).build() {
                *state.nodes_left.entry(build).or_default() += 1;
            }
        }
        Self { program, executor, outlet, live, state: Mutex::new(state) }
    }

    /// How many builders were started.
    pub fn n_opened(&self) -> usize {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).n_opened
    }

    /// Builds whose builder never started because something they need failed, with the node that did.
    pub fn skipped(&self) -> Vec<(BuildId, NodeId)> {
        let mut skipped = self.state.lock().unwrap_or_else(PoisonError::into_inner).skipped.clone();
        skipped.sort();
        skipped
    }

    fn started(&self, node: NodeId, at: Duration) {
        if let Node::BuilderOpen(build) = *self.program.plan.node(node) {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.opened_at.insert(build, at);
            state.n_opened += 1;
        }
        if self.live {
            let label = self.program.key(*self.program.plan.node(node));
            // Before it is cut to fit.
            let (key, label) = (node.index() as u32, self.outlet.scrubber().scrub(&label).into_owned());
            self.outlet.reports().send(Report::Progress(Progress::Started { key, label }));
        }
    }

    fn ended(&self, node: NodeId, outcome: &Outcome, at: Duration) {
        if self.live {
            let ok = !outcome.is_failure();
            self.outlet.reports().send(Report::Progress(Progress::Ended { key: node.index() as u32, ok }));
        }
        let payload = *self.program.plan.node(node);
        if let Outcome::TimedOut(failure) = outcome
            && failure.error().is::<Overdue>()
        {
            self.executor.overdue(payload, failure);
            if payload.build().is_none() {
                self.plain(UiKind::Error, format!("Error: {}: {failure}", self.program.key(payload)));
            }
        }
        if let Outcome::Bug(text) = outcome {
            let text = format!("Error: bug in packer: {}: {text}", self.program.key(payload));
            self.outlet.reports().send(Report::Plain { target: None, kind: UiKind::Error, text });
        }
        let Some(build) = payload.build() else { return };
        let opened_at = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            if let (Node::BuilderOpen(_), Outcome::Skipped(engine::SkipCause::Because(cause))) = (payload, outcome) {
                state.skipped.push((build, *cause));
            }
            let left = state.nodes_left.entry(build).or_default();
            *left = left.saturating_sub(1);
            if *left > 0 {
                return;
            }
            state.opened_at.get(&build).copied()
        };
        if let Some(opened_at) = opened_at {
            self.say_end(build, at.saturating_sub(opened_at));
        }
    }

    fn plain(&self, kind: UiKind, text: String) {
        self.outlet.reports().send(Report::Plain { target: None, kind, text });
    }

    /// What the engine does about trouble.
    fn trouble(&self, event: &EventKind) {
        match event {
            EventKind::NodeRetried { node, delay, failure, .. } => {
                let payload = *self.program.plan.node(*node);
                let text = format!("{} failed: {failure}. It is tried again in {delay:?}.", self.program.key(payload));
                let target = payload.build().map(|build| self.outlet.target(build));
                self.outlet.reports().send(Report::Ui { target, kind: UiKind::Say, text });
            }
            EventKind::TimeUp { of: Concern::Run, phase: CancelPhase::Stopping, .. } => {
                let text =
                    "Error: the run takes longer than --timeout allows. Nothing new starts, and what runs is ended.";
                self.plain(UiKind::Error, text.to_owned());
            }
            EventKind::PoolResized { pool, from, to } => {
                let name = &self.program.plan.pools()[*pool].name;
                let (why, way) = if to < from {
                    ("a provider said that it was too much at once", "shrinks")
                } else {
                    ("nobody complains any more", "grows")
                };
                self.plain(UiKind::Say, format!("Pool {name} {way} from {from} to {to}: {why}."));
            }
            _ => {}
        }
    }

    fn say_end(&self, build: BuildId, took: Duration) {
        let result = self.executor.result(build);
        let name = &self.program.build(build).name;
        let took = in_words(took);
        let (kind, text) = match &result.error {
            None => (UiKind::Say, format!("Build '{name}' finished after {took}.")),
            Some(error) => (UiKind::Error, format!("Build '{name}' errored after {took}: {error}")),
        };
        let target = Some(self.outlet.target(build));
        self.outlet.reports().send(Report::Plain { target: target.clone(), kind, text });
        for artifact in &result.left_behind {
            let text = format!("Left in place, as a later post-processor failed: {}", artifact.description());
            self.outlet.reports().send(Report::Ui { target: target.clone(), kind: UiKind::Error, text });
        }
    }
}

impl Emitter for Watch {
    fn emit(&self, event: &Event) {
        match &event.kind {
            EventKind::RunStarted { nodes } if self.live => {
                self.outlet.reports().send(Report::Progress(Progress::Total { nodes: *nodes }));
            }
            EventKind::NodeStarted { node, attempt: 1 } => self.started(*node, event.at),
            EventKind::NodeEnded { node, outcome } | EventKind::NodeSkipped { node, outcome } => {
                self.ended(*node, outcome, event.at);
            }
            event => self.trouble(event),
        }
    }
}
