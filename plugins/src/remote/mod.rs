//! What components do on a machine through its communicator: [`command`] runs commands, with their output as [`lines`] of
//! the build or caught; [`transfer`] moves files and texts; [`patience`] tries again while a machine is not reachable.
//!
//! Errors say what was being done. Which build, provisioner and machine it was about is known to whoever called.

pub mod command;
pub mod lines;
pub mod patience;
pub mod transfer;

#[cfg(test)]
pub(crate) mod tests;
