//! Components in plugins of HashiCorp Packer: how they are started and what they say of themselves.

pub mod artifact;
pub mod artifact_service;
pub mod binary;
pub mod builder;
pub mod communicator;
pub mod configs;
pub mod conversation;
pub mod cty;
pub mod datasource;
pub mod fault;
pub mod gob;
pub mod greeting;
pub mod hook;
pub mod hosting;
pub mod leaving;
mod line;
pub mod post_processor;
pub mod process;
pub mod provided;
pub mod provisioner;
pub mod schema_cache;
pub mod schemas;
pub mod served;
mod sockets;
pub mod spec;
mod stderr;
pub mod ui;

pub use provided::External;
