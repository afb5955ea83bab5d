//! The clients against services on this machine.

mod aws;
mod consul;
mod credentials;
mod server;
mod vault;
