//! A plan for people: builds that look alike are shown once, as a tree, with the names of all of them.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write;
use std::sync::Arc;

use engine::{EdgeKind, NodeId};
use planner::estimate::Basis;
use planner::files::Files;
use planner::lower::{Build, Program};
use planner::node::{BuildId, Node};

use crate::duration::about;
use crate::plan_view::forecast::PlanNumbers;
use crate::plan_view::path::in_order;
use crate::plan_view::pools::{self, PoolRow};

/// Names listed under a group of builds unless details are wanted.
const N_LISTED: usize = 60;
const WIDTH: usize = 100;

/// Renders `program`; `argument` is the template as typed. With `detail` every node is listed under its build.
pub fn render(program: &Program, numbers: &PlanNumbers, files: &Files, argument: &str, detail: bool) -> String {
    let mut text = String::new();
    let needs = Needs::new(program);
    // Writing to a String cannot fail.
    let _ = writeln!(text, "Plan for {argument}\n");
    for (at, data) in program.template.data.iter().enumerate() {
        let n_readers = needs.readers(at);
        let _ = writeln!(text, "{}  ({}) → {}", data.reference(), files.place(data.header), plural(n_readers, "build"));
    }
    if !program.template.data.is_empty() {
        text.push('\n');
    }
    for group in groups(program, &needs) {
        write_group(&mut text, program, files, &needs, &group, detail);
    }
    write_numbers(&mut text, numbers);
    for PoolRow { name, capacity, builds, claimed } in pools::rows(program) {
        let _ = writeln!(text, "pool {name}: {capacity}, of which {} claim {claimed} in all", plural(builds, "build"));
    }
    text
}

/// Which data sources each build waits for, and which nodes it has.
struct Needs {
    data_of_build: Vec<BTreeSet<u32>>,
    nodes_of_build: Vec<Vec<NodeId>>,
}

impl Needs {
    fn new(program: &Program) -> Self {
        let mut data_of_build = vec![BTreeSet::new(); program.builds.len()];
        for edge in program.plan.edges() {
            let (from, to) = (program.plan.node(edge.from), program.plan.node(edge.to));
            if let (Node::Datasource(data), Some(build)) = (from, to.build()) {
                data_of_build[build.0 as usize].insert(*data);
            }
        }
        let mut nodes_of_build = vec![Vec::new(); program.builds.len()];
        for id in program.plan.ids() {
            if let Some(build) = program.plan.node(id).build() {
                nodes_of_build[build.0 as usize].push(id);
            }
        }
        Self { data_of_build, nodes_of_build }
    }

    fn readers(&self, data: usize) -> usize {
        self.data_of_build.iter().filter(|needed| needed.contains(&(data as u32))).count()
    }
}

/// Builds of one block that run the same components on the same inputs, in template order.
fn groups(program: &Program, needs: &Needs) -> Vec<Vec<BuildId>> {
    type Claims<'a> = &'a [(Arc<str>, u32)];
    type Shape<'a> = (u32, &'a str, &'a [u32], bool, &'a [Vec<(u32, u32)>], &'a BTreeSet<u32>, Claims<'a>);
    let mut at_shape: HashMap<Shape<'_>, usize> = HashMap::new();
    let mut groups: Vec<Vec<BuildId>> = Vec::new();
    for (at, build) in program.builds.iter().enumerate() {
        let shape = (
            build.block,
            &*build.kind,
            build.provisioners.as_slice(),
            build.error_cleanup,
            build.chains.as_slice(),
            &needs.data_of_build[at],
            build.claims.as_slice(),
        );
        let group = *at_shape.entry(shape).or_insert(groups.len());
        if group == groups.len() {
            groups.push(Vec::new());
        }
        groups[group].push(BuildId(at as u32));
    }
    groups
}

fn write_group(text: &mut String, program: &Program, files: &Files, needs: &Needs, group: &[BuildId], detail: bool) {
    let first = group[0];
    let build = program.build(first);
    let block = &program.block(first).block;
    let name = &program.block(first).name;
    let title = if name.is_empty() { "build".to_owned() } else { format!("build {name:?}") };
    let _ = writeln!(text, "{title}  ({})  {}", files.place(block.header), plural(group.len(), "build"));
    let needed = &needs.data_of_build[first.0 as usize];
    if !needed.is_empty() {
        let names: Vec<String> = needed.iter().map(|at| program.template.data[*at as usize].reference()).collect();
        let _ = writeln!(text, "  after {}", names.join(", "));
    }
    let _ = writeln!(text, "  {} builder", build.kind);
    if let Some(claims) = pools::claims_of(build) {
        let _ = writeln!(text, "  claims {claims}");
    }
    let steps = steps(program, first, build);
    for (at, (kind, what)) in steps.iter().enumerate() {
        let branch = if at + 1 == steps.len() { "└─" } else { "├─" };
        let _ = writeln!(text, "  {branch} {kind:<13} {what}");
    }
    if detail {
        for id in group {
            write_nodes(text, program, *id, &needs.nodes_of_build[id.0 as usize]);
        }
    } else {
        write_names(text, program, group);
    }
    text.push('\n');
}

/// What happens to a build, a line each.
fn steps(program: &Program, id: BuildId, build: &Build) -> Vec<(&'static str, String)> {
    let plan = program.block(id);
    let block = &plan.block;
    let mut steps = Vec::new();
    for at in &build.provisioners {
        let (inner, meta) = (&block.provisioners[*at as usize], &plan.provisioners[*at as usize]);
        steps.push(("provision", shown(&inner.kind.name, &meta.name)));
    }
    if let (true, Some(inner), Some(meta)) = (build.error_cleanup, &block.error_cleanup, &plan.error_cleanup) {
        steps.push(("on failure", shown(&inner.kind.name, &meta.name)));
    }
    for chain in &build.chains {
        let members = chain.iter().map(|(chain, at)| {
            let (chain, at) = (*chain as usize, *at as usize);
            shown(&block.chains[chain][at].kind.name, &plan.chains[chain][at].name)
        });
        steps.push(("post-process", members.collect::<Vec<_>>().join(" → ")));
    }
    steps
}

fn shown(kind: &str, label: &str) -> String {
    if label.is_empty() { kind.to_owned() } else { format!("{kind} {label:?}") }
}

/// Names in columns, as `ls` prints them.
fn write_names(text: &mut String, program: &Program, group: &[BuildId]) {
    let names: Vec<&str> = group.iter().take(N_LISTED).map(|id| &*program.build(*id).name).collect();
    let widest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0) + 2;
    let n_columns = (WIDTH.saturating_sub(4) / widest).max(1);
    let n_rows = names.len().div_ceil(n_columns);
    for row in 0..n_rows {
        let cells: Vec<String> =
            names.iter().skip(row).step_by(n_rows).map(|name| format!("{name:<widest$}")).collect();
        let _ = writeln!(text, "    {}", cells.concat().trim_end());
    }
    if group.len() > N_LISTED {
        let _ = writeln!(text, "    … and {} more (-detail lists all)", group.len() - N_LISTED);
    }
}

fn write_nodes(text: &mut String, program: &Program, id: BuildId, nodes: &[NodeId]) {
    let plan = &program.plan;
    let key = &program.build(id).key;
    let _ = writeln!(text, "    {key}");
    for node in nodes.iter().copied() {
        let own = short_key(program, key, node);
        let after: Vec<String> = plan.incoming(node).map(|edge| input(program, key, edge)).collect();
        let after = if after.is_empty() { String::new() } else { format!("  after {}", after.join(", ")) };
        let _ = writeln!(text, "      {own}{after}");
    }
}

/// A node's key without the name of the build it is listed under.
fn short_key(program: &Program, build: &str, node: NodeId) -> String {
    let key = program.key(*program.plan.node(node));
    key.strip_prefix(build).and_then(|rest| rest.strip_prefix('/')).unwrap_or(&key).to_owned()
}

fn input(program: &Program, build: &str, edge: &engine::Edge) -> String {
    let from = short_key(program, build, edge.from);
    let kind = match edge.kind {
        EdgeKind::Data(_) | EdgeKind::Order => "",
        EdgeKind::OnFailure => " if it fails",
        EdgeKind::Finally => " in any case",
    };
    let hook = edge.label.map(|hook| format!(" [{hook}]")).unwrap_or_default();
    format!("{from}{kind}{hook}")
}

fn write_numbers(text: &mut String, numbers: &PlanNumbers) {
    let kinds: Vec<String> = numbers.n_by_kind.iter().map(|(kind, n)| format!("{n} {kind}")).collect();
    let _ = writeln!(
        text,
        "{}, {} ({}), {}",
        plural(numbers.n_builds, "build"),
        plural(numbers.n_nodes, "node"),
        kinds.join(", "),
        plural(numbers.n_edges, "edge")
    );
    if numbers.critical_path.is_empty() {
        return;
    }
    let path = in_order(&numbers.critical_path);
    let _ = writeln!(text, "critical path, about {}: {path}", about(numbers.critical_duration));
    let _ = writeln!(
        text,
        "forecast with these limits: about {}, up to {} nodes at once (mean {:.1} without limits)",
        about(numbers.makespan),
        numbers.max_in_flight,
        numbers.mean_parallelism
    );
    let held_up = match &numbers.bottleneck {
        Some((pool, wait)) => format!("\"{pool}\" is the bottleneck, waited for about {}", about(*wait)),
        None => "no limit holds it up".to_owned(),
    };
    let _ = writeln!(text, "at best: about {}; {held_up}", about(numbers.lower_bound));
    let _ = writeln!(text, "estimates: {}", basis(numbers));
}

/// Where the estimates come from.
fn basis(numbers: &PlanNumbers) -> String {
    let Basis { measured, alike, .. } = numbers.basis;
    let n_nodes = numbers.n_nodes;
    match (measured, alike) {
        (0, 0) => "guesses by kind of node, as nothing was measured yet".to_owned(),
        (measured, 0) if measured == n_nodes => "all nodes were measured in earlier runs".to_owned(),
        (measured, 0) => format!("{measured} of {n_nodes} nodes were measured in earlier runs, the others are guesses"),
        (measured, alike) => format!(
            "{measured} of {n_nodes} nodes were measured in earlier runs, {alike} are taken to be like others, {} are \
             guesses",
            n_nodes - measured - alike
        ),
    }
}

fn plural(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}
