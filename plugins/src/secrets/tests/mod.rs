//! The clients against services on this machine.

mod aws;
mod consul;
mod credentials;
mod keys;
pub(crate) mod server;
mod vault;
