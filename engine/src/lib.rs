//! The graph and what runs it: nodes joined by typed edges, sealed into a [`Plan`], walked by a pure [`Frontier`] and
//! driven on two work-stealing lanes.
//!
//! Rooms, in reading order: [`id`], [`edge`], [`graph`] (with `cycle`), [`plan`] (with `topology`), [`outcome`],
//! [`frontier`], `pool`, `priority`, [`dispatch`], [`retry`], [`limit`] (with `overtime`), [`throttle`], `alarm`,
//! [`course`], [`sim`], [`timeline`], [`appraisal`], [`cancel`], [`event`], [`journal`], [`executor`], [`mod@run`] (with
//! `scopes` and `intents`), `worker`, `poll`, [`dot`], [`error`].
//!
//! This crate never knows what a node means, never prints, never reads the environment, and holds no global state.
//!
//! ```
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use engine::{
//!     Cancel, Edge, EdgeKind, Execute, GraphBuilder, Lane, NodeId, NodeSpec, NullEmitter, Outcome, Plan, RunOptions, Work,
//! };
//!
//! struct Greeter;
//!
//! impl Execute<&'static str> for Greeter {
//!     fn execute(self: &Arc<Self>, plan: &Plan<&'static str>, node: NodeId, _cancel: Cancel) -> Work {
//!         let name = *plan.node(node);
//!         Work::future(async move { if name.is_empty() { Outcome::Cancelled } else { Outcome::Succeeded } })
//!     }
//! }
//!
//! let mut graph = GraphBuilder::new();
//! let mut add = |node| graph.add(NodeSpec { node, lane: Lane::Io, lease: None, estimate: Duration::from_secs(1) });
//! let (first, second) = (add("first"), add("second"));
//! graph.connect(Edge { from: first, to: second, kind: EdgeKind::Order, label: None })?;
//! let plan = graph.seal()?;
//! assert_eq!(plan.critical_path(), [first, second]);
//!
//! let report = engine::run(&plan, &Arc::new(Greeter), &RunOptions::new(2), &Cancel::new(), &NullEmitter)?;
//! assert!(report.is_success());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod alarm;
pub mod appraisal;
pub mod cancel;
pub mod course;
mod cycle;
pub mod dispatch;
pub mod dot;
pub mod edge;
pub mod error;
pub mod event;
pub mod executor;
pub mod frontier;
pub mod graph;
pub mod id;
mod intents;
pub mod journal;
pub mod limit;
pub mod outcome;
mod overtime;
pub mod plan;
mod poll;
mod pool;
mod priority;
pub mod retry;
pub mod run;
mod scopes;
pub mod sim;
pub mod throttle;
pub mod timeline;
mod topology;
mod worker;

pub use appraisal::{Appraisal, Slots, appraise};
pub use cancel::{Cancel, CancelPhase};
pub use course::Rules;
pub use dispatch::Dispatch;
pub use edge::{Edge, EdgeKind};
pub use error::{GraphError, RunError};
pub use event::{ChannelEmitter, Emitter, Event, EventKind, FanOut, NullEmitter, RecordingEmitter, StrictEmitter};
pub use executor::{Execute, Lane, NodeComputation, NodeFuture, Work};
pub use frontier::{Frontier, NodeState};
pub use graph::{GraphBuilder, NodeSpec};
pub use id::{DenseId, DenseMap, EdgeId, LeaseId, NodeId, PoolId};
pub use journal::{Journal, JournalError};
pub use limit::{Concern, Limit, Overdue, TimeLimits};
pub use outcome::{Counts, Failure, FailureClass, Outcome, OutcomeKind, SkipCause};
pub use plan::{Plan, Pool};
pub use retry::Retry;
pub use run::{RunOptions, RunReport, run};
pub use sim::{Forecast, SimOptions, Slot, forecast, simulate};
pub use throttle::Throttling;
pub use timeline::Timeline;
