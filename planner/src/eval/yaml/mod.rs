//! YAML: text to values and back, by the rules of go-cty-yaml, which are those of YAML 1.1 with exceptions.
//!
//! Text is cut into tokens, tokens are read as a tree, and scalars mean what their look says. All of it is our own: the
//! libraries there are read another dialect, tell other faults, or end in a panic on some texts.

mod collection;
mod cursor;
mod decode;
mod encode;
mod error;
mod node;
mod quoted;
mod resolve;
mod scalar;
mod scan;
mod tag;
mod time;
mod token;

pub(in crate::eval) use decode::decode;
pub(in crate::eval) use encode::encode;
pub(in crate::eval) use error::YamlError;
