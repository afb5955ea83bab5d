//! The built-in components, one file or folder each, and what some of them share: [`steps`] and [`none_communicator`].

pub mod artifice;
pub mod breakpoint;
pub mod checksum;
pub mod compress;
pub mod file;
pub mod file_builder;
mod file_set;
#[cfg(test)]
pub(crate) mod fixtures;
pub mod hcp_packer_artifact;
pub mod hcp_packer_image;
pub mod hcp_packer_iteration;
pub mod hcp_packer_version;
pub mod hcp_sbom;
pub mod http_datasource;
pub mod manifest;
pub mod none_communicator;
pub mod null_builder;
pub mod null_datasource;
pub mod powershell;
pub mod provenance;
pub mod scripts;
pub mod shell;
pub mod shell_local;
pub mod sleep;
pub mod steps;
#[cfg(test)]
mod tests;
pub mod windows_restart;
pub mod windows_shell;
