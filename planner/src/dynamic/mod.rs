//! `dynamic` blocks: templates for blocks, one for each element of a collection. Expansion makes a plain body of a body
//! that holds them, so that nothing that decodes bodies has to know of them.

mod budget;
mod expand;
mod fill;
mod parts;
mod spec;

pub use budget::Budget;
pub use expand::{expand, is_dynamic, shaped};
pub use parts::{Parts, own_body, references};
