//! What a template holds, as text: for `inspect`, and for `variables` at the console.

mod builds;
mod legacy;
mod values;

pub use builds::builds;
pub use legacy::show_legacy;
pub use values::{locals, values};
