//! Logging in by NTLMv2, and encrypting what is said afterwards (MS-NLMP). Knows no HTTP.

mod binding;
mod crypto;
mod login;
mod session;
mod wire;

pub(super) use binding::channel_binding;
pub(super) use login::{Identity, Login, NEGOTIATE, Nonces};
pub(super) use session::Session;
