//! Provisioner `hcp-sbom`: a bill of materials of the machine, made there or found there, checked and kept.

mod command;
mod config;
mod guest;
mod provisioner;
mod scanner;
mod store;
#[cfg(test)]
mod tests;

pub use config::FIELDS;
pub use provisioner::HcpSbom;
