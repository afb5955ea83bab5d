//! `shell`: scripts on the machine, with a POSIX shell.

mod config;
mod provisioner;
mod run;
#[cfg(test)]
#[cfg(unix)]
mod tests;

pub use config::FIELDS;
pub use provisioner::Shell;
