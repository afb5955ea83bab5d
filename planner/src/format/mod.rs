//! Text to the same text in canonical layout. Pure: any text in, text out; knows tokens and no grammar.
//!
//! The layout is the one that users of `packer fmt` know, byte for byte, for valid text and for any other. It is made
//! of white space alone: [`lines`] finds the cells of each line, [`spacing`] says which tokens stand apart, [`layout`]
//! indents lines and aligns cells by their [`width`].
//!
//! It differs from the reference where that would write two tokens so that they read as others (`a.0 .1` as `a.0.1`):
//! there a blank stays. So the tokens never change, and what was formatted once stays as it is.

mod layout;
mod lines;
mod spacing;
#[cfg(test)]
mod tests;
mod width;

pub use layout::{format, tokens};
