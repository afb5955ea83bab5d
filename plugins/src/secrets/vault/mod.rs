//! HashiCorp Vault.

mod client;
mod secret;

pub(super) use client::Vault;
