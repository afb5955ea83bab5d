//! The value model: types, values (with unknowns), exact numbers, conversion and unification. Semantics are those of
//! go-cty 1.13, as the reference uses it.

pub mod constraint;
pub mod convert;
pub mod display;
pub mod equal;
pub mod graphemes;
pub mod json;
pub mod model;
pub mod notation;
pub mod number;
mod set;
pub mod ty;
pub mod unify;

pub use constraint::Constraint;
pub use convert::{ConversionError, PathStep, convert};
pub use equal::equal;
pub use model::Value;
pub use notation::quote;
pub use number::Number;
pub(crate) use set::Members;
pub use ty::{ObjectType, Type};
pub use unify::unify;
