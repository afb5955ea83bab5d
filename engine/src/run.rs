//! The coordinator: one thread that owns dispatch and event log, hands work to the workers and takes outcomes back. The
//! only place where the pure core meets threads, time and cancellation. Never prints.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::unbounded;
use tokio::runtime::{Builder, Handle, Runtime};

use crate::cancel::{Cancel, CancelPhase};
use crate::course::{Course, Rules, Start};
use crate::error::RunError;
use crate::event::{Emitter, EventKind, EventLog};
use crate::executor::{Execute, Lane, Work};
use crate::id::{DenseMap, NodeId};
use crate::intents::Intents;
use crate::journal::{Journal, JournalError};
use crate::limit::Concern;
use crate::outcome::{Counts, Outcome};
use crate::plan::Plan;
use crate::scopes::Scopes;
use crate::worker::{CpuWindow, Crew, Message, Workers, bug};

/// How many nodes are started before outcomes and the cancel signal are looked at again.
const TURN: usize = 128;

/// How to run a plan.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// Threads per lane, at least 1. The cpu lane's threads start with the first computation.
    pub workers: usize,
    /// What to do about failures and things that take long.
    pub rules: Rules,
    /// The io lane: a multi-threaded runtime. Without one the run starts its own with `workers` threads and leaves
    /// behind, unawaited, whatever tasks executors spawned there beyond their nodes.
    pub runtime: Option<Handle>,
    /// Where the run is written down. A node is handed to its executor only when its start is durable there. If the
    /// journal fails, the run is stopped, and only cleanup still starts.
    pub journal: Option<Journal>,
}

impl RunOptions {
    /// Failures stop nothing but their dependents, everything is tried once and may take as long as it likes; own runtime.
    pub fn new(workers: usize) -> Self {
        Self { workers, rules: Rules::default(), runtime: None, journal: None }
    }
}

/// What came of a run.
#[derive(Clone, Debug)]
pub struct RunReport {
    /// How each node ended.
    pub outcomes: DenseMap<NodeId, Outcome>,
    /// How many ended in each way.
    pub counts: Counts,
    /// From start to end.
    pub elapsed: Duration,
    /// How far the run was stopped, if it was; also by a failure ([`Rules::fail_fast`]), its time limit, or a journal that
    /// cannot be written.
    pub stopped: Option<CancelPhase>,
    /// Whether all of it, its end included, is durable in the journal, if there is one.
    pub journal: Result<(), JournalError>,
}

impl RunReport {
    /// Whether nothing went wrong, nothing was stopped, and the journal, if there is one, says so.
    pub fn is_success(&self) -> bool {
        let is_good = self.counts.failures() == 0 && self.counts.cancelled == 0 && self.stopped.is_none();
        is_good && self.journal.is_ok()
    }
}

/// Runs a plan to its end: every node has an outcome when this returns.
///
/// Blocks the calling thread, which does the scheduling; from async code call it through `spawn_blocking`. Executors see
/// a child scope of `cancel`. The run does not end before every started node has: one that ignores
/// [`CancelPhase::Killing`] holds it up, because dropping it could leak what it owns.
///
/// # Errors
/// [`RunError`] if threads cannot be started; then nothing ran.
pub fn run<N, E: Execute<N>>(
    plan: &Plan<N>,
    executor: &Arc<E>,
    options: &RunOptions,
    cancel: &Cancel,
    emitter: &dyn Emitter,
) -> Result<RunReport, RunError> {
    let n_workers = options.workers.max(1);
    let (io, own) = match &options.runtime {
        Some(handle) => (handle.clone(), None),
        None => {
            let runtime = start_runtime(n_workers).map_err(RunError::IoLane)?;
            (runtime.handle().clone(), Some(runtime))
        }
    };
    let report = {
        let _context = io.enter();
        let (sender, replies) = unbounded();
        let scope = cancel.child_telling(sender.clone());
        let watcher = io.spawn({
            let (scope, sender) = (scope.clone(), sender.clone());
            async move {
                for phase in [CancelPhase::Stopping, CancelPhase::Killing] {
                    scope.reached(phase).await;
                    // The run may just have ended.
                    let _ = sender.send(Message::Wake);
                }
            }
        });
        let window = CpuWindow::new(n_workers);
        let intents = Intents::new(options.journal.clone(), {
            let sender = sender.clone();
            move || drop(sender.send(Message::Wake))
        });
        let log = EventLog::with_journal(emitter, options.journal.clone());
        let coordinator = Coordinator {
            plan,
            executor,
            course: Course::new(plan, window.width(), options.rules.clone()),
            window,
            workers: Workers::new(io.clone(), n_workers, (sender, replies)),
            scopes: Scopes::new(scope, &options.rules.limits, log.began()),
            log,
            intents,
        };
        let report = coordinator.run();
        watcher.abort();
        report
    };
    if let Some(runtime) = own {
        runtime.shutdown_background();
    }
    Ok(report)
}

fn start_runtime(n_workers: usize) -> std::io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(n_workers).thread_name("io").enable_all().build()
}

struct Coordinator<'a, N, E, C> {
    plan: &'a Plan<N>,
    executor: &'a Arc<E>,
    course: Course,
    window: CpuWindow,
    workers: C,
    scopes: Scopes,
    log: EventLog<'a>,
    intents: Intents,
}

impl<N, E: Execute<N>, C: Crew> Coordinator<'_, N, E, C> {
    fn run(mut self) -> RunReport {
        self.log.emit(EventKind::RunStarted { nodes: self.plan.len() });
        self.follow_cancel();
        self.course.open(&mut self.log);
        while !self.course.is_done() {
            self.turn();
        }
        let counts = self.course.counts();
        let elapsed = self.log.look();
        let journal = self.log.end(counts);
        let stopped = Some(self.course.phase()).filter(|&phase| phase > CancelPhase::Running);
        let (counts, outcomes) = self.course.into_outcomes();
        RunReport { outcomes, counts, elapsed, stopped, journal }
    }

    /// Starts what can start and takes in what has ended; waits if there is nothing else to do.
    fn turn(&mut self) {
        self.log.look();
        self.course.tick(&mut self.log, |node, lease| self.scopes.last_heard(node, lease));
        self.give_orders();
        // In this order: what ends while it is executed makes others ready.
        let is_line_through = self.execute_some();
        let is_exhausted = self.start_some() && is_line_through;
        self.log.flush();
        self.workers.flush();
        let is_idle = is_exhausted && self.course.n_running() > 0;
        self.receive(is_idle);
        self.follow_cancel();
        self.course.break_stall(&mut self.log);
    }

    /// Takes in what has arrived; if `is_idle`, sleeps until something does or an alarm goes off.
    fn receive(&mut self, is_idle: bool) {
        let mut next = if is_idle { self.sleep() } else { self.workers.hear() };
        self.log.look();
        // Not what arrives meanwhile: starting has its turn.
        let mut n_more = self.workers.n_waiting();
        while let Some(message) = next {
            match message {
                Message::Ended(node, outcome) => self.end(node, outcome),
                Message::AllEnded(ended) => ended.into_iter().for_each(|(node, outcome)| self.end(node, outcome)),
                Message::Throttled(node) => self.course.throttled(node, &mut self.log),
                Message::Wake => {}
            }
            next = if n_more > 0 { self.workers.hear() } else { None };
            n_more = n_more.saturating_sub(1);
        }
    }

    fn sleep(&self) -> Option<Message> {
        let until = self.course.next_alarm().and_then(|at| self.log.instant(at));
        self.workers.wait(until, self.intents.is_crowd())
    }

    /// Starts up to a turn's worth of nodes. Returns whether no more can start for now.
    fn start_some(&mut self) -> bool {
        for _ in 0..TURN {
            match self.course.next(&mut self.log) {
                Some(start) => self.start(start),
                None => return true,
            }
        }
        false
    }

    fn start(&mut self, start: Start) {
        let cancel = self.scopes.enter(start);
        match self.log.position() {
            Some(position) if !self.intents.is_dead() => self.intents.push(position, start.node, cancel),
            _ => self.execute(start.node, cancel),
        }
    }

    /// Executes up to a turn's worth of the nodes whose start is durable by now. Returns whether there are no more for
    /// now.
    fn execute_some(&mut self) -> bool {
        match self.intents.look() {
            true => self.scopes.raise(Concern::Run, CancelPhase::Stopping),
            false if self.intents.is_empty() => return true,
            false => {}
        }
        // What was stopped before it was durable must not start.
        self.follow_cancel();
        for _ in 0..TURN {
            for node in self.intents.withdraw(|node| self.course.is_cleanup(node)) {
                self.end(node, Outcome::Cancelled);
            }
            match self.intents.pop() {
                Some((node, cancel)) => self.execute(node, cancel),
                None => return true,
            }
        }
        false
    }

    fn execute(&mut self, node: NodeId, cancel: Cancel) {
        self.course.begin(node, self.log.now());
        match catch_unwind(AssertUnwindSafe(|| self.executor.execute(self.plan, node, cancel))) {
            Ok(Work::Done(outcome)) => {
                self.log.look();
                self.end(node, outcome);
            }
            Ok(Work::Future(future)) => self.workers.push_future(node, future),
            Ok(Work::Compute(computation)) => self.workers.push_computation(node, computation),
            Err(panic) => self.end(node, bug(panic)),
        }
    }

    fn end(&mut self, node: NodeId, outcome: Outcome) {
        self.course.end(node, outcome, &mut self.log);
        self.give_orders();
        self.scopes.leave(node, self.plan.lease(node).filter(|&lease| self.course.is_over(lease)));
        if self.plan.lane(node) == Lane::Cpu
            && let Some(width) = self.window.count()
        {
            self.course.set_cpu_width(width);
        }
    }

    fn follow_cancel(&mut self) {
        let phase = self.scopes.phase();
        self.course.raise(phase, &mut self.log);
        self.give_orders();
    }

    fn give_orders(&mut self) {
        for (concern, phase) in self.course.take_orders() {
            self.scopes.raise(concern, phase);
            self.intents.doubt();
        }
    }
}

#[cfg(test)]
mod tests;
