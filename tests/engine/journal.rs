//! Runs with a journal: nothing happens that is not durable before, whatever the storage does; and what the journal says
//! in the end is what happened.

use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use engine::journal::{Journal, JournalError, Record, Tail, read};
use engine::{
    Cancel, CancelPhase, Edge, EdgeKind, Event, EventKind, Execute, Failure, GraphBuilder, Lane, NodeId, NodeSpec,
    NullEmitter, Outcome, Plan, RecordingEmitter, RunOptions, RunReport, Work,
};
use proptest::prelude::*;

use crate::drawn::{Drawn, Ending, Way, drawn};
use crate::model::follow;
use crate::storages::{Fault, Faulty, Gated, Survivor};

/// Ends nodes as drawn, after it has looked whether they may start at all.
struct Careful {
    drawn: Drawn,
    survivor: Survivor,
}

impl Careful {
    fn is_cleanup(&self, node: usize) -> bool {
        let ends_here = self.drawn.edges.iter().filter(|edge| edge.1 == node);
        ends_here.map(|edge| edge.2).any(|kind| matches!(kind, EdgeKind::Finally | EdgeKind::OnFailure))
    }

    /// Cleanup may start without the journal once that is dead; it is dead when something written is not durable, and
    /// never will be, which cannot be told apart here from a sync that is going on.
    fn look(&self, node: NodeId) {
        let intent = Record::NodeStarted { node, attempt: 1 };
        assert!(
            self.is_cleanup(node.index()) || self.survivor.records().contains(&intent),
            "{node:?} starts and its intent is not durable"
        );
    }
}

impl Execute<usize> for Careful {
    fn execute(self: &Arc<Self>, plan: &Plan<usize>, id: NodeId, _cancel: Cancel) -> Work {
        self.look(id);
        let node = &self.drawn.nodes[*plan.node(id)];
        let outcome = node.ending.outcome();
        match node.way {
            Way::Done => Work::Done(outcome),
            Way::Compute => Work::compute(move || outcome),
            Way::Future { .. } => Work::future(async move { outcome }),
        }
    }
}

fn careful_run(drawn: &Drawn, fault: Fault, cancel: &Cancel) -> (RunReport, Vec<Event>, Survivor) {
    let (storage, survivor) = Faulty::new(fault);
    let journal = Journal::start(storage).unwrap();
    let executor = Arc::new(Careful { drawn: drawn.clone(), survivor: survivor.clone() });
    let emitter = RecordingEmitter::default();
    let options = RunOptions { journal: Some(journal), ..RunOptions::new(2) };
    let report = engine::run(&drawn.plan(), &executor, &options, cancel, &emitter).unwrap();
    let events = emitter.take();
    follow(drawn, &events);
    (report, events, survivor)
}

/// What the journal says beside what the events do, both without times.
fn told(record: &Record) -> Option<String> {
    let told = match record {
        Record::Note(_) => return None,
        Record::NodeStarted { node, attempt } => format!("{node:?} {attempt}"),
        Record::NodeRetried { node, attempt, delay, text } => format!("{node:?} {attempt} {delay:?} {text}"),
        Record::RunStarted { nodes } => format!("run of {nodes}"),
        Record::NodeEnded { node, outcome, text } => format!("{node:?} {outcome:?} {text}"),
        Record::NodeSkipped { node, outcome, because, text } => format!("{node:?} no {outcome:?} {because:?} {text}"),
        Record::PoolResized { pool, from, to } => format!("{pool:?} {from} {to}"),
        Record::TimeUp { of, limit, phase } => format!("{of:?} {limit:?} {phase:?}"),
        Record::StopRequested { phase } => format!("{phase:?}"),
        Record::RunEnded { counts } => format!("{counts:?}"),
    };
    Some(told)
}

fn happened(event: &Event) -> String {
    let text = |outcome: &Outcome| match outcome {
        Outcome::Failed(failure) | Outcome::TimedOut(failure) => failure.to_string(),
        Outcome::Bug(text) => text.clone(),
        _ => String::new(),
    };
    match &event.kind {
        EventKind::NodeStarted { node, attempt } => format!("{node:?} {attempt}"),
        EventKind::NodeRetried { node, attempt, delay, failure } => format!("{node:?} {attempt} {delay:?} {failure}"),
        EventKind::PoolResized { pool, from, to } => format!("{pool:?} {from} {to}"),
        EventKind::TimeUp { of, limit, phase } => format!("{of:?} {limit:?} {phase:?}"),
        EventKind::RunStarted { nodes } => format!("run of {nodes}"),
        EventKind::NodeEnded { node, outcome } => format!("{node:?} {:?} {}", outcome.kind(), text(outcome)),
        EventKind::NodeSkipped { node, outcome } => {
            let because = match outcome {
                Outcome::Skipped(engine::SkipCause::Because(node)) => Some(*node),
                _ => None,
            };
            format!("{node:?} no {:?} {because:?} {}", outcome.kind(), text(outcome))
        }
        EventKind::StopRequested { phase } => format!("{phase:?}"),
        EventKind::RunEnded { counts } => format!("{counts:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn a_journal_tells_what_happened_in_the_same_order(drawn in drawn(30)) {
        let (report, events, survivor) = careful_run(&drawn, Fault::Never, &Cancel::new());
        prop_assert!(report.journal.is_ok());
        let recording = survivor.durable();
        prop_assert_eq!(recording.tail, Tail::Clean);
        let told: Vec<String> = recording.records.iter().filter_map(|(_, record)| told(record)).collect();
        let happened: Vec<String> = events.iter().map(happened).collect();
        prop_assert_eq!(told, happened);
        let times: Vec<Duration> = recording.records.iter().map(|&(at, _)| at).collect();
        prop_assert!(times.is_sorted());
    }

    #[test]
    fn when_storage_fails_nothing_but_cleanup_starts_and_the_report_says_so(drawn in drawn(30), at in 1usize..12, is_write: bool) {
        let fault = if is_write { Fault::Write(at) } else { Fault::Sync(at) };
        let (report, events, survivor) = careful_run(&drawn, fault, &Cancel::new());
        let is_whole = matches!(survivor.records().last(), Some(Record::RunEnded { .. }));
        prop_assert_eq!(report.journal.is_ok(), is_whole);
        prop_assert!(is_whole || !report.is_success());
        let expected = if is_write { "cannot write the journal" } else { "cannot make the journal durable" };
        prop_assert!(report.journal.as_ref().err().is_none_or(|fault| fault.to_string().contains(expected)));
        // A start that is durable may have been withdrawn, but nobody else's end is.
        let n_told = survivor.records().iter().filter(|record| matches!(record, Record::NodeEnded { .. })).count();
        let n_ended = events.iter().filter(|event| matches!(event.kind, EventKind::NodeEnded { .. })).count();
        prop_assert!(n_told <= n_ended, "{n_told} of {n_ended}");
        prop_assert!(survivor.written().records.starts_with(&survivor.durable().records));
    }
}

/// Two machines with two steps each and a cleanup behind every one, and a third that fails.
fn estate() -> Drawn {
    let mut drawn = Drawn::chain(0);
    for machine in 0..3 {
        let base = machine * 4;
        for step in 0..4 {
            let mut node = Drawn::chain(1).nodes.remove(0);
            node.way = [Way::Future { n_yields: 1 }, Way::Done, Way::Compute, Way::Done][step];
            node.lane = if step == 2 { Lane::Cpu } else { Lane::Io };
            if machine == 2 && step == 1 {
                node.ending = Ending::Fail;
            }
            drawn.nodes.push(node);
        }
        drawn.edges.extend([(base, base + 1, EdgeKind::Order), (base + 1, base + 2, EdgeKind::Order)]);
        drawn.edges.extend((0..3).map(|step| (base + step, base + 3, EdgeKind::Finally)));
    }
    drawn
}

#[test]
fn at_every_write_and_every_sync_a_failure_is_seen_and_what_was_started_is_cleaned_up() {
    let drawn = estate();
    let (mut n_faults, mut n_whole) = (0, 0);
    for at in 1..40 {
        for fault in [Fault::Write(at), Fault::Sync(at)] {
            let (report, events, survivor) = careful_run(&drawn, fault, &Cancel::new());
            let started = |node: usize| {
                let is_it =
                    |event: &Event| matches!(event.kind, EventKind::NodeStarted { node: id, .. } if id.index() == node);
                events.iter().any(is_it)
            };
            for machine in 0..3 {
                assert!(!started(machine * 4) || started(machine * 4 + 3), "{fault:?}: {machine} is left alone");
            }
            match &report.journal {
                Ok(()) => {
                    n_whole += 1;
                    assert_eq!(report.counts.total(), 12);
                    assert!(matches!(survivor.records().last(), Some(Record::RunEnded { .. })));
                }
                Err(_) => {
                    n_faults += 1;
                    assert!(!report.is_success());
                    assert!(!survivor.records().iter().any(|record| matches!(record, Record::RunEnded { .. })));
                }
            }
        }
    }
    assert!(n_faults > 4 && n_whole > 4, "{n_faults} runs met the fault, {n_whole} ended before it");
}

#[test]
fn a_run_without_a_journal_and_one_with_end_alike() {
    let drawn = estate();
    let (with, _, _) = careful_run(&drawn, Fault::Never, &Cancel::new());
    assert_eq!((with.counts.succeeded, with.counts.failed, with.counts.skipped), (10, 1, 1));
    assert!(with.journal.is_ok() && with.stopped.is_none());
}

type Body = Box<dyn Fn(Cancel) -> Work + Send + Sync>;

struct Caller;

impl Execute<Body> for Caller {
    fn execute(self: &Arc<Self>, plan: &Plan<Body>, node: NodeId, cancel: Cancel) -> Work {
        plan.node(node)(cancel)
    }
}

fn plan(bodies: Vec<Body>, edges: &[(usize, usize, EdgeKind)]) -> Plan<Body> {
    let mut graph = GraphBuilder::new();
    for node in bodies {
        graph.add(NodeSpec { node, lane: Lane::Io, lease: None, estimate: Duration::ZERO });
    }
    for &(from, to, kind) in edges {
        let (from, to) = (NodeId::from_index(from), NodeId::from_index(to));
        graph.connect(Edge { from, to, kind, label: None }).unwrap();
    }
    graph.seal().unwrap()
}

fn run(plan: &Plan<Body>, journal: &Journal, cancel: &Cancel) -> RunReport {
    let options = RunOptions { journal: Some(journal.clone()), ..RunOptions::new(2) };
    engine::run(plan, &Arc::new(Caller), &options, cancel, &NullEmitter).unwrap()
}

/// More often than there are syncs; the last ones may find nobody.
fn let_go(go: &Sender<()>) {
    for _ in 0..20 {
        let _ = go.send(());
    }
}

fn succeeds() -> Body {
    Box::new(|_| Work::Done(Outcome::Succeeded))
}

#[test]
fn while_one_start_is_made_durable_others_go_on() {
    let (began, has_begun) = channel();
    let (go, may_go) = channel();
    let (storage, _) = Gated::new(began, may_go);
    let (worked, has_worked) = channel();
    let (start, may_start) = channel::<()>();
    let may_start = std::sync::Mutex::new(Some(may_start));
    // The first node is in flight, and works, while the start of what follows the second is in the making.
    let long: Body = Box::new(move |_| {
        let (worked, may_start) = (worked.clone(), may_start.lock().unwrap().take().unwrap());
        Work::future(async move {
            may_start.recv_timeout(Duration::from_secs(30)).unwrap();
            worked.send(()).unwrap();
            Outcome::Succeeded
        })
    });
    let plan = plan(vec![long, succeeds(), succeeds()], &[(1, 2, EdgeKind::Order)]);
    let report = std::thread::scope(|scope| {
        scope.spawn(move || {
            let wait =
                |receiver: &std::sync::mpsc::Receiver<()>| receiver.recv_timeout(Duration::from_secs(30)).unwrap();
            wait(&has_begun);
            go.send(()).unwrap();
            wait(&has_begun);
            start.send(()).unwrap();
            wait(&has_worked);
            let_go(&go);
        });
        run(&plan, &Journal::start(storage).unwrap(), &Cancel::new())
    });
    assert!(report.is_success(), "{report:?}");
}

#[test]
fn a_node_cancelled_while_its_start_is_made_durable_never_starts() {
    let (began, has_begun) = channel();
    let (go, may_go) = channel();
    let (storage, survivor) = Gated::new(began, may_go);
    let never: Body = Box::new(|_| panic!("it was cancelled"));
    let plan = plan(vec![never, succeeds()], &[(0, 1, EdgeKind::Finally)]);
    let cancel = Cancel::new();
    let outside = cancel.clone();
    let report = std::thread::scope(|scope| {
        scope.spawn(move || {
            has_begun.recv_timeout(Duration::from_secs(30)).unwrap();
            outside.raise(CancelPhase::Stopping);
            let_go(&go);
        });
        run(&plan, &Journal::start(storage).unwrap(), &cancel)
    });
    let ends: Vec<String> = report.outcomes.values().iter().map(Outcome::to_string).collect();
    assert_eq!(ends, ["cancelled", "succeeded"]);
    assert!(report.journal.is_ok());
    let node = NodeId::from_index(0);
    assert!(survivor.records().contains(&Record::NodeStarted { node, attempt: 1 }));
}

#[test]
fn a_first_failure_stops_those_whose_start_is_durable_but_who_have_not_started() {
    // One frame holds the starts of both.
    let (storage, _) = Faulty::new(Fault::Never);
    let fails: Body = Box::new(|_| Work::Done(Outcome::Failed(Failure::new("first"))));
    let never: Body = Box::new(|_| panic!("the run is over"));
    let plan = plan(vec![fails, never], &[]);
    let rules = engine::Rules { fail_fast: true, ..engine::Rules::default() };
    let journal = Some(Journal::start(storage).unwrap());
    let options = RunOptions { rules, journal, ..RunOptions::new(1) };
    let report = engine::run(&plan, &Arc::new(Caller), &options, &Cancel::new(), &NullEmitter).unwrap();
    let ends: Vec<String> = report.outcomes.values().iter().map(Outcome::to_string).collect();
    assert_eq!(ends, ["failed: first", "cancelled"]);
}

#[test]
fn notes_are_durable_when_they_are_said_to_be_and_keep_their_place() {
    let (storage, survivor) = Faulty::new(Fault::Never);
    let journal = Journal::start(storage).unwrap();
    let notes = journal.clone();
    let seen = survivor.clone();
    let body: Body = Box::new(move |_| {
        let (notes, seen) = (notes.clone(), seen.clone());
        Work::future(async move {
            let position = notes.note(b"a machine is about to exist");
            notes.durable(position).await.unwrap();
            let is_there = seen.records().contains(&Record::Note(b"a machine is about to exist".to_vec()));
            if is_there { Outcome::Succeeded } else { Outcome::Failed(Failure::new("not durable")) }
        })
    });
    assert!(run(&plan(vec![body], &[]), &journal, &Cancel::new()).is_success());
    let at = |wanted: fn(&Record) -> bool| survivor.records().iter().position(wanted).unwrap();
    let note = at(|record| matches!(record, Record::Note(_)));
    assert!(at(|record| matches!(record, Record::NodeStarted { .. })) < note);
    assert!(note < at(|record| matches!(record, Record::NodeEnded { .. })));
    journal.wait(journal.note(b"after the run")).unwrap();
    assert_eq!(survivor.records().last(), Some(&Record::Note(b"after the run".to_vec())));
}

#[test]
fn a_dead_journal_says_so_to_everybody_who_waits() {
    let (storage, _) = Faulty::new(Fault::Sync(1));
    let journal = Journal::start(storage).unwrap();
    assert!(journal.fault().is_none());
    let position = journal.note(b"lost");
    let fault = journal.wait(position).unwrap_err();
    assert_eq!(fault.to_string(), "cannot make the journal durable: input/output error");
    assert!(matches!(journal.fault(), Some(JournalError::Sync(_))));
    assert!(journal.wait(journal.note(b"as well")).is_err());
    let never: Body = Box::new(|_| panic!("there is no journal"));
    let report = run(&plan(vec![never, succeeds()], &[(0, 1, EdgeKind::Finally)]), &journal, &Cancel::new());
    let ends: Vec<String> = report.outcomes.values().iter().map(Outcome::to_string).collect();
    assert_eq!(ends, ["cancelled", "succeeded"]);
    assert_eq!(report.stopped, Some(CancelPhase::Stopping));
    assert!(report.journal.is_err() && !report.is_success());
}

#[test]
fn a_storage_without_room_for_a_header_gives_no_journal() {
    for fault in [Fault::Write(0), Fault::Sync(0)] {
        assert!(Journal::start(Faulty::new(fault).0).is_err());
    }
}

#[test]
fn a_storage_that_panics_is_a_dead_journal() {
    struct Bomb(usize);
    impl engine::journal::Storage for Bomb {
        fn write_all(&mut self, _bytes: &[u8]) -> std::io::Result<()> {
            self.0 += 1;
            if self.0 > 1 { std::panic::panic_any("scripted") } else { Ok(()) }
        }

        fn sync(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let journal = Journal::start(Bomb(0)).unwrap();
    assert!(matches!(journal.wait(journal.note(b"x")), Err(JournalError::WriterDied)));
}

#[test]
fn texts_of_failures_are_masked_and_no_longer_than_a_journal_takes() {
    let (storage, survivor) = Faulty::new(Fault::Never);
    let journal = Journal::start(storage).unwrap().masked(|text| text.replace("hunter2", "<sensitive>"));
    let fails = |text: String| -> Body { Box::new(move |_| Work::Done(Outcome::Failed(Failure::new(text.clone())))) };
    let long = format!("{}é", "x".repeat((64 << 10) - 1));
    run(&plan(vec![fails("the password is hunter2".into()), fails(long)], &[]), &journal, &Cancel::new());
    let texts: Vec<String> = survivor.records().into_iter().filter_map(text).collect();
    assert_eq!(texts, ["the password is <sensitive>".to_owned(), "x".repeat((64 << 10) - 1)]);
}

fn text(record: Record) -> Option<String> {
    if let Record::NodeEnded { text, .. } = record { Some(text) } else { None }
}

#[test]
fn a_file_is_read_while_it_grows_after_a_kill_and_after_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.journal");
    let open = || std::fs::File::options().read(true).write(true).create(true).truncate(false).open(&path).unwrap();
    let journal = Journal::start(open()).unwrap();
    // More than the room that is prepared first.
    let large = vec![7; 100_000];
    journal.wait(journal.note(&large)).unwrap();
    journal.wait(journal.note(b"second")).unwrap();
    let alive = read(open()).unwrap();
    assert_eq!((alive.records.len(), alive.tail), (2, Tail::Clean));
    assert!(alive.end < std::fs::metadata(&path).unwrap().len(), "room is prepared");
    // As a kill would leave it.
    let killed = folder.path().join("killed.journal");
    std::fs::copy(&path, &killed).unwrap();
    drop(journal);
    assert_eq!(std::fs::metadata(&path).unwrap().len(), alive.end, "room that was not used is given back");

    let file = std::fs::File::options().read(true).write(true).open(&killed).unwrap();
    let recording = read(&file).unwrap();
    assert_eq!(recording.records, alive.records);
    let journal = Journal::extend(file, &recording).unwrap();
    journal.wait(journal.note(b"taken up")).unwrap();
    drop(journal);
    let whole = read(std::fs::File::open(&killed).unwrap()).unwrap();
    assert_eq!(whole.records.len(), 3);
    assert_eq!(whole.records[2].1, Record::Note(b"taken up".to_vec()));
    assert!(whole.records[2].0 >= recording.records[1].0, "the clock goes on");
}
