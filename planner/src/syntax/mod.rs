//! Text to tree with spans. The only room that names the HCL parser; it knows no block types.
//!
//! `parse` holds the entry points. Valid text goes through `hcl::edit` and `lower`; text that it refuses goes through
//! `scan` and `explain`, which know why. `repair` hides from the parser what is valid and it cannot take, `shape` finds
//! the pieces in which long texts are parsed, and `reading` parses many files at once.

pub mod ast;
mod explain;
pub mod json;
mod lower;
mod origin;
mod outline;
pub mod parse;
mod reading;
mod refusal;
mod repair;
pub(crate) mod scan;
mod shape;
pub(crate) mod token;
mod unfinished;
mod variant;

pub use parse::{is_identifier, parse_body, parse_expression, parse_template};
pub use reading::{Syntax, parse_bodies};
pub use unfinished::{Standing, Unfinished, is_unfinished};
pub use variant::{DYNAMIC, Role, parse_json_body};
