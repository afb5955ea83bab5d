//! The coordinator among threads of a model: every lock, wait and wake-up is a place where any other thread may go on, and
//! many ways of that are tried. The coordinator, the course, the scopes and the log are the real ones; only the threads
//! and the way back from them are the model's. A wake-up that is lost shows as a deadlock.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use shuttle::sync::{Condvar, Mutex};

use self::written::Written;
use super::*;
use crate::edge::{Edge, EdgeKind};
use crate::event::RecordingEmitter;
use crate::executor::{NodeComputation, NodeFuture};
use crate::graph::{GraphBuilder, NodeSpec};
use crate::outcome::{Failure, FailureClass, OutcomeKind};
use crate::retry::Retry;
use crate::worker::caught;

mod written;

/// A queue that can be waited on.
struct Queue<T> {
    items: Mutex<(VecDeque<T>, bool)>,
    changed: Condvar,
}

impl<T> Queue<T> {
    fn new() -> Self {
        Self { items: Mutex::new((VecDeque::new(), false)), changed: Condvar::new() }
    }

    fn push(&self, item: T) {
        self.items.lock().unwrap().0.push_back(item);
        self.changed.notify_one();
    }

    fn close(&self) {
        self.items.lock().unwrap().1 = true;
        self.changed.notify_all();
    }

    /// The next item, or `None` if there will be none.
    fn pop(&self) -> Option<T> {
        let mut items = self.items.lock().unwrap();
        loop {
            match items.0.pop_front() {
                Some(item) => return Some(item),
                None if items.1 => return None,
                None => items = self.changed.wait(items).unwrap(),
            }
        }
    }

    fn try_pop(&self) -> Option<T> {
        self.items.lock().unwrap().0.pop_front()
    }

    fn len(&self) -> usize {
        self.items.lock().unwrap().0.len()
    }
}

type Job = (NodeId, NodeComputation);

struct Model {
    gathered: Vec<Job>,
    jobs: Arc<Queue<Job>>,
    messages: Arc<Queue<Message>>,
}

impl Crew for Model {
    fn push_future(&mut self, node: NodeId, _: NodeFuture) {
        panic!("node {} is a future, which the model does not run", node.index());
    }

    fn push_computation(&mut self, node: NodeId, computation: NodeComputation) {
        self.gathered.push((node, computation));
    }

    fn flush(&mut self) {
        self.gathered.drain(..).for_each(|job| self.jobs.push(job));
    }

    fn wait(&self, until: Option<Instant>, _: bool) -> Option<Message> {
        if until.is_none() {
            return self.messages.pop();
        }
        // Any moment may be the one that was waited for.
        shuttle::thread::yield_now();
        self.messages.try_pop()
    }

    fn hear(&self) -> Option<Message> {
        self.messages.try_pop()
    }

    fn n_waiting(&self) -> usize {
        self.messages.len()
    }
}

/// Does jobs, and answers for two together where there are two.
fn work(jobs: &Queue<Job>, messages: &Queue<Message>) {
    while let Some((node, job)) = jobs.pop() {
        let outcome = caught(job);
        match jobs.try_pop() {
            None => messages.push(Message::Ended(node, outcome)),
            Some((other, job)) => messages.push(Message::AllEnded(vec![(node, outcome), (other, caught(job))])),
        }
    }
}

/// What a node does.
#[derive(Clone, Copy)]
enum Act {
    Succeed,
    Fail,
    Panic,
    /// Fails the first time, for a reason that may pass.
    Flake(FailureClass),
    /// Succeeds once it is asked to end.
    Linger,
    /// Ends at once, on the thread that schedules.
    Done,
}

struct Acting {
    acts: Vec<Act>,
    n_tried: Vec<AtomicU32>,
    n_in_flight: Arc<AtomicU32>,
    n_slots: u32,
    written: Option<Arc<Written>>,
}

impl Execute<()> for Acting {
    fn execute(self: &Arc<Self>, _: &Plan<()>, node: NodeId, cancel: Cancel) -> Work {
        self.written.iter().for_each(|written| written.check(node));
        let (act, this) = (self.acts[node.index()], Arc::clone(self));
        if matches!(act, Act::Done) {
            return Work::Done(Outcome::Succeeded);
        }
        Work::compute(move || {
            let n_in_flight = this.n_in_flight.fetch_add(1, Ordering::SeqCst) + 1;
            assert!(n_in_flight <= this.n_slots, "more in flight than there are slots");
            shuttle::thread::yield_now();
            while matches!(act, Act::Linger) && !cancel.is_stopping() {
                shuttle::thread::yield_now();
            }
            let nth = this.n_tried[node.index()].fetch_add(1, Ordering::SeqCst);
            this.n_in_flight.fetch_sub(1, Ordering::SeqCst);
            match act {
                _ if cancel.is_killing() => Outcome::Cancelled,
                Act::Fail => Outcome::Failed(Failure::new("scripted")),
                Act::Panic => std::panic::panic_any("scripted"),
                Act::Flake(class) if nth == 0 => Outcome::Failed(Failure::classed(class, "for now")),
                Act::Succeed | Act::Linger | Act::Flake(_) | Act::Done => Outcome::Succeeded,
            }
        })
    }
}

const N_SLOTS: u32 = 2;

/// Eight nodes: a build of three with cleanup, two chains beside it that want its slot, and one that ends at once.
fn plan() -> Plan<()> {
    let mut graph = GraphBuilder::new();
    let slots = graph.quota("slots", N_SLOTS);
    let build = graph.lease(vec![(slots, 1)]);
    let mut leases = vec![Some(build); 4];
    leases.extend((0..3).map(|_| Some(graph.lease(vec![(slots, 1)]))));
    leases.push(None);
    let lane = |at| if at == 5 { Lane::Cpu } else { Lane::Io };
    for (at, lease) in leases.into_iter().enumerate() {
        graph.add(NodeSpec { node: (), lane: lane(at), lease, estimate: Duration::from_secs(1) });
    }
    let edges = [
        (0, 1, EdgeKind::Order),
        (1, 2, EdgeKind::OnFailure),
        (1, 3, EdgeKind::Finally),
        (2, 3, EdgeKind::Finally),
        (4, 5, EdgeKind::Order),
        (7, 6, EdgeKind::Finally),
    ];
    for (from, to, kind) in edges {
        let (from, to) = (NodeId::from_index(from), NodeId::from_index(to));
        graph.connect(Edge { from, to, kind, label: None }).expect("both ends exist");
    }
    graph.seal().expect("no cycle")
}

/// Runs the plan among two workers while somebody else stops it, if they do, and says what came of it.
fn run_modelled(acts: &[Act], rules: Rules, stops: &[CancelPhase]) -> RunReport {
    run_written(acts, rules, stops, None)
}

/// The same with a journal whose storage fails after so many frames.
fn run_written(acts: &[Act], rules: Rules, stops: &[CancelPhase], n_frames: Option<usize>) -> RunReport {
    let (jobs, messages) = (Arc::new(Queue::new()), Arc::new(Queue::new()));
    let cancel = Cancel::new();
    let workers: Vec<_> = (0..2)
        .map(|_| {
            let (jobs, messages) = (Arc::clone(&jobs), Arc::clone(&messages));
            shuttle::thread::spawn(move || work(&jobs, &messages))
        })
        .collect();
    let (stops, scope, mailbox) = (stops.to_vec(), cancel.clone(), Arc::clone(&messages));
    let stopper = shuttle::thread::spawn(move || {
        for phase in stops {
            shuttle::thread::yield_now();
            scope.raise(phase);
            shuttle::thread::yield_now();
            mailbox.push(Message::Wake);
        }
    });
    let (plan, emitter) = (plan(), RecordingEmitter::default());
    let written = n_frames.map(|n_frames| (n_frames, Written::new(plan.len())));
    let writer = written.clone().map(|(n_frames, written)| {
        let mailbox = Arc::clone(&messages);
        shuttle::thread::spawn(move || written.write(n_frames, &mailbox))
    });
    let written = written.map(|(_, written)| written);
    let executor = Arc::new(Acting {
        acts: acts.to_vec(),
        n_tried: acts.iter().map(|_| AtomicU32::new(0)).collect(),
        n_in_flight: Arc::default(),
        n_slots: N_SLOTS,
        written: written.clone(),
    });
    let log = EventLog::with_journal(&emitter, written.as_ref().map(|written| written.journal.clone()));
    let coordinator = Coordinator {
        plan: &plan,
        executor: &executor,
        course: Course::new(&plan, 1, rules.clone()),
        window: CpuWindow::new(1),
        workers: Model { gathered: Vec::new(), jobs: Arc::clone(&jobs), messages },
        scopes: Scopes::new(cancel.child(), &rules.limits, log.began()),
        log,
        intents: written.as_ref().map_or_else(|| Intents::new(None, || ()), Written::intents),
    };
    let report = run_to_the_end(coordinator);
    jobs.close();
    written.iter().for_each(|written| written.close());
    workers.into_iter().chain([stopper]).chain(writer).for_each(|thread| thread.join().unwrap());
    check_events(&plan, &emitter.take(), &report);
    report
}

/// As [`Coordinator::run`], but for the end of the journal, which is waited for with a real lock.
fn run_to_the_end(mut coordinator: Coordinator<'_, (), Acting, Model>) -> RunReport {
    coordinator.log.emit(EventKind::RunStarted { nodes: coordinator.plan.len() });
    coordinator.follow_cancel();
    coordinator.course.open(&mut coordinator.log);
    while !coordinator.course.is_done() {
        coordinator.turn();
    }
    let (elapsed, stopped) = (coordinator.log.look(), coordinator.course.phase());
    let stopped = Some(stopped).filter(|&phase| phase > CancelPhase::Running);
    let counts = coordinator.course.counts();
    let (counts, outcomes) = (counts, coordinator.course.into_outcomes().1);
    RunReport { outcomes, counts, elapsed, stopped, journal: Ok(()) }
}

/// Each node has one outcome, the reported one, and none ends that has not begun.
fn check_events(plan: &Plan<()>, events: &[crate::Event], report: &RunReport) {
    let mut ends: Vec<Vec<OutcomeKind>> = vec![Vec::new(); plan.len()];
    let mut is_running = vec![false; plan.len()];
    for event in events {
        match &event.kind {
            EventKind::NodeStarted { node, .. } => is_running[node.index()] = true,
            EventKind::NodeEnded { node, outcome } => {
                assert!(std::mem::take(&mut is_running[node.index()]), "{node:?} ends without running");
                ends[node.index()].push(outcome.kind());
            }
            EventKind::NodeSkipped { node, outcome } => {
                assert!(!is_running[node.index()], "{node:?} is skipped while it runs");
                ends[node.index()].push(outcome.kind());
            }
            _ => {}
        }
    }
    let reported: Vec<Vec<OutcomeKind>> = report.outcomes.values().iter().map(|outcome| vec![outcome.kind()]).collect();
    assert_eq!(ends, reported);
}

fn hush() {
    static HUSH: std::sync::Once = std::sync::Once::new();
    HUSH.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if panic.payload().downcast_ref::<&str>() != Some(&"scripted") {
                usual(panic);
            }
        }));
    });
}

/// Tries many interleavings, at random and such that few changes of thread decide.
fn explore(body: impl Fn(&[Act]) + Send + Sync + 'static) {
    hush();
    let body = Arc::new(body);
    for class in [FailureClass::Transient, FailureClass::Throttled] {
        let (body, again) = (Arc::clone(&body), Arc::clone(&body));
        shuttle::check_random(move || body(&acts(class)), 800);
        shuttle::check_pct(move || again(&acts(class)), 800, 3);
    }
}

fn acts(class: FailureClass) -> [Act; 8] {
    [Act::Succeed, Act::Fail, Act::Succeed, Act::Succeed, Act::Flake(class), Act::Succeed, Act::Panic, Act::Done]
}

fn tried(attempts: u32) -> Rules {
    let retry = Retry { attempts, first: Duration::ZERO, cap: Duration::ZERO };
    Rules { retry, ..Rules::default() }
}

#[test]
fn undisturbed_every_interleaving_ends_the_same() {
    use OutcomeKind::{Bug, Failed, Succeeded};
    explore(|acts| {
        let report = run_modelled(acts, tried(2), &[]);
        let kinds: Vec<OutcomeKind> = report.outcomes.values().iter().map(Outcome::kind).collect();
        assert_eq!(kinds, [Succeeded, Failed, Succeeded, Succeeded, Succeeded, Succeeded, Bug, Succeeded]);
    });
}

#[test]
fn a_stop_at_any_moment_leaves_cleanup_its_turn() {
    explore(|acts| {
        let report = run_modelled(acts, tried(2), &[CancelPhase::Stopping]);
        let outcomes = report.outcomes.values();
        assert!(outcomes[3].is_success(), "cleanup ran: {}", outcomes[3]);
        let has_failed = outcomes[1].is_failure();
        assert_eq!(outcomes[2].is_success(), has_failed, "what is for failures only: {}", outcomes[2]);
    });
}

#[test]
fn two_stops_at_any_moments_end_the_run() {
    explore(|acts| {
        let report = run_modelled(acts, tried(2), &[CancelPhase::Stopping, CancelPhase::Killing]);
        assert_eq!(report.counts.total(), 8);
    });
}

#[test]
fn a_failure_that_stops_the_run_meets_a_stop_from_outside() {
    explore(|acts| {
        let rules = Rules { fail_fast: true, ..tried(2) };
        let report = run_modelled(acts, rules, &[CancelPhase::Stopping]);
        assert!(report.stopped.is_some() && report.outcomes.values()[3].is_success());
    });
}

#[test]
fn nothing_starts_after_a_stop_that_was_seen() {
    explore(|acts| {
        let mut acts = acts.to_vec();
        acts[0] = Act::Linger;
        let report = run_modelled(&acts, tried(2), &[CancelPhase::Stopping]);
        let kinds: Vec<OutcomeKind> = report.outcomes.values()[..2].iter().map(Outcome::kind).collect();
        assert_eq!(kinds, [OutcomeKind::Succeeded, OutcomeKind::Cancelled]);
        assert_eq!(report.stopped, Some(CancelPhase::Stopping));
    });
}

#[test]
fn behind_a_journal_every_interleaving_ends_the_same_and_nothing_begins_unwritten() {
    use OutcomeKind::{Bug, Failed, Succeeded};
    explore(|acts| {
        let report = run_written(acts, tried(2), &[], Some(usize::MAX));
        let kinds: Vec<OutcomeKind> = report.outcomes.values().iter().map(Outcome::kind).collect();
        assert_eq!(kinds, [Succeeded, Failed, Succeeded, Succeeded, Succeeded, Succeeded, Bug, Succeeded]);
    });
}

#[test]
fn a_journal_that_fails_at_any_moment_stops_the_run_and_leaves_cleanup_its_turn() {
    for n_frames in 0..5 {
        explore(move |acts| {
            let report = run_written(acts, tried(2), &[], Some(n_frames));
            let outcomes = report.outcomes.values();
            assert!(outcomes[3].is_success(), "cleanup ran: {}", outcomes[3]);
            assert_eq!(report.counts.total(), 8);
        });
    }
}

#[test]
fn what_waits_for_the_journal_when_the_run_is_stopped_does_not_begin() {
    explore(|acts| {
        let report = run_written(acts, tried(2), &[CancelPhase::Stopping], Some(usize::MAX));
        let outcomes = report.outcomes.values();
        assert!(outcomes[3].is_success(), "cleanup ran: {}", outcomes[3]);
        assert_eq!(outcomes[2].is_success(), outcomes[1].is_failure(), "what is for failures only: {}", outcomes[2]);
    });
}
