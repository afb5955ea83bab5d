//! How good schedules are: an estate of 1,260 nodes (40 base images, each with 1 to 11 children; every image is built,
//! tested and then copied up to six times; children are built when their base is tested) in virtual time, over 200 drawn
//! estates with log-normal durations. What is printed is makespan over lower bound, on average and at worst.
//!
//! Beside the engine's own order the same list scheduling with other orders, and stages with barriers between them. The
//! budgets are 1.02 at 32 slots and 1.05 at 64, and 1.05 and 1.08 with estimates that are wrong by a factor e^(0.7 z).
//!
//! Two lower bounds: the longest path or the work per slot, whichever is longer; and a sharper one. For any set of at
//! least P nodes, each of the P slots is idle before the first of them it runs for at least as long as what must come
//! before that node, and after the last for what must follow: so work, the P shortest such heads and the P shortest such
//! tails together fit into P makespans.
//!
//! Run with `cargo bench -p engine --bench estate`; give a number of estates to draw fewer. Ends with an error if a budget
//! is not kept.

#![expect(clippy::print_stdout, reason = "a bench reports to its reader")]

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::process::ExitCode;
use std::time::Duration;

use engine::{Edge, EdgeKind, GraphBuilder, Lane, NodeId, NodeSpec, NullEmitter, Outcome, Plan, SimOptions, simulate};

const N_NODES: usize = 1260;
const N_BASES: usize = 40;
const MAX_COPIES: u64 = 6;
/// Medians in minutes of building, testing and copying, and how much durations scatter.
const MEDIANS: [f64; 3] = [20.0, 5.0, 8.0];
const SCATTER: f64 = 0.8;
const ERROR: f64 = 0.7;
/// Slots with the most that makespan / lower bound may be on average, estimates right and wrong.
const BUDGETS: [(usize, f64, f64); 2] = [(32, 1.02, 1.05), (64, 1.05, 1.08)];

/// Numbers that look random and are always the same (splitmix64).
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    /// Between 0 and 1, neither of them.
    fn unit(&mut self) -> f64 {
        ((self.next() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    /// e^(scatter · z), z normally distributed.
    fn factor(&mut self, scatter: f64) -> f64 {
        let z = (-2.0 * self.unit().ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos();
        (scatter * z).exp()
    }
}

/// Nodes with durations in nanoseconds; each needs at most one other, which is lower.
struct Estate {
    durations: Vec<u64>,
    needs: Vec<Option<usize>>,
    /// Builds, tests and copies of bases, then of children.
    stages: Vec<usize>,
}

impl Estate {
    fn drawn(draw: &mut Draw) -> Self {
        let children: Vec<u64> = (0..N_BASES).map(|_| 1 + draw.below(11)).collect();
        let mut copies = n_copies(draw, N_BASES + children.iter().sum::<u64>() as usize).into_iter();
        let mut estate = Self { durations: Vec::new(), needs: Vec::new(), stages: Vec::new() };
        for n_children in children {
            let base = estate.image(draw, None, 0, copies.next());
            for _ in 0..n_children {
                estate.image(draw, Some(base), 3, copies.next());
            }
        }
        estate
    }

    /// Adds what an image takes and returns its test.
    fn image(&mut self, draw: &mut Draw, base: Option<usize>, stage: usize, n_copies: Option<u64>) -> usize {
        let build = self.node(draw, base, stage, 0);
        let test = self.node(draw, Some(build), stage, 1);
        for _ in 0..n_copies.unwrap_or(0) {
            self.node(draw, Some(test), stage, 2);
        }
        test
    }

    fn node(&mut self, draw: &mut Draw, needs: Option<usize>, stage: usize, kind: usize) -> usize {
        let minutes = MEDIANS[kind] * draw.factor(SCATTER);
        self.durations.push((minutes * 60e9) as u64);
        self.needs.push(needs);
        self.stages.push(stage + kind);
        self.durations.len() - 1
    }

    fn len(&self) -> usize {
        self.durations.len()
    }

    /// The longest path from the start of each node, if nodes take so long.
    fn ranks(&self, durations: &[u64]) -> Vec<u64> {
        let mut ranks = durations.to_vec();
        let mut after = vec![0; self.len()];
        for node in (0..self.len()).rev() {
            ranks[node] = durations[node] + after[node];
            if let Some(source) = self.needs[node] {
                after[source] = ranks[node].max(after[source]);
            }
        }
        ranks
    }

    /// What must come before each node.
    fn heads(&self) -> Vec<u64> {
        let mut heads = vec![0; self.len()];
        for node in 0..self.len() {
            heads[node] = self.needs[node].map_or(0, |source| heads[source] + self.durations[source]);
        }
        heads
    }

    fn plan(&self, estimates: &[u64], n_slots: usize) -> Plan<()> {
        let mut graph = GraphBuilder::new();
        let slots = graph.pool("slots", Some(n_slots as u32));
        for (&estimate, needs) in estimates.iter().zip(&self.needs) {
            let lease = Some(graph.lease(vec![(slots, 1)]));
            let estimate = Duration::from_nanos(estimate);
            let to = graph.add(NodeSpec { node: (), lane: Lane::Io, lease, estimate });
            if let Some(from) = needs.map(NodeId::from_index) {
                graph.connect(Edge { from, to, kind: EdgeKind::Order, label: None }).expect("both ends exist");
            }
        }
        graph.seal().expect("needs lead back")
    }

    /// The engine's makespan when it believes these estimates.
    fn by_engine(&self, estimates: &[u64], n_slots: usize) -> u64 {
        let script = |node: NodeId| (Duration::from_nanos(self.durations[node.index()]), Outcome::Succeeded);
        let forecast = simulate(&self.plan(estimates, n_slots), &SimOptions::new(1), &NullEmitter, script);
        assert_eq!(forecast.counts.succeeded, self.len());
        forecast.makespan.as_nanos() as u64
    }

    /// List scheduling of some nodes, the highest priority first; `None` is in the order in which they become ready.
    fn listed(&self, n_slots: usize, priorities: Option<&[u64]>, is_in: impl Fn(usize) -> bool) -> u64 {
        let mut n_seen = 0;
        let mut key = |node: usize| {
            n_seen += 1;
            (priorities.map_or(u64::MAX - n_seen, |priorities| priorities[node]), Reverse(node))
        };
        let mut followers = vec![Vec::new(); self.len()];
        let mut ready = BinaryHeap::new();
        for node in (0..self.len()).filter(|&node| is_in(node)) {
            match self.needs[node].filter(|&source| is_in(source)) {
                Some(source) => followers[source].push(node),
                None => ready.push(key(node)),
            }
        }
        let (mut running, mut now) = (BinaryHeap::new(), 0);
        loop {
            while running.len() < n_slots
                && let Some((_, Reverse(node))) = ready.pop()
            {
                running.push(Reverse((now + self.durations[node], node)));
            }
            let Some(&Reverse((next, _))) = running.peek() else { return now };
            now = next;
            while let Some(&Reverse((end, node))) = running.peek()
                && end == now
            {
                running.pop();
                followers[node].iter().for_each(|&node| ready.push(key(node)));
            }
        }
    }

    /// Stage after stage, the longest first in each.
    fn with_barriers(&self, n_slots: usize) -> u64 {
        (0..6).map(|stage| self.listed(n_slots, Some(&self.durations), |node| self.stages[node] == stage)).sum()
    }

    fn simple_bound(&self, n_slots: usize) -> u64 {
        let work: u64 = self.durations.iter().sum();
        let longest = self.ranks(&self.durations).into_iter().max().unwrap_or(0);
        longest.max(work.div_ceil(n_slots as u64))
    }

    fn sharp_bound(&self, n_slots: usize) -> u64 {
        let heads = self.heads();
        let ranks = self.ranks(&self.durations);
        let tails: Vec<u64> = ranks.iter().zip(&self.durations).map(|(rank, own)| rank - own).collect();
        let mut best = self.simple_bound(n_slots);
        for from in quantiles(&heads) {
            for to in quantiles(&tails) {
                let set: Vec<usize> =
                    (0..self.len()).filter(|&node| heads[node] >= from && tails[node] >= to).collect();
                if set.len() >= n_slots {
                    let work: u64 = set.iter().map(|&node| self.durations[node]).sum();
                    let ends = shortest(&heads, &set, n_slots) + shortest(&tails, &set, n_slots);
                    best = best.max((work + ends).div_ceil(n_slots as u64));
                }
            }
        }
        best
    }
}

/// Copies of each image, such that the estate has as many nodes as it should.
fn n_copies(draw: &mut Draw, n_images: usize) -> Vec<u64> {
    let mut copies: Vec<u64> = (0..n_images).map(|_| draw.below(MAX_COPIES + 1)).collect();
    let wanted = (N_NODES - 2 * n_images) as u64;
    while copies.iter().sum::<u64>() != wanted {
        let is_short = copies.iter().sum::<u64>() < wanted;
        let copies = &mut copies[draw.below(n_images as u64) as usize];
        *copies = if is_short { (*copies + 1).min(MAX_COPIES) } else { copies.saturating_sub(1) };
    }
    copies
}

/// Sixteen values, from the smallest up.
fn quantiles(values: &[u64]) -> Vec<u64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let mut quantiles: Vec<u64> = (0..16).map(|at| sorted[at * sorted.len() / 16]).collect();
    quantiles.dedup();
    quantiles
}

/// The sum of the `n` smallest values of a set.
fn shortest(values: &[u64], set: &[usize], n: usize) -> u64 {
    let mut chosen: Vec<u64> = set.iter().map(|&node| values[node]).collect();
    chosen.sort_unstable();
    chosen[..n].iter().sum()
}

/// Ratios of one way of scheduling over all estates.
#[derive(Clone)]
struct Row {
    name: &'static str,
    ratios: Vec<f64>,
    sharp_ratios: Vec<f64>,
}

impl Row {
    fn mean(values: &[f64]) -> f64 {
        values.iter().sum::<f64>() / values.len() as f64
    }

    fn print(&self) {
        let (mean, sharp) = (Self::mean(&self.ratios), Self::mean(&self.sharp_ratios));
        let worst = |ratios: &[f64]| ratios.iter().copied().fold(0.0, f64::max);
        let (worst, sharp_worst) = (worst(&self.ratios), worst(&self.sharp_ratios));
        println!(
            "  {:<34} {mean:>6.3} (at worst {worst:.3})   sharper bound: {sharp:>6.3} (at worst {sharp_worst:.3})",
            self.name
        );
    }
}

const NAMES: [&str; 6] = [
    "engine",
    "engine, estimates wrong by e^(0.7 z)",
    "engine, hops for estimates",
    "first in, first out",
    "random order",
    "barriers between stages",
];

fn makespans(estate: &Estate, n_slots: usize, draw: &mut Draw) -> [u64; 6] {
    let wrong: Vec<u64> =
        estate.durations.iter().map(|&duration| (duration as f64 * draw.factor(ERROR)) as u64).collect();
    let ranks = estate.ranks(&estate.durations);
    let random: Vec<u64> = (0..estate.len()).map(|_| draw.next()).collect();
    let by_engine = estate.by_engine(&estate.durations, n_slots);
    let all = |_| true;
    assert_eq!(by_engine, estate.listed(n_slots, Some(&ranks), all), "two ways to the same schedule");
    [
        by_engine,
        estate.by_engine(&wrong, n_slots),
        estate.by_engine(&vec![1; estate.len()], n_slots),
        estate.listed(n_slots, None, all),
        estate.listed(n_slots, Some(&random), all),
        estate.with_barriers(n_slots),
    ]
}

fn measure(n_estates: u64, n_slots: usize) -> Vec<Row> {
    let mut rows = NAMES.map(|name| Row { name, ratios: Vec::new(), sharp_ratios: Vec::new() }).to_vec();
    for seed in 0..n_estates {
        let mut draw = Draw(seed);
        let estate = Estate::drawn(&mut draw);
        assert_eq!(estate.len(), N_NODES);
        let (simple, sharp) = (estate.simple_bound(n_slots) as f64, estate.sharp_bound(n_slots) as f64);
        for (row, makespan) in rows.iter_mut().zip(makespans(&estate, n_slots, &mut draw)) {
            assert!(makespan as f64 >= sharp, "{}: shorter than possible", row.name);
            row.ratios.push(makespan as f64 / simple);
            row.sharp_ratios.push(makespan as f64 / sharp);
        }
    }
    rows
}

fn main() -> ExitCode {
    let n_estates = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(200);
    let mut is_kept = true;
    for (n_slots, right, wrong) in BUDGETS {
        println!("{N_NODES} nodes, {n_slots} slots, {n_estates} estates: makespan / lower bound");
        let rows = measure(n_estates, n_slots);
        rows.iter().for_each(Row::print);
        for (row, budget) in rows.iter().zip([right, wrong]) {
            let mean = Row::mean(&row.ratios);
            is_kept &= mean <= budget;
            println!("  budget of \"{}\": {budget}, {}", row.name, if mean <= budget { "kept" } else { "NOT KEPT" });
        }
    }
    if is_kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
