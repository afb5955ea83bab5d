//! Lines typed at a console: their values, and what could be typed next. Reads no input and prints nothing.

mod complete;
mod line;

pub use complete::{Completion, complete};
pub use line::evaluate;
