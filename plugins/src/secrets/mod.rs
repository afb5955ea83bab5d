//! Services that keep secrets, for the functions that ask for them: HashiCorp Vault, Consul, AWS Secrets Manager.
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
mod tests;
mod vault;

pub use services::Services;
pub use settings::{Patience, SecretSettings};
