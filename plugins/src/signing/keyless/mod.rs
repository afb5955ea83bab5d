//! Keyless signatures: an identity provider says who we are, Fulcio vouches for a key that exists for a moment, and Rekor
//! remembers that it signed.

mod bundle;
mod certificate;
#[cfg(test)]
pub(crate) mod fake;
mod fulcio;
mod rekor;
mod sign;
#[cfg(test)]
mod tests;
mod token;
mod trusted_root;

pub use bundle::Bundle;
pub use sign::{Keyless, Sealed};
pub use token::{IdentityToken, TokenSource};
pub use trusted_root::TrustedRoot;
