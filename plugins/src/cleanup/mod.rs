//! Removes what a run left in the world, from what its journal says of it. Knows no journal and asks nobody: who calls
//! has decided what is to go, and writes down that it went.
//!
//! [`method`] says how a resource is removed, [`providers`] which command of which tool does it for each provider,
//! [`local`] removes files and ends processes, [`carry_out`] does what a method says.

mod carry_out;
mod ending;
mod half_made;
mod local;
mod method;
mod providers;

pub use carry_out::{CleanupFault, Removed, World, carry_out};
pub use ending::{await_end, guard_at_work};
pub use half_made::remove_half_made;
pub use local::is_gone;
pub use method::{Method, Step};
