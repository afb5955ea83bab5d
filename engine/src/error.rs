//! What can go wrong before a plan exists and before a run starts. After that there are only outcomes.

use crate::id::{LeaseId, NodeId, PoolId};

/// Why a graph is not a plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// An edge names a node that was never added.
    #[error("an edge names node {}, which is not in the graph", .0.index())]
    UnknownNode(NodeId),
    /// An edge leads from a node to itself.
    #[error("node {} depends on itself", .0.index())]
    SelfEdge(NodeId),
    /// Nodes wait for each other. The ids are one shortest such cycle: each node is needed by the next, the last by the
    /// first; the lowest id comes first.
    #[error("{} nodes depend on each other in a cycle", .0.len())]
    Cycle(Vec<NodeId>),
    /// A node names a lease that was never made.
    #[error("node {} names lease {}, which does not exist", .node.index(), .lease.index())]
    UnknownLease {
        /// The node.
        node: NodeId,
        /// The lease it names.
        lease: LeaseId,
    },
    /// A lease claims from a pool that was never made.
    #[error("lease {} claims from pool {}, which does not exist", .lease.index(), .pool.index())]
    UnknownPool {
        /// The lease.
        lease: LeaseId,
        /// The pool it names.
        pool: PoolId,
    },
    /// A lease claims more than there will ever be.
    #[error("a lease claims {claim} of \"{pool}\", which has a capacity of {capacity}")]
    ClaimTooLarge {
        /// The lease.
        lease: LeaseId,
        /// The pool's name.
        pool: String,
        /// What the lease claims.
        claim: u64,
        /// What the pool has.
        capacity: u32,
    },
}

/// Why a run could not start.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The threads of the io lane could not be started.
    #[error("cannot start the io lane")]
    IoLane(#[source] std::io::Error),
}
