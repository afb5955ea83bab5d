//! JSON text to a tree that keeps what templates written in it need: the place of every value and name, the order of
//! properties, repeated names, numbers as written. Knows nothing of what the values mean.

mod escape;
mod parse;
mod scan;
mod tree;

pub use escape::Offsets;
pub use parse::{parse, parse_partly};
pub use tree::{Kind, Node, Property};
