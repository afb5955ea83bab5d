//! Components in plugins of HashiCorp Packer: what they say of themselves.

pub mod spec;
