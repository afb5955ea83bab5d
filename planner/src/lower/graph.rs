//! Nodes and edges of a program. Hooks are edges, and carry the hook's name.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use engine::{Edge, EdgeKind, GraphBuilder, Lane, LeaseId, NodeId, NodeSpec, Plan, PoolId};

use crate::config::{BuildBlock, Template};
use crate::diagnostic::Diagnostics;
use crate::lower::builds::Expanded;
use crate::lower::pools::NamedPool;
use crate::lower::program::{BlockPlan, Build};
use crate::node::{ArtifactId, BuildId, ComponentUse, Node, PostProcessorId, ProvisionerId};
use crate::values::{Dependencies, Values};

/// From a builder's prepare to its open.
pub const HOOK_PRE_BUILD: &str = "packer_pre_build";
/// From open to the first provisioner.
pub const HOOK_PROVISION: &str = "packer_provision";
/// From a provisioner to the error-cleanup provisioner.
pub const HOOK_CLEANUP: &str = "packer_cleanup_provision";
/// From close to the first node of every chain.
pub const HOOK_POST_BUILD: &str = "packer_post_build";

/// How much may run at once; `None` is as much as there is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// `-parallel-builds`: builds between open and their last post-processor.
    pub parallel_builds: Option<u32>,
    /// `--max-parallel`: slots of all kinds; a build in flight counts one, as does a lone data source.
    pub max_parallel: Option<u32>,
    /// `--pool`: capacities of named pools, instead of what the template says; the last one of a pool counts.
    pub pools: Vec<(Arc<str>, u32)>,
}

/// How much of the work is put into the graph.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    #[default]
    Build,
    /// Data sources, and the checks of components: `validate -evaluate-datasources`.
    DataAndPrepare,
    /// The checks of components only; data stays unknown.
    Prepare,
}

/// How the checks of one build's components stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Checks {
    /// Each can fail on its own, and all faults are told.
    Apart,
    /// One after the other; the first fault is the only one. So it is with legacy templates.
    InOrder,
}

/// Builds and seals the graph of `builds` and the data sources at `pending`.
pub(crate) fn build_graph(
    template: &Template,
    values: &Values,
    expanded: &Expanded,
    pending: impl Iterator<Item = usize>,
    (limits, named, extent, checks): (&Limits, &[NamedPool], Extent, Checks),
    diags: &mut Diagnostics,
) -> Arc<Plan<Node>> {
    let mut graph = GraphBuilder::new();
    let pools = Pools {
        builds: graph.pool("builds", limits.parallel_builds),
        slots: graph.pool("slots", limits.max_parallel),
        named: named.iter().map(|pool| (pool.name.clone(), graph.quota(&pool.name, pool.capacity))).collect(),
    };
    let blocks = &expanded.blocks;
    let mut lowering =
        Lowering { template, blocks, values, checks, graph, pools, data: HashMap::new(), block_data: HashMap::new() };
    match extent {
        Extent::Build | Extent::DataAndPrepare => lowering.add_data(pending),
        Extent::Prepare => {
            pending.for_each(|at| _ = lowering.add(Node::PrepareData(at as u32), None));
        }
    }
    for (at, build) in expanded.builds.iter().enumerate() {
        lowering.add_build(BuildId(at as u32), build, extent);
    }
    match lowering.graph.seal() {
        Ok(plan) => Arc::new(plan),
        Err(error) => {
            // Cycles between definitions were reported before; nothing else can close a circle.
            diags.error("failed to prepare execution graph", error.to_string(), None);
            Arc::new(GraphBuilder::new().seal().expect("an empty graph has no cycle"))
        }
    }
}

struct Pools {
    builds: PoolId,
    slots: PoolId,
    named: HashMap<Arc<str>, PoolId>,
}

struct Lowering<'a> {
    template: &'a Template,
    blocks: &'a [BlockPlan],
    values: &'a Values,
    checks: Checks,
    graph: GraphBuilder<Node>,
    pools: Pools,
    data: HashMap<usize, NodeId>,
    /// Data needed by the components of each build block: the same for all its builds.
    block_data: HashMap<u32, Arc<BlockData>>,
}

/// Data sources needed by a block's components.
struct BlockData {
    provisioners: Vec<BTreeSet<usize>>,
    error_cleanup: BTreeSet<usize>,
    chains: Vec<Vec<BTreeSet<usize>>>,
}

impl Lowering<'_> {
    fn add_data(&mut self, pending: impl Iterator<Item = usize>) {
        let pending: Vec<usize> = pending.collect();
        for at in &pending {
            let lease = self.graph.lease(vec![(self.pools.slots, 1)]);
            let node = self.add(Node::Datasource(*at as u32), Some(lease));
            self.data.insert(*at, node);
        }
        for at in pending {
            let needed = self.values.dependencies().of_data(at).data.clone();
            let node = self.data[&at];
            self.needs_data(&needed, node);
        }
    }

    fn add_build(&mut self, id: BuildId, build: &Build, extent: Extent) {
        let prepare = self.add(Node::Prepare(id, ComponentUse::Builder), None);
        self.needs_data(&self.builder_data(build).data, prepare);
        let prepares = self.add_prepares(id, build);
        for other in &prepares {
            // The builder says which `build.*` values the others may refer to.
            self.connect(prepare, *other, EdgeKind::Data("generated"), None);
        }
        if self.checks == Checks::InOrder {
            for pair in prepares.windows(2) {
                self.connect(pair[0], pair[1], EdgeKind::Order, None);
            }
        }
        if extent != Extent::Build {
            return;
        }
        let own = [(self.pools.builds, 1), (self.pools.slots, 1)];
        let claims = build.claims.iter().map(|(name, claim)| (self.pools.named[name], *claim));
        let lease = Some(self.graph.lease(own.into_iter().chain(claims).collect()));
        let open = self.add(Node::BuilderOpen(id), lease);
        self.connect(prepare, open, EdgeKind::Data("prepared"), Some(HOOK_PRE_BUILD));
        for prepared in prepares {
            self.connect(prepared, open, EdgeKind::Order, None);
        }
        let close = self.add_provisioners(id, build, open, lease);
        self.add_post_processors(id, build, close, lease);
    }

    /// A machine is only started when everything that will be done to it has been checked.
    fn add_prepares(&mut self, id: BuildId, build: &Build) -> Vec<NodeId> {
        let needed = self.block_data(build.block);
        let mut prepares = Vec::new();
        for (nth, at) in build.provisioners.iter().enumerate() {
            let what = ComponentUse::Provisioner(ProvisionerId::Ordinary(nth as u32));
            prepares.push(self.add_prepare(id, what, &needed.provisioners[*at as usize]));
        }
        if build.error_cleanup {
            let what = ComponentUse::Provisioner(ProvisionerId::ErrorCleanup);
            prepares.push(self.add_prepare(id, what, &needed.error_cleanup));
        }
        for (chain, members) in build.chains.iter().enumerate() {
            for (position, (block_chain, block_at)) in members.iter().enumerate() {
                let at = PostProcessorId { chain: chain as u32, position: position as u32 };
                let data = &needed.chains[*block_chain as usize][*block_at as usize];
                prepares.push(self.add_prepare(id, ComponentUse::PostProcessor(at), data));
            }
        }
        prepares
    }

    fn add_prepare(&mut self, id: BuildId, what: ComponentUse, data: &BTreeSet<usize>) -> NodeId {
        let node = self.add(Node::Prepare(id, what), None);
        self.needs_data(data, node);
        node
    }

    fn add_provisioners(&mut self, id: BuildId, build: &Build, open: NodeId, lease: Option<LeaseId>) -> NodeId {
        let n_provisioners = build.provisioners.len() as u32;
        let nodes: Vec<NodeId> =
            (0..n_provisioners).map(|nth| self.add(Node::Provision(id, ProvisionerId::Ordinary(nth)), lease)).collect();
        let cleanup = build.error_cleanup.then(|| self.add(Node::Provision(id, ProvisionerId::ErrorCleanup), lease));
        let close = self.add(Node::BuilderClose(id), lease);
        if let Some(first) = nodes.first() {
            self.connect(open, *first, EdgeKind::Data("communicator"), Some(HOOK_PROVISION));
        }
        for pair in nodes.windows(2) {
            self.connect(pair[0], pair[1], EdgeKind::Order, None);
        }
        if let Some(cleanup) = cleanup {
            self.connect(open, cleanup, EdgeKind::Data("communicator"), None);
            for provision in &nodes {
                self.connect(*provision, cleanup, EdgeKind::OnFailure, Some(HOOK_CLEANUP));
            }
            self.connect(cleanup, close, EdgeKind::Finally, None);
        }
        self.connect(open, close, EdgeKind::Data("session"), None);
        if let Some(last) = nodes.last() {
            self.connect(*last, close, EdgeKind::Finally, None);
        }
        close
    }

    fn add_post_processors(&mut self, id: BuildId, build: &Build, close: NodeId, lease: Option<LeaseId>) {
        let mut last_of_chains = Vec::with_capacity(build.chains.len());
        let mut inner = Vec::new();
        for (chain, members) in build.chains.iter().enumerate() {
            let mut previous = close;
            for position in 0..members.len() {
                let at = PostProcessorId { chain: chain as u32, position: position as u32 };
                let node = self.add(Node::PostProcess(id, at), lease);
                let hook = (position == 0).then_some(HOOK_POST_BUILD);
                self.connect(previous, node, EdgeKind::Data("artifact"), hook);
                if position + 1 < members.len() {
                    inner.push((at, node));
                }
                previous = node;
            }
            last_of_chains.push(previous);
        }
        if last_of_chains.is_empty() {
            return;
        }
        // An artifact's files may be another's too, so nothing is destroyed while any chain can still read.
        let artifacts = inner.into_iter().map(|(at, node)| (ArtifactId::PostProcessor(at), node));
        for (artifact, made_by) in artifacts.chain([(ArtifactId::Builder, close)]) {
            let destroy = self.add(Node::Destroy(id, artifact), lease);
            self.connect(made_by, destroy, EdgeKind::Data("artifact"), None);
            for last in &last_of_chains {
                if *last != made_by {
                    self.connect(*last, destroy, EdgeKind::Finally, None);
                }
            }
        }
    }

    fn builder_data(&self, build: &Build) -> Dependencies {
        let dependencies = self.values.dependencies();
        let mut needed = dependencies.of_body(&self.template.sources[build.source as usize].body);
        if let Some(at) = build.use_at {
            let block = &self.blocks[build.block as usize].block;
            needed.extend(&dependencies.of_body(&block.source_uses[at as usize].body));
        }
        needed
    }

    fn block_data(&mut self, at: u32) -> Arc<BlockData> {
        let (blocks, values) = (self.blocks, self.values);
        let found =
            self.block_data.entry(at).or_insert_with(|| Arc::new(data_of_block(&blocks[at as usize].block, values)));
        found.clone()
    }

    fn needs_data(&mut self, data: &BTreeSet<usize>, consumer: NodeId) {
        for at in data {
            // Data that has already arrived has no node any more.
            if let Some(producer) = self.data.get(at).copied() {
                self.connect(producer, consumer, EdgeKind::Data("value"), None);
            }
        }
    }

    fn add(&mut self, node: Node, lease: Option<LeaseId>) -> NodeId {
        self.graph.add(NodeSpec { node, lane: Lane::Io, lease, estimate: prior(node) })
    }

    fn connect(&mut self, from: NodeId, to: NodeId, kind: EdgeKind, label: Option<&'static str>) {
        self.graph.connect(Edge { from, to, kind, label }).expect("both ends were added and differ");
    }
}

fn data_of_block(block: &BuildBlock, values: &Values) -> BlockData {
    let needed = |inner: &crate::config::ComponentBlock| {
        let dependencies = values.dependencies();
        let mut found = dependencies.of_body(&inner.body);
        for expr in inner.meta.expressions() {
            found.extend(&dependencies.of_expr(expr));
        }
        found.data
    };
    BlockData {
        provisioners: block.provisioners.iter().map(needed).collect(),
        error_cleanup: block.error_cleanup.as_ref().map(needed).unwrap_or_default(),
        chains: block.chains.iter().map(|chain| chain.iter().map(needed).collect()).collect(),
    }
}

/// How long a node of a kind takes when nothing is known: orders work until there is a history.
fn prior(node: Node) -> Duration {
    let seconds = match node {
        // What only runs after a failure is not planned for.
        Node::Provision(_, ProvisionerId::ErrorCleanup) => 0,
        Node::PrepareData(_) | Node::Prepare(..) | Node::Destroy(..) => 1,
        Node::Datasource(_) => 2,
        Node::BuilderOpen(_) => 60,
        Node::Provision(..) => 30,
        Node::BuilderClose(_) => 60,
        Node::PostProcess(..) => 20,
    };
    Duration::from_secs(seconds)
}
