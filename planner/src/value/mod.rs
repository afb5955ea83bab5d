//! The value model: types, values (with unknowns), exact numbers, conversion and unification. Semantics are those of
//! go-cty 1.13, as the reference uses it.

pub mod model;
pub mod number;
pub mod ty;

pub use model::Value;
pub use number::Number;
pub use ty::{ObjectType, Type};
