//! What the engine itself costs per node: no-op nodes through the real run loop, priorities and limits on, two workers.
//! The budget is 0.5 µs per node at 10⁵ and 10⁶ nodes.
//!
//! Run with `cargo bench -p engine --bench dispatch`. Arguments, all optional and in this order: a number of nodes, to run
//! only that size; how often to run each plan; a word, to run only the shapes with it in their name.
//! `benches/callgrind.sh` counts instructions instead of time.

#![expect(clippy::print_stdout, reason = "a bench reports to its reader")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::{
    Cancel, ChannelEmitter, Edge, EdgeKind, Emitter, Execute, GraphBuilder, Lane, LeaseId, NodeId, NodeSpec,
    NullEmitter, Outcome, Plan, PoolId, RunOptions, Work,
};

use mimalloc::MiMalloc;

const WORKERS: usize = 2;

/// What the product uses.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// How a no-op is answered.
#[derive(Clone, Copy)]
enum Way {
    Done,
    Future,
    Compute,
}

struct Noop(Way);

impl Execute<()> for Noop {
    fn execute(self: &Arc<Self>, _plan: &Plan<()>, _node: NodeId, _cancel: Cancel) -> Work {
        match self.0 {
            Way::Done => Work::Done(Outcome::Succeeded),
            Way::Future => Work::future(async { Outcome::Succeeded }),
            Way::Compute => Work::compute(|| Outcome::Succeeded),
        }
    }
}

/// How many of a pool's units there are, if the nodes claim from one at all.
#[derive(Clone, Copy)]
enum Limit {
    None,
    /// Every node claims one unit.
    PerNode(u32),
    /// The nodes of a column claim one unit together, from the first to the last.
    PerColumn(u32),
}

/// Layers of `width` nodes; each node needs two of the layer before it (one, if columns are limited: a lease that waits
/// for its neighbour's would never end).
struct Shape {
    name: &'static str,
    width: usize,
    limit: Limit,
    way: Way,
    lane: Lane,
}

fn graph(shape: &Shape, n_nodes: usize) -> GraphBuilder<()> {
    let mut graph = GraphBuilder::new();
    let (capacity, is_column) = match shape.limit {
        Limit::None => (None, false),
        Limit::PerNode(capacity) => (Some(capacity), false),
        Limit::PerColumn(capacity) => (Some(capacity), true),
    };
    let pools: Vec<PoolId> = capacity.map(|capacity| graph.pool("slots", Some(capacity))).into_iter().collect();
    let width = shape.width.min(n_nodes);
    let mut columns: Vec<LeaseId> = Vec::new();
    for at in 0..n_nodes {
        let lease = pools.first().map(|&pool| {
            if is_column && at >= width {
                return columns[at % width];
            }
            let lease = graph.lease(vec![(pool, 1)]);
            columns.push(lease);
            lease
        });
        // Estimates that differ, so that priorities have something to sort.
        let estimate = Duration::from_millis((at as u64).wrapping_mul(2_654_435_761) % 1000);
        graph.add(NodeSpec { node: (), lane: shape.lane, lease, estimate });
        if at >= width {
            let above = at - width;
            let neighbour = above - above % width + (above + 1) % width;
            let n_inputs = if is_column || neighbour == above { 1 } else { 2 };
            for from in [above, neighbour].into_iter().take(n_inputs) {
                let (from, to) = (NodeId::from_index(from), NodeId::from_index(at));
                graph.connect(Edge { from, to, kind: EdgeKind::Order, label: None }).expect("both ends exist");
            }
        }
    }
    graph
}

fn measure(shape: &Shape, n_nodes: usize, n_runs: usize, emitter: &dyn Emitter) {
    let graph = graph(shape, n_nodes);
    let began = Instant::now();
    let plan = graph.seal().expect("layers have no cycle");
    let sealed = began.elapsed();
    let mut times: Vec<Duration> = (0..n_runs).map(|_| run(&plan, shape.way, emitter)).collect();
    times.sort_unstable();
    let each = |time: Duration| time.as_nanos() as f64 / n_nodes as f64;
    println!(
        "{:<44} {n_nodes:>9} nodes   run {:>6.0} ns/node (best {:>4.0})   seal {:>4.0} ns/node",
        shape.name,
        each(times[n_runs / 2]),
        each(times[0]),
        each(sealed),
    );
}

fn run(plan: &Plan<()>, way: Way, emitter: &dyn Emitter) -> Duration {
    let began = Instant::now();
    let report = engine::run(plan, &Arc::new(Noop(way)), &RunOptions::new(WORKERS), &Cancel::new(), emitter);
    let took = began.elapsed();
    assert!(report.expect("threads start").is_success());
    took
}

fn main() {
    // Cargo passes an option of its own.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let number = |at: usize| arguments.get(at).and_then(|argument| argument.parse::<usize>().ok());
    let sizes = number(0).map_or(vec![100_000, 1_000_000], |size| vec![size]);
    let n_runs = number(1).unwrap_or(3).max(1);
    let word = arguments.get(2).map_or("", String::as_str);
    let shape = |name, width, limit, way, lane| Shape { name, width, limit, way, lane };
    let shapes = [
        shape("layers of 1000, 64 slots", 1000, Limit::PerNode(64), Way::Done, Lane::Io),
        shape("layers of 1000, columns share 64 slots", 1000, Limit::PerColumn(64), Way::Done, Lane::Io),
        shape("layers of 1000, no limits", 1000, Limit::None, Way::Done, Lane::Io),
        shape("one layer, 64 slots", usize::MAX, Limit::PerNode(64), Way::Done, Lane::Io),
        shape("one chain, 64 slots", 1, Limit::PerNode(64), Way::Done, Lane::Io),
        shape("layers of 1000, cpu lane, 64 slots", 1000, Limit::PerNode(64), Way::Done, Lane::Cpu),
        shape("layers of 1000, 512 slots, futures", 1000, Limit::PerNode(512), Way::Future, Lane::Io),
        shape("layers of 1000, 512 slots, computations", 1000, Limit::PerNode(512), Way::Compute, Lane::Cpu),
    ];
    for &size in &sizes {
        for shape in shapes.iter().filter(|shape| shape.name.contains(word)) {
            measure(shape, size, n_runs, &NullEmitter);
        }
    }
    let shape = shape("events read, layers of 1000 in 64 slots", 1000, Limit::PerNode(64), Way::Done, Lane::Io);
    if !shape.name.contains(word) {
        return;
    }
    let (emitter, events) = ChannelEmitter::new();
    let reader = std::thread::spawn(move || events.iter().count());
    for &size in &sizes {
        measure(&shape, size, n_runs, &emitter);
    }
    drop(emitter);
    println!("{} events read", reader.join().expect("the reader does not panic"));
}
