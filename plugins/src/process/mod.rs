//! Child processes. The only room that starts any: each gets its own process group, a working directory and an
//! environment given by the caller, no standard input, and a kill ladder; and none outlives us, however we end.
//!
//! [`run`](mod@run) waits for one, [`start`] starts it, [`ladder`] ends it, [`fence`] and [`guard`] (with [`handover`]) end it when we cannot
//! any more, [`group`] ends what another run started, [`script`] writes files that can be started, [`sockets`] removes what plugins leave behind that die early.

#[cfg(target_os = "linux")]
mod census;
pub mod fence;
mod group;
pub mod guard;
mod handover;
mod invocation;
mod ladder;
mod run;
mod script;
mod sockets;
mod start;
#[cfg(target_os = "linux")]
mod tag;

#[cfg(target_os = "linux")]
pub use census::{is_extinct, started_at};
pub use fence::{Entrusted, Fence};
pub use group::end_group;
pub use invocation::{Invocation, ProcessError};
pub use run::{Keep, run, run_until_killed};
#[cfg(test)]
pub(crate) use script::starting;
pub use script::{Script, while_nothing_starts, write_script};
pub(crate) use sockets::{remove as remove_socket, sweep as sweep_sockets};

pub use start::find_in_path;

#[cfg(test)]
pub(crate) use run::tests;
