//! A sealed graph: acyclic, checked, ranked, cheap to share, impossible to change. Only a plan can be run.

use std::sync::Arc;
use std::time::Duration;

use crate::edge::Edge;
use crate::error::GraphError;
use crate::executor::Lane;
use crate::id::{DenseMap, EdgeId, LeaseId, NodeId, PoolId};
use crate::topology::{Leases, Topology};

/// A named capacity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// For people.
    pub name: String,
    /// How much there is; `None` is unlimited.
    pub capacity: Option<u32>,
    /// Whether somebody else sets the limit and may say that it is less just now: see [`crate::Throttling`].
    pub is_quota: bool,
}

/// A graph ready to run. Cloning shares it.
///
/// Ids passed in must come from this plan; others may panic.
#[derive(Debug)]
pub struct Plan<N> {
    nodes: Arc<Vec<N>>,
    topology: Arc<Topology>,
}

impl<N> Clone for Plan<N> {
    fn clone(&self) -> Self {
        Self { nodes: Arc::clone(&self.nodes), topology: Arc::clone(&self.topology) }
    }
}

impl<N> Plan<N> {
    pub(crate) fn new(nodes: Vec<N>, topology: Arc<Topology>) -> Self {
        Self { nodes: Arc::new(nodes), topology }
    }

    pub(crate) fn topology(&self) -> &Arc<Topology> {
        &self.topology
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are no nodes.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// A node's payload.
    pub fn node(&self, id: NodeId) -> &N {
        &self.nodes[id.index()]
    }

    /// All nodes, in the order they were added.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = NodeId> + ExactSizeIterator + use<N> {
        (0..self.nodes.len()).map(NodeId::from_index)
    }

    /// All edges, in the order they were added.
    pub fn edges(&self) -> &[Edge] {
        self.topology.edges.values()
    }

    /// An edge.
    pub fn edge(&self, id: EdgeId) -> &Edge {
        &self.topology.edges[id]
    }

    /// The edges that end at a node, in the order they were added.
    pub fn incoming(&self, id: NodeId) -> impl DoubleEndedIterator<Item = &Edge> + ExactSizeIterator {
        self.topology.incoming.row(id.index()).iter().map(|&edge| &self.topology.edges[edge])
    }

    /// The edges that begin at a node, in the order they were added.
    pub fn outgoing(&self, id: NodeId) -> impl DoubleEndedIterator<Item = &Edge> + ExactSizeIterator {
        self.topology.outgoing.row(id.index()).iter().map(|&edge| &self.topology.edges[edge])
    }

    /// All nodes, sources before targets, lower ids first where there is a choice.
    pub fn topological(&self) -> &[NodeId] {
        &self.topology.topological
    }

    /// How long a node probably takes.
    pub fn estimate(&self, id: NodeId) -> Duration {
        self.topology.facts[id].estimate
    }

    /// How long the longest way from the start of a node to the end of the plan probably takes: its priority.
    pub fn rank(&self, id: NodeId) -> Duration {
        Duration::from_nanos(self.topology.ranks[id])
    }

    /// The nodes of the longest way through the plan, in order; lower ids first where there is a choice.
    pub fn critical_path(&self) -> Vec<NodeId> {
        let first = |node: &NodeId| self.topology.priorities[*node];
        let mut path = Vec::new();
        let mut last = self.ids().filter(|&node| self.topology.n_inputs(node) == 0).min_by_key(first);
        while let Some(node) = last {
            path.push(node);
            last = self.topology.arrows(node).iter().map(|arrow| arrow.to).min_by_key(first);
        }
        path
    }

    /// The nodes by the number of edges on the longest way to them, each level in id order. The nodes of a level do not
    /// depend on each other.
    pub fn levels(&self) -> Vec<Vec<NodeId>> {
        let mut level_of = DenseMap::<NodeId, usize>::filled(0, self.len());
        for &node in self.topological() {
            let after = level_of[node] + 1;
            for arrow in self.topology.arrows(node) {
                level_of[arrow.to] = level_of[arrow.to].max(after);
            }
        }
        let n_levels = level_of.values().iter().max().map_or(0, |deepest| deepest + 1);
        let mut levels = vec![Vec::new(); n_levels];
        level_of.iter().for_each(|(node, &level)| levels[level].push(node));
        levels
    }

    /// The size of the largest level: how many nodes could be in flight at once if all took equally long.
    pub fn max_width(&self) -> usize {
        self.levels().iter().map(Vec::len).max().unwrap_or(0)
    }

    /// The same plan with other estimates, and priorities that follow from those.
    #[must_use]
    pub fn with_estimates(&self, estimate: impl Fn(NodeId) -> Duration) -> Self {
        let mut topology = Topology::clone(&self.topology);
        self.ids().for_each(|node| topology.facts[node].estimate = estimate(node));
        topology.rank();
        Self { nodes: Arc::clone(&self.nodes), topology: Arc::new(topology) }
    }

    /// The same plan with another capacity of a pool; `None` is unlimited.
    ///
    /// # Errors
    /// [`GraphError::ClaimTooLarge`] with the first lease that could never be had.
    pub fn with_capacity(&self, pool: PoolId, capacity: Option<u32>) -> Result<Self, GraphError> {
        let mut topology = Topology::clone(&self.topology);
        topology.pools[pool].capacity = capacity;
        let leases = &topology.leases;
        let most = capacity.unwrap_or(u32::MAX);
        for (lease, claims) in leases.claims.iter() {
            if let Some(&(_, claim)) = claims.iter().find(|&&(of, claim)| of == pool && claim > most) {
                let name = topology.pools[pool].name.clone();
                return Err(GraphError::ClaimTooLarge { lease, pool: name, claim: claim.into(), capacity: most });
            }
        }
        let (claims, members) = (leases.claims.values().to_vec(), leases.members.values().to_vec());
        topology.leases = Leases::new(claims, members, &topology.pools);
        topology.rank();
        Ok(Self { nodes: Arc::clone(&self.nodes), topology: Arc::new(topology) })
    }

    /// Which threads a node mostly needs.
    pub fn lane(&self, id: NodeId) -> Lane {
        self.topology.facts[id].lane
    }

    /// The lease a node needs.
    pub fn lease(&self, id: NodeId) -> Option<LeaseId> {
        self.topology.facts[id].lease
    }

    /// The pools, in the order they were made.
    pub fn pools(&self) -> &DenseMap<PoolId, Pool> {
        &self.topology.pools
    }

    /// How many leases there are.
    pub fn n_leases(&self) -> usize {
        self.topology.leases.claims.len()
    }

    /// What a lease claims: one entry per pool, ascending.
    pub fn claims(&self, lease: LeaseId) -> &[(PoolId, u32)] {
        &self.topology.leases.claims[lease]
    }

    /// The nodes that share a lease, ascending.
    pub fn members(&self, lease: LeaseId) -> &[NodeId] {
        &self.topology.leases.members[lease]
    }
}
