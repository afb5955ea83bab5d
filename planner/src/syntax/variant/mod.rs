//! The language written in JSON: what its values mean as bodies and as expressions. [`crate::syntax::json`] knows the
//! notation, this room the meaning.

mod analysis;
mod body;
mod parse;

pub use body::{DYNAMIC, Role};
pub use parse::parse_json_body;
pub(super) use parse::read_json_body;
