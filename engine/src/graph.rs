//! The graph while it is being made: add, connect, seal. With `cycle` the only file that names petgraph. Runs nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use petgraph::graph::{DiGraph, NodeIndex};

use crate::cycle::shortest_cycle;
use crate::edge::Edge;
use crate::error::GraphError;
use crate::executor::Lane;
use crate::id::{DenseMap, EdgeId, LeaseId, NodeId, PoolId};
use crate::plan::{Plan, Pool};
use crate::topology::{Leases, NodeFacts, Topology};

/// A node about to join a graph.
#[derive(Clone, Debug)]
pub struct NodeSpec<N> {
    /// What the executor will be given.
    pub node: N,
    /// Which threads it mostly needs.
    pub lane: Lane,
    /// The lease that must be held while it runs, if any.
    pub lease: Option<LeaseId>,
    /// How long it probably takes. Decides priorities and forecasts, nothing else.
    pub estimate: Duration,
}

/// A graph that can still grow. Nodes carry an `N`, which the engine never looks into.
#[derive(Debug)]
pub struct GraphBuilder<N> {
    graph: DiGraph<NodeSpec<N>, Edge, u32>,
    pools: DenseMap<PoolId, Pool>,
    claims: DenseMap<LeaseId, Vec<(PoolId, u32)>>,
}

impl<N> Default for GraphBuilder<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<N> GraphBuilder<N> {
    /// An empty graph.
    pub fn new() -> Self {
        Self {
            graph: DiGraph::default(),
            pools: DenseMap::from_values(Vec::new()),
            claims: DenseMap::from_values(Vec::new()),
        }
    }

    /// Makes a named capacity; `None` is unlimited. Names are for people: two pools may share one.
    pub fn pool(&mut self, name: &str, capacity: Option<u32>) -> PoolId {
        self.pools.push(Pool { name: name.to_owned(), capacity, is_quota: false })
    }

    /// Makes a named capacity that somebody else sets, a cloud's quota say: when nodes that claim from it are told that
    /// it is too much, it shrinks for a while. See [`crate::Throttling`].
    pub fn quota(&mut self, name: &str, capacity: u32) -> PoolId {
        self.pools.push(Pool { name: name.to_owned(), capacity: Some(capacity), is_quota: true })
    }

    /// Makes a lease: a share of each named pool, taken at once before the first of its nodes starts and given back when
    /// the last of them ended. Claims on the same pool add up. Checked by [`GraphBuilder::seal`].
    pub fn lease(&mut self, claims: Vec<(PoolId, u32)>) -> LeaseId {
        self.claims.push(claims)
    }

    /// Adds a node.
    pub fn add(&mut self, spec: NodeSpec<N>) -> NodeId {
        NodeId::from_index(self.graph.add_node(spec).index())
    }

    /// Adds an edge. Several edges between the same two nodes are fine.
    ///
    /// # Errors
    /// [`GraphError::UnknownNode`] and [`GraphError::SelfEdge`].
    pub fn connect(&mut self, edge: Edge) -> Result<EdgeId, GraphError> {
        for end in [edge.from, edge.to] {
            if end.index() >= self.graph.node_count() {
                return Err(GraphError::UnknownNode(end));
            }
        }
        if edge.from == edge.to {
            return Err(GraphError::SelfEdge(edge.from));
        }
        let (from, to) = (NodeIndex::new(edge.from.index()), NodeIndex::new(edge.to.index()));
        Ok(EdgeId::from_index(self.graph.add_edge(from, to, edge).index()))
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.graph.node_count()
    }

    /// Whether there are no nodes.
    pub fn is_empty(&self) -> bool {
        self.graph.node_count() == 0
    }

    /// A node added before.
    pub fn node(&self, id: NodeId) -> Option<&N> {
        self.graph.node_weight(NodeIndex::new(id.index())).map(|spec| &spec.node)
    }

    /// Turns the graph into a plan that can be run. Takes time linear in the size of the graph.
    ///
    /// # Errors
    /// [`GraphError::Cycle`] with one shortest cycle, or what is wrong with the first bad lease.
    pub fn seal(self) -> Result<Plan<N>, GraphError> {
        let leases = self.leases()?;
        let edges: Vec<Edge> = self.graph.raw_edges().iter().map(|edge| edge.weight).collect();
        let facts = self.graph.raw_nodes().iter().map(|node| NodeFacts {
            lane: node.weight.lane,
            lease: node.weight.lease,
            estimate: node.weight.estimate,
        });
        match Topology::new(facts.collect(), edges, self.pools, leases) {
            Some(topology) => {
                let (nodes, _) = self.graph.into_nodes_edges();
                Ok(Plan::new(nodes.into_iter().map(|node| node.weight.node).collect(), Arc::new(topology)))
            }
            None => Err(GraphError::Cycle(shortest_cycle(&self.graph))),
        }
    }

    /// Adds up each lease's claims, checks them against the pools, and lists its nodes.
    fn leases(&self) -> Result<Leases, GraphError> {
        let mut claims = Vec::with_capacity(self.claims.len());
        for (lease, wanted) in self.claims.iter() {
            claims.push(self.checked_claims(lease, wanted)?);
        }
        let mut members = vec![Vec::new(); claims.len()];
        for (index, node) in self.graph.raw_nodes().iter().enumerate() {
            if let Some(lease) = node.weight.lease {
                let node = NodeId::from_index(index);
                members.get_mut(lease.index()).ok_or(GraphError::UnknownLease { node, lease })?.push(node);
            }
        }
        Ok(Leases::new(claims, members, &self.pools))
    }

    fn checked_claims(&self, lease: LeaseId, wanted: &[(PoolId, u32)]) -> Result<Vec<(PoolId, u32)>, GraphError> {
        let mut sums = BTreeMap::<PoolId, u64>::new();
        for &(pool, claim) in wanted {
            *sums.entry(pool).or_default() += u64::from(claim);
        }
        let mut claims = Vec::with_capacity(sums.len());
        for (pool, claim) in sums {
            let Pool { name, capacity, .. } = self.pools.get(pool).ok_or(GraphError::UnknownPool { lease, pool })?;
            let most = capacity.unwrap_or(u32::MAX);
            match u32::try_from(claim).ok().filter(|&claim| claim <= most) {
                Some(claim) => claims.push((pool, claim)),
                None => return Err(GraphError::ClaimTooLarge { lease, pool: name.clone(), claim, capacity: most }),
            }
        }
        Ok(claims)
    }
}
