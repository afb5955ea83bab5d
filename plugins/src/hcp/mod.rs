//! The HCP Packer registry, which knows what was built before: who we are to it, where our part of it is, what is in it.
//!
//! `settings` and `credentials` come from the environment; a `client` holds a token and asks; `versions` are what the registry has now, and
//! `iterations` what it had before. Secrets are hidden in whatever is shown.

mod client;
mod credentials;
mod fault;
mod iterations;
pub(crate) mod select;
mod settings;
#[cfg(test)]
pub(crate) mod tests;
mod versions;
mod when;

pub(crate) use client::Client;
#[cfg(test)]
pub(crate) use fault::HcpError;
pub(crate) use when::go_time;
