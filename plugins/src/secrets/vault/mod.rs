//! HashiCorp Vault.

mod client;
mod secret;
mod transit;

pub(super) use client::Vault;
pub(crate) use transit::TransitKey;
