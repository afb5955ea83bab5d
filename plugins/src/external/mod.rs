//! Components in plugins of HashiCorp Packer: how they are started and what they say of themselves.

pub mod communicator;
pub mod cty;
pub mod fault;
pub mod gob;
pub mod greeting;
pub mod process;
pub mod spec;
mod stderr;
