//! Runs the nodes of a program with components: the only bridge between the engine and them.

pub mod adopt;
mod attempts;
pub mod build_run;
pub mod close;
pub(crate) mod configure;
mod decode;
pub mod dispatch;
pub(crate) mod interrupt;
pub(crate) mod named_machine;
pub mod open;
pub mod post_process;
pub mod prepare;
pub mod provision;
mod pulse;
mod record;
pub mod result;
mod revealing_ui;
pub mod shared;

pub use result::BuildResult;
pub use shared::{Executor, RunFacts};
