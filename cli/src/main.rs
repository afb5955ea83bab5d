//! The `packer` binary.
fn main() {}
