//! `shell-local`, provisioner and post-processor: scripts on the machine that Packer itself runs on.

mod config;
mod post_processor;
mod provisioner;
mod run;
#[cfg(test)]
#[cfg(unix)]
mod tests;

pub use config::FIELDS;
pub use post_processor::ShellLocalPostProcessor;
pub use provisioner::ShellLocalProvisioner;
