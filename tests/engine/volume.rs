//! Runs of many nodes, some of which fail, panic, take too long or are tried again: every one ends as it must, and what
//! the scheduling thread needs per node does not grow with their number.

use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use engine::journal::{Journal, Record, read};
use engine::{
    Cancel, Counts, Edge, EdgeKind, Execute, Failure, FailureClass, GraphBuilder, Lane, NodeId, NodeSpec, NullEmitter,
    Outcome, OutcomeKind, Plan, Retry, Rules, RunOptions, RunReport, TimeLimits, Work,
};

use crate::runs::hush;

/// What a node does; one in a hundred each that is not `Succeed`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Act {
    Succeed(Way),
    Fail,
    Panic,
    /// Waits to be told that it took too long.
    Hang,
    /// Fails once, then succeeds.
    Flake,
    /// Fails as often as it is tried.
    Flounder,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Done,
    Future,
    Compute,
}

impl Act {
    /// By a number that looks random and is always the same.
    fn of(node: usize) -> Self {
        let mixed = (node as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        match (mixed >> 33) % 100 {
            0 => Self::Fail,
            1 => Self::Panic,
            2 => Self::Hang,
            3 => Self::Flake,
            4 => Self::Flounder,
            n if n % 3 == 0 => Self::Succeed(Way::Done),
            n if n % 3 == 1 => Self::Succeed(Way::Future),
            _ => Self::Succeed(Way::Compute),
        }
    }

    fn end(self) -> OutcomeKind {
        match self {
            Self::Succeed(_) | Self::Flake => OutcomeKind::Succeeded,
            Self::Fail | Self::Flounder => OutcomeKind::Failed,
            Self::Panic => OutcomeKind::Bug,
            Self::Hang => OutcomeKind::TimedOut,
        }
    }
}

struct Acting {
    n_flakes: std::sync::Mutex<std::collections::BTreeSet<usize>>,
}

impl Execute<usize> for Acting {
    fn execute(self: &Arc<Self>, plan: &Plan<usize>, id: NodeId, cancel: Cancel) -> Work {
        let node = *plan.node(id);
        let may_pass = || Outcome::Failed(Failure::classed(FailureClass::Transient, "for now"));
        match Act::of(node) {
            Act::Succeed(Way::Done) => Work::Done(Outcome::Succeeded),
            Act::Succeed(Way::Future) => Work::future(async {
                tokio::task::yield_now().await;
                Outcome::Succeeded
            }),
            Act::Succeed(Way::Compute) => Work::compute(|| Outcome::Succeeded),
            Act::Fail => Work::Done(Outcome::Failed(Failure::new("scripted"))),
            Act::Panic => Work::compute(|| std::panic::panic_any("scripted")),
            Act::Hang => Work::future(async move {
                cancel.stopping().await;
                Outcome::Cancelled
            }),
            Act::Flake if !self.n_flakes.lock().unwrap().insert(node) => Work::Done(Outcome::Succeeded),
            Act::Flake | Act::Flounder => Work::Done(may_pass()),
        }
    }
}

/// Too long for a node: far longer than a busy machine makes one wait that does nothing.
const LONG: Duration = Duration::from_millis(100);

/// Groups of five that share a lease, as builds do: three in a row, one for when the second fails, one for afterwards;
/// and the first needs the end of the group before.
const GROUP: usize = 5;

fn plan(n_groups: usize) -> Plan<usize> {
    let mut graph = GraphBuilder::new();
    let slots = graph.pool("slots", Some(256));
    for group in 0..n_groups {
        let lease = Some(graph.lease(vec![(slots, 1)]));
        let nodes: Vec<NodeId> = (0..GROUP)
            .map(|at| {
                let node = group * GROUP + at;
                let lane = if Act::of(node) == Act::Succeed(Way::Compute) { Lane::Cpu } else { Lane::Io };
                graph.add(NodeSpec { node, lane, lease, estimate: Duration::from_millis(node as u64 % 97) })
            })
            .collect();
        let mut connect = |from, to, kind| graph.connect(Edge { from, to, kind, label: None }).unwrap();
        connect(nodes[0], nodes[1], EdgeKind::Order);
        connect(nodes[1], nodes[2], EdgeKind::Data("out"));
        connect(nodes[1], nodes[3], EdgeKind::OnFailure);
        connect(nodes[2], nodes[4], EdgeKind::Finally);
        if group >= 1000 {
            connect(NodeId::from_index((group - 1000) * GROUP + 4), nodes[0], EdgeKind::Finally);
        }
    }
    graph.seal().unwrap()
}

/// How a group must end, told without a scheduler.
fn ends(group: usize) -> [OutcomeKind; GROUP] {
    use OutcomeKind::{Skipped, Succeeded};
    let own = |at: usize| Act::of(group * GROUP + at).end();
    let first = own(0);
    let second = if first == Succeeded { own(1) } else { Skipped };
    let third = if second == Succeeded { own(2) } else { Skipped };
    let fourth = if second == Succeeded || second == Skipped { Skipped } else { own(3) };
    [first, second, third, fourth, own(4)]
}

fn run(plan: &Plan<usize>, journal: Option<Journal>) -> RunReport {
    let retry = Retry { attempts: 3, first: Duration::from_millis(1), cap: Duration::from_millis(1) };
    let limits = TimeLimits { node: Some(LONG), ..TimeLimits::NONE };
    let rules = Rules { retry, limits, ..Rules::default() };
    let options = RunOptions { rules, journal, ..RunOptions::new(2) };
    let acting = Arc::new(Acting { n_flakes: std::sync::Mutex::default() });
    engine::run(plan, &acting, &options, &Cancel::new(), &NullEmitter).unwrap()
}

/// Runs so many groups and checks each; returns the most bytes that the scheduling thread had at once, per node.
fn checked_run(n_groups: usize, journal: Option<Journal>) -> f64 {
    let plan = plan(n_groups);
    let mut report = None;
    let used = allocation_counter::measure(|| report = Some(run(&plan, journal)));
    let report = report.unwrap();
    let mut counts = Counts::default();
    for group in 0..n_groups {
        for (at, end) in ends(group).into_iter().enumerate() {
            let outcome = &report.outcomes[NodeId::from_index(group * GROUP + at)];
            assert_eq!(outcome.kind(), end, "node {at} of group {group}: {outcome}");
            counts.add(end);
        }
    }
    assert_eq!(report.counts, counts);
    assert!(counts.bugs > 0 && counts.timed_out > 0 && counts.failed > 0 && counts.skipped > 0);
    used.bytes_max as f64 / plan.len() as f64
}

#[test]
fn a_hundred_thousand_nodes_end_as_they_must_in_flat_memory() {
    hush();
    let (few, many) = (checked_run(2_000, None), checked_run(20_000, None));
    assert!(many < few * 1.25, "{few:.0} bytes per node became {many:.0}");
    assert!(many < 200.0, "{many:.0} bytes per node");
}

#[test]
fn a_journal_of_them_has_every_end_and_takes_no_memory_that_grows() {
    hush();
    let folder = tempfile::tempdir().unwrap();
    let path = |n_groups: usize| folder.path().join(n_groups.to_string());
    let [few, many] = [2_000, 20_000].map(|n_groups| {
        let journal = Journal::start(File::create_new(path(n_groups)).unwrap()).unwrap();
        checked_run(n_groups, Some(journal))
    });
    assert!(many < few * 1.25, "{few:.0} bytes per node became {many:.0}");
    for n_groups in [2_000, 20_000] {
        let mut ended = vec![None; n_groups * GROUP];
        for (_, record) in read(File::open(path(n_groups)).unwrap()).unwrap().records {
            if let Record::NodeEnded { node, outcome, .. } | Record::NodeSkipped { node, outcome, .. } = record {
                assert_eq!(ended[node.index()].replace(outcome), None, "{node:?} ends twice");
            }
        }
        let must: Vec<_> = (0..n_groups).flat_map(ends).map(Some).collect();
        assert!(ended == must, "the journal of {n_groups} groups says something else");
    }
}
