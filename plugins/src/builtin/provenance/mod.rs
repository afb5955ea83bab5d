//! Post-processor `provenance`: attests how an artifact came about, and on request what is in it.

mod config;
mod git;
mod post_processor;
mod signing;
mod statement;
mod subject;
mod surroundings;
#[cfg(test)]
mod tests;
mod write;

pub use config::FIELDS;
pub use post_processor::Provenance;
