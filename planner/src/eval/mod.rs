//! Expressions to values.
//!
//! [`evaluate`] walks the tree of [`crate::syntax::ast`] with the variables of a [`Lookup`] and the functions of a
//! [`Functions`] table. Functions are the only ones that touch the world, by way of a [`Host`].

mod access;
mod base64_text;
mod budget;
mod call;
mod charset;
mod choice;
mod collection;
mod evaluator;
pub mod functions;
mod host;
mod iteration;
mod json;
mod lookup;
mod operation;
mod pattern;
mod reference;
mod secrets;
mod select;
mod span;
mod template;
#[cfg(test)]
mod tests;
mod witness;
mod yaml;

pub use crate::syntax::ast::Expr;
pub use evaluator::{Scope, evaluate, evaluate_cleanly, evaluate_constant, explain};
pub use functions::Functions;
pub use host::{Clock, Host};
pub use iteration::pairs;
pub use lookup::{Found, Lookup, MapLookup};
pub use reference::{Reference, ReferenceStep, references};
pub use secrets::{NoSecrets, SecretError, SecretStore};
