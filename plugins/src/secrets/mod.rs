//! Services that keep secrets, for the functions that ask for them: HashiCorp Vault, Consul, AWS Secrets Manager; and keys,
//! for what is signed with them.
//!
//! What they are asked and what they answer is never logged, and never part of an error.

mod address;
mod answer;
mod aws;
mod connection;
mod consul;
mod run;
mod services;
mod settings;
#[cfg(test)]
pub(crate) mod tests;
mod vault;

pub(crate) use aws::AwsKey;
pub use services::Services;
pub use settings::{Patience, SecretSettings};
pub(crate) use vault::TransitKey;
