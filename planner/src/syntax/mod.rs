//! Text to tree with spans. The only room that names the HCL parser; it knows no block types.

pub mod ast;
