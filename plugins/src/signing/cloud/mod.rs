//! Key services of Google and Microsoft, which speak JSON.

pub(super) mod azure;
mod google;
mod jwk;
#[cfg(test)]
mod tests;

pub(super) use azure::AzureKey;
pub(super) use google::GoogleKey;
