//! Plugins that are installed as binaries: where they lie and what they are called, which of them may be used, what they
//! say about themselves, how they get there and how they go.
//!
//! Rooms, in reading order: [`shelf`] (the folder, and what is asked of it), [`file_name`], [`target`], [`candidates`]
//! (files that might be plugins), [`examine`] (the checks, in order), [`loose`] (files that have no more than a name), [`refusal`], [`installation`] (one that passed),
//! [`checksum`], [`describe`], [`description_cache`], [`install`], [`remove`].

pub mod candidates;
pub mod checksum;
pub mod describe;
pub mod description_cache;
pub mod examine;
pub mod file_name;
pub mod install;
pub mod installation;
pub mod loose;
pub mod refusal;
pub mod remove;
pub mod shelf;
pub mod target;

#[cfg(test)]
mod tests;
