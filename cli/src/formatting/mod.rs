//! Files brought into canonical layout: which ones are meant, what becomes of each, and how it is written back.

mod file;
mod find;
mod replace;

pub use file::{Outcome, Step, format_file, format_text};
pub use find::{Target, find};
