//! What a template holds, as text: for `inspect`, and for `variables` at the console.

mod builds;
mod values;

pub use builds::builds;
pub use values::{locals, values};
