//! AWS Secrets Manager.

mod client;
mod command;
mod endpoint;
mod fault;
mod identity;
mod profile;
mod value;

pub(super) use client::SecretsManager;
pub(super) use fault::AwsError;
