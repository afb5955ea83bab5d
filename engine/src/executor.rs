//! What a run asks of the code that knows what nodes mean. Implemented elsewhere.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use crate::cancel::Cancel;
use crate::id::NodeId;
use crate::outcome::Outcome;
use crate::plan::Plan;

/// Which threads a node mostly needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Lane {
    /// It waits for the world: as many as leases allow are in flight at once.
    #[default]
    Io,
    /// It computes: about as many as there are workers are in flight at once.
    Cpu,
}

/// A node's work as a future.
pub type NodeFuture = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// A node's work as a computation.
pub type NodeComputation = Box<dyn FnOnce() -> Outcome + Send>;

/// How a node is to be worked on.
pub enum Work {
    /// It is done already.
    Done(Outcome),
    /// To be awaited on the io lane, as a task of its own. It is never dropped before it ended.
    Future(NodeFuture),
    /// To be computed on the cpu lane. It may take as long as it likes; it should not wait for the world.
    Compute(NodeComputation),
}

impl Work {
    /// Work to be awaited.
    pub fn future(future: impl Future<Output = Outcome> + Send + 'static) -> Self {
        Self::Future(Box::pin(future))
    }

    /// Work to be computed.
    pub fn compute(computation: impl FnOnce() -> Outcome + Send + 'static) -> Self {
        Self::Compute(Box::new(computation))
    }
}

impl From<Outcome> for Work {
    fn from(outcome: Outcome) -> Self {
        Self::Done(outcome)
    }
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done(outcome) => f.debug_tuple("Done").field(outcome).finish(),
            Self::Future(_) => f.write_str("Future"),
            Self::Compute(_) => f.write_str("Compute"),
        }
    }
}

/// Runs nodes.
///
/// A node's inputs are found by its incoming edges; where outputs are kept is the executor's own affair.
pub trait Execute<N>: Send + Sync + 'static {
    /// Starts `node`, whose inputs have all ended.
    ///
    /// This is called on the thread that schedules, inside the io lane's runtime context, so it must return soon:
    /// look things up and hand back [`Work`] for anything that takes time. A node that is [`Work::Done`] at once costs
    /// no task and no thread switch. A panic, here or later, ends the node as [`Outcome::Bug`] and touches no other.
    ///
    /// `cancel` tells when to give up; answering [`Outcome::Cancelled`] then is usual. An executor may answer
    /// `Skipped(NotNeeded)`, but never `Skipped(Because(..))`: naming causes is the engine's work, and such an answer is
    /// taken for a bug.
    fn execute(self: &Arc<Self>, plan: &Plan<N>, node: NodeId, cancel: Cancel) -> Work;
}
