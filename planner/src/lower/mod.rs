//! Configuration to graph: builds are expanded from their blocks, and every use of a component becomes nodes and edges.

pub mod analysis;
pub mod builds;
pub mod compile;
pub mod configure;
pub mod graph;
pub mod meta;
mod pools;
pub mod program;
pub mod reference;
mod structure;

pub use analysis::{Analysis, analyse};
pub use compile::{lower, lower_data};
pub use graph::{Extent, Limits};
pub use meta::{PostProcessorMeta, ProvisionerMeta};
pub use program::{BlockPlan, Build, Program};
