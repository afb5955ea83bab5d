//! Post-processor `manifest`: a JSON file that lists what was built.

mod carried;
mod file;
mod lock;
mod post_processor;

pub use carried::Carried;
pub use post_processor::{FIELDS, Manifest};
