//! `file`: files and folders to the machine, and from it.

mod config;
mod provisioner;
#[cfg(test)]
#[cfg(unix)]
mod tests;

pub use config::FIELDS;
pub use provisioner::FileProvisioner;
