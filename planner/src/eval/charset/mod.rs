//! Texts as bytes of other charsets, by the names that IANA registers.

mod coding;
mod east_asian;
mod names;
mod single_byte;

pub(in crate::eval) use names::Charset;
