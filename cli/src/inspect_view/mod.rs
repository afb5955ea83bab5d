//! What a template holds, as text: for `inspect`, and for `variables` at the console.

mod values;

pub use values::{locals, values};
