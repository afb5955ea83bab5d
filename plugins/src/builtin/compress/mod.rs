//! Post-processor `compress`: an artifact's files as one archive or one compressed file.

mod archive;
mod blocks;
mod encoder;
mod format;
mod output;
mod post_processor;
#[cfg(test)]
mod tests;

pub use post_processor::{Compress, FIELDS};
