//! What a durable journal costs per node: no-op nodes through the real run loop, priorities and limits on, two workers,
//! every start durable before the node is executed. The budget is 2 µs per node at 10⁵ and 10⁶ nodes on a disk that syncs in
//! about 0.1 ms.
//!
//! A commit is shared by the starts that gather while the one before it is made and right after it, so what a node costs
//! depends on how many slots there are: with 64 the disk decides (a 64th of a commit), with 512 and more the engine does.
//!
//! Run with `cargo bench -p engine --bench journal`; the journals lie in the folder given as an argument, or else in the
//! folder for temporary files, which must be on a disk for the numbers to mean something.

#![expect(clippy::print_stdout, reason = "a bench reports to its reader")]

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use engine::journal::{Journal, Storage, read};
use engine::{
    Cancel, Edge, EdgeKind, Execute, GraphBuilder, Lane, NodeId, NodeSpec, NullEmitter, Outcome, Plan, RunOptions, Work,
};

const WORKERS: usize = 2;
const N_RUNS: usize = 3;
const N_NODES: usize = 100_000;
const WIDTH: usize = 5_000;

struct Noop;

impl Execute<()> for Noop {
    fn execute(self: &Arc<Self>, _plan: &Plan<()>, _node: NodeId, _cancel: Cancel) -> Work {
        Work::Done(Outcome::Succeeded)
    }
}

/// Counts how often it is made durable; without a file, that costs nothing.
struct Counted {
    file: Option<File>,
    n_syncs: Arc<AtomicUsize>,
}

impl Storage for Counted {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), |file| Storage::write_all(file, bytes))
    }

    fn sync(&mut self) -> io::Result<()> {
        self.n_syncs.fetch_add(1, Ordering::Relaxed);
        self.file.as_mut().map_or(Ok(()), Storage::sync)
    }

    fn reserve(&mut self, n_bytes: u64) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), |file| file.reserve(n_bytes))
    }

    fn cut(&mut self, offset: u64) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), |file| file.cut(offset))
    }
}

/// Layers of `n_nodes` nodes in all, of which each needs two of the layer before it and one of `slots`.
fn plan(n_nodes: usize, slots: u32) -> Plan<()> {
    let mut graph = GraphBuilder::new();
    let pool = graph.pool("slots", Some(slots));
    for at in 0..n_nodes {
        let lease = Some(graph.lease(vec![(pool, 1)]));
        let estimate = Duration::from_millis((at as u64).wrapping_mul(2_654_435_761) % 1000);
        graph.add(NodeSpec { node: (), lane: Lane::Io, lease, estimate });
        if at >= WIDTH {
            let above = at - WIDTH;
            for from in [above, above - above % WIDTH + (above + 1) % WIDTH] {
                let (from, to) = (NodeId::from_index(from), NodeId::from_index(at));
                graph.connect(Edge { from, to, kind: EdgeKind::Order, label: None }).expect("both ends exist");
            }
        }
    }
    graph.seal().expect("layers have no cycle")
}

fn run(plan: &Plan<()>, journal: Option<Journal>) -> Duration {
    let options = RunOptions { journal, ..RunOptions::new(WORKERS) };
    let began = Instant::now();
    let report = engine::run(plan, &Arc::new(Noop), &options, &Cancel::new(), &NullEmitter);
    let took = began.elapsed();
    assert!(report.expect("threads start").is_success());
    took
}

fn measure(name: &str, plan: &Plan<()>, open: impl Fn() -> Option<Option<File>>) {
    let n_syncs = Arc::new(AtomicUsize::new(0));
    let mut times: Vec<Duration> = (0..N_RUNS)
        .map(|_| {
            let journal = open().map(|file| {
                Journal::start(Counted { file, n_syncs: Arc::clone(&n_syncs) }).expect("the header can be written")
            });
            run(plan, journal)
        })
        .collect();
    times.sort_unstable();
    let each = |time: Duration| time.as_nanos() as f64 / plan.len() as f64;
    println!(
        "{name:<28} {:>6.0} ns/node (best {:>5.0})   {:>6} commits",
        each(times[N_RUNS / 2]),
        each(times[0]),
        n_syncs.load(Ordering::Relaxed) / N_RUNS,
    );
}

/// What making one frame durable costs here: the middle of many.
fn measure_disk(path: &Path) {
    let mut file = File::create(path).expect("the folder takes files");
    file.reserve(1 << 20).expect("there is room");
    Storage::sync(&mut file).expect("it can be synced");
    let mut times: Vec<Duration> = (0..400)
        .map(|_| {
            let began = Instant::now();
            Storage::write_all(&mut file, &[1; 2000]).expect("there is room");
            Storage::sync(&mut file).expect("it can be synced");
            began.elapsed()
        })
        .collect();
    times.sort_unstable();
    println!("one commit of 2000 bytes: {:?} (best tenth {:?})", times[200], times[40]);
}

fn main() {
    let folder = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let path = folder.map_or_else(std::env::temp_dir, PathBuf::from).join("bench.journal");
    measure_disk(&path);
    for (n_nodes, slots) in [(N_NODES, 64), (N_NODES, 512), (N_NODES, 4096), (10 * N_NODES, 64)] {
        let plan = plan(n_nodes, slots);
        println!("{n_nodes} nodes in layers of {WIDTH}, {slots} slots");
        measure("  no journal", &plan, || None);
        measure("  journal that needs no disk", &plan, || Some(None));
        measure("  durable journal", &plan, || Some(Some(File::create(&path).expect("the folder takes files"))));
    }
    let size = std::fs::metadata(&path).expect("it was written").len();
    let began = Instant::now();
    let recording = read(File::open(&path).expect("it was written")).expect("it is good");
    let each = began.elapsed().as_nanos() as f64 / recording.records.len() as f64;
    println!("{} records, {size} bytes, read in {each:.0} ns each", recording.records.len());
    std::fs::remove_file(&path).expect("it was written");
}
