//! Communicators across the border to plugins: lent to us, served by us, and one plugin's handed on to another.

mod deaths;
mod handing_on;
mod host;
mod lent;
mod memory_machine;
mod served;
