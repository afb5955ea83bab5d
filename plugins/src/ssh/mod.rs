//! The `ssh` communicator: machines reached over SSH.
//!
//! From the outside in: [`communicator`] carries out commands and transfers over a [`pool`] of connections, [`connection`]
//! makes one from [`settings`] ([`route`], [`algorithms`], [`authenticate`], [`client`]), [`tunnels`] stay open beside
//! them, [`channel`] is one session on a connection, and [`scp`] and [`sftp`] move files over such sessions. [`wait`] is
//! the step in which a builder waits for its machine. [`key_file`] and [`key_pair`] are where keys come from.

mod agent;
mod algorithms;
mod authenticate;
mod channel;
mod client;
mod command;
pub mod communicator;
mod connection;
mod fault;
mod key_file;
pub mod key_pair;
mod pool;
mod route;
mod scp;
pub mod settings;
mod sftp;
mod tree;
mod tunnels;
pub mod wait;

pub use algorithms::Algorithms;
pub use communicator::SshCommunicator;
pub use key_file::{KeyFault, load_certificate, load_key};
pub use key_pair::{KeyPair, KeyType};
pub use settings::{Credentials, Detour, Hop, Identity, Proxy, ProxyKind, Settings, Transfer, Tunnel};
