//! Signatures of attestations: DSSE envelopes around in-toto statements, signed with a key in a file, a key in a key
//! service, or a key of the moment that Sigstore vouches for.

mod cloud;
mod envelope;
mod fault;
mod hex;
pub mod keyless;
mod kms;
mod private_key;
mod public_key;
mod service;
mod signer;

pub use envelope::{Envelope, EnvelopeSignature, STATEMENT};
pub use fault::SigningError;
pub use kms::KeyUri;
pub use private_key::PrivateKey;
pub use public_key::{PublicKey, Scheme};
pub use service::JsonService;
pub use signer::{Signer, Surroundings};
