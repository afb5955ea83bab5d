//! Machines for tests: [`local_machine`] does what it is told, in a folder of ours; [`scripted_machine`] only pretends.

mod cases;
pub(crate) mod local_machine;
pub(crate) mod scripted_machine;
