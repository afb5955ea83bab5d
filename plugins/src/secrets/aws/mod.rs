//! AWS: Secrets Manager, and the key management service.

mod client;
mod command;
mod endpoint;
mod fault;
mod identity;
mod key_service;
mod profile;
mod secrets_manager;
mod value;

pub(super) use fault::AwsError;
pub(crate) use key_service::AwsKey;
pub(super) use secrets_manager::SecretsManager;
