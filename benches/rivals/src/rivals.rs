//! The same layered graph in each scheduler's own terms. Building and running are timed apart.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ::dagx::{DagRunner, Task, TaskHandle};
use tokio::runtime::{Builder, Runtime};

const WIDTH: usize = 1000;
const WORKERS: usize = 2;

/// What building and running a graph took.
pub struct Cost {
    pub build: Duration,
    pub run: Duration,
}

type Measure = fn(usize) -> Cost;

/// Ours first: the others are compared with it.
pub const RIVALS: [(&str, Measure); 7] = [
    ("engine", |size| ours(size, || engine::Work::Done(engine::Outcome::Succeeded))),
    ("engine, futures", |size| ours(size, || engine::Work::future(async { engine::Outcome::Succeeded }))),
    ("dagrs", dagrs),
    ("dagx", dagx),
    ("fn_graph", fn_graph),
    ("tokio::spawn each", spawn_each),
    ("a bare loop", bare_loop),
];

/// The two nodes that `node` comes after, unless it is in the first layer.
fn inputs(node: usize) -> Option<[usize; 2]> {
    let above = node.checked_sub(WIDTH)?;
    Some([above, above - above % WIDTH + (above + 1) % WIDTH])
}

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build().expect("threads start")
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let began = Instant::now();
    let result = work();
    (result, began.elapsed())
}

struct Noop<F>(F);

impl<F: Fn() -> engine::Work + Send + Sync + 'static> engine::Execute<()> for Noop<F> {
    fn execute(self: &Arc<Self>, _: &engine::Plan<()>, _: engine::NodeId, _: engine::Cancel) -> engine::Work {
        (self.0)()
    }
}

fn ours(size: usize, work: impl Fn() -> engine::Work + Send + Sync + 'static) -> Cost {
    use engine::{Cancel, Edge, EdgeKind, GraphBuilder, Lane, NodeId, NodeSpec, NullEmitter, RunOptions};
    let (plan, build) = timed(|| {
        let mut graph = GraphBuilder::new();
        let slots = graph.pool("slots", Some(64));
        for node in 0..size {
            let lease = Some(graph.lease(vec![(slots, 1)]));
            let estimate = Duration::from_millis(node as u64 * 31 % 97);
            let to = graph.add(NodeSpec { node: (), lane: Lane::Io, lease, estimate });
            for from in inputs(node).into_iter().flatten().map(NodeId::from_index) {
                graph.connect(Edge { from, to, kind: EdgeKind::Order, label: None }).expect("both ends exist");
            }
        }
        graph.seal().expect("layers have no cycle")
    });
    let executor = Arc::new(Noop(work));
    let (report, run) =
        timed(|| engine::run(&plan, &executor, &RunOptions::new(WORKERS), &Cancel::new(), &NullEmitter));
    assert!(report.expect("threads start").is_success());
    Cost { build, run }
}

fn dagrs(size: usize) -> Cost {
    use dagrs::{Action, Content, DefaultNode, EnvVar, Graph, InChannels, Node, NodeTable, OutChannels, Output};

    struct Pass;

    #[async_trait::async_trait]
    impl Action for Pass {
        async fn run(&self, inputs: &mut InChannels, outputs: &mut OutChannels, _: Arc<EnvVar>) -> Output {
            inputs.map(|_| ()).await;
            outputs.broadcast(Content::new(())).await;
            Output::empty()
        }
    }

    let runtime = runtime();
    let _context = runtime.enter();
    let (mut graph, build) = timed(|| {
        let mut table = NodeTable::default();
        let mut graph = Graph::new();
        let mut ids = Vec::with_capacity(size);
        let mut targets = vec![Vec::new(); size];
        for node in 0..size {
            let made = DefaultNode::with_action(node.to_string(), Pass, &mut table);
            ids.push(made.id());
            graph.add_node(made).expect("names differ");
            inputs(node).into_iter().flatten().for_each(|from| targets[from].push(node));
        }
        for (from, targets) in targets.into_iter().enumerate().filter(|(_, targets)| !targets.is_empty()) {
            graph.add_edge(ids[from], targets.into_iter().map(|to| ids[to])).expect("both ends exist");
        }
        graph.set_env(EnvVar::new(table));
        graph
    });
    let (report, run) = timed(|| runtime.block_on(graph.async_start()));
    report.expect("the graph runs");
    Cost { build, run }
}

struct First;

#[dagx::task]
impl First {
    async fn run() -> u8 {
        0
    }
}

struct Second;

#[dagx::task]
impl Second {
    async fn run(_one: &u8, _other: &u8) -> u8 {
        0
    }
}

fn dagx(size: usize) -> Cost {
    let (graph, build) = timed(|| {
        let graph = DagRunner::new();
        let mut handles: Vec<TaskHandle<u8>> = Vec::with_capacity(size);
        for node in 0..size {
            let handle = match inputs(node) {
                None => graph.add_task(First).depends_on(()),
                Some([one, other]) => graph.add_task(Second).depends_on((&handles[one], &handles[other])),
            };
            handles.push(handle);
        }
        graph
    });
    let runtime = runtime();
    let (result, run) = timed(|| {
        runtime.block_on(graph.run(|task| {
            tokio::spawn(task);
        }))
    });
    result.expect("the graph runs");
    Cost { build, run }
}

/// The nodes that come after each, in one vector, and where those of a node begin; and what each still waits for.
struct Bare {
    starts: Vec<u32>,
    targets: Vec<u32>,
    n_open: Vec<u32>,
}

impl Bare {
    fn new(size: usize) -> Self {
        let mut starts = vec![0u32; size + 1];
        for from in (0..size).filter_map(inputs).flatten() {
            starts[from + 1] += 1;
        }
        for at in 0..size {
            starts[at + 1] += starts[at];
        }
        let mut next = starts.clone();
        let mut targets = vec![0; starts[size] as usize];
        let mut n_open = vec![0; size];
        for to in 0..size {
            for from in inputs(to).into_iter().flatten() {
                targets[next[from] as usize] = to as u32;
                next[from] += 1;
                n_open[to] += 1;
            }
        }
        Self { starts, targets, n_open }
    }

    fn targets(&self, node: u32) -> &[u32] {
        &self.targets[self.starts[node as usize] as usize..self.starts[node as usize + 1] as usize]
    }
}

/// A task per node, which starts those that have nothing left to wait for; no order, no limit, no outcome.
fn spawn_each(size: usize) -> Cost {
    use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

    struct Shared {
        bare: Bare,
        n_open: Vec<AtomicU32>,
        n_left: AtomicUsize,
        done: tokio::sync::Notify,
    }

    fn start(shared: Arc<Shared>, node: u32) {
        tokio::spawn(async move {
            for &to in shared.bare.targets(node) {
                if shared.n_open[to as usize].fetch_sub(1, Ordering::AcqRel) == 1 {
                    start(Arc::clone(&shared), to);
                }
            }
            if shared.n_left.fetch_sub(1, Ordering::AcqRel) == 1 {
                shared.done.notify_one();
            }
        });
    }

    let (shared, build) = timed(|| {
        let bare = Bare::new(size);
        let n_open = bare.n_open.iter().map(|&n| AtomicU32::new(n)).collect();
        Arc::new(Shared { bare, n_open, n_left: AtomicUsize::new(size), done: tokio::sync::Notify::new() })
    });
    let runtime = runtime();
    let ((), run) = timed(|| {
        runtime.block_on(async {
            for node in (0..size).filter(|&node| inputs(node).is_none()) {
                start(Arc::clone(&shared), node as u32);
            }
            shared.done.notified().await;
        });
    });
    Cost { build, run }
}

/// The limit: counters and a stack on one thread, nodes that are nothing at all.
fn bare_loop(size: usize) -> Cost {
    let (mut bare, build) = timed(|| Bare::new(size));
    let (n_ended, run) = timed(|| {
        let mut ready: Vec<u32> = (0..size as u32).rev().filter(|&node| bare.n_open[node as usize] == 0).collect();
        let mut n_ended = 0;
        while let Some(node) = ready.pop() {
            n_ended += 1;
            for at in bare.starts[node as usize]..bare.starts[node as usize + 1] {
                let to = bare.targets[at as usize];
                bare.n_open[to as usize] -= 1;
                if bare.n_open[to as usize] == 0 {
                    ready.push(to);
                }
            }
        }
        n_ended
    });
    assert_eq!(std::hint::black_box(n_ended), size);
    Cost { build, run }
}

fn fn_graph(size: usize) -> Cost {
    use ::fn_graph::{DataAccessDyn, FnGraphBuilder, TypeIds};

    struct Nothing;

    impl DataAccessDyn for Nothing {
        fn borrows(&self) -> TypeIds {
            TypeIds::new()
        }

        fn borrow_muts(&self) -> TypeIds {
            TypeIds::new()
        }
    }

    let (graph, build) = timed(|| {
        let mut graph = FnGraphBuilder::new();
        let mut ids = Vec::with_capacity(size);
        for node in 0..size {
            let to = graph.add_fn(Nothing);
            for from in inputs(node).into_iter().flatten() {
                graph.add_logic_edge(ids[from], to).expect("layers have no cycle");
            }
            ids.push(to);
        }
        graph.build()
    });
    let runtime = runtime();
    let ((), run) = timed(|| {
        runtime.block_on(async {
            graph.for_each_concurrent(64, |_| async {}).await;
        });
    });
    Cost { build, run }
}
