//! Untyped values to typed ones, strictly or weakly: what the reference's decoding library makes of a configuration, and
//! how it complains.
//!
//! Weakly, `"1"` is true, `5` is `"5"`, a single value is a list of one. Settings decoded one after the other into the same
//! place are laid over each other: maps entry by entry, lists item by item.

mod decoder;
mod fault;
mod scalar;
mod target;

pub use decoder::{Decoder, Settings};
pub use fault::Fault;
pub use target::{Field, Target};
