//! Regular expressions in Go's syntax (RE2), which is not quite that of the `regex` crate.
//!
//! A pattern is read by Go's grammar, so that exactly what Go refuses is refused, in Go's words, and then written out
//! again for the crate with nothing left implied: every class spelled out, every flag on what it applies to.

mod class;
mod compile;
mod error;
mod escape;
mod expand;
mod group;
mod node;
mod parse;
mod property;
mod write;

pub(in crate::eval) use compile::Pattern;
pub(in crate::eval) use error::PatternError;
pub(in crate::eval) use expand::expand;
