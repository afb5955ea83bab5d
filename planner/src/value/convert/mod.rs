//! Conversion of values between types. It happens in four places only: operands, template interpolation, function
//! parameters and declared types.

mod apply;
mod error;
mod mismatch;
mod possible;

pub use apply::convert;
pub use error::{ConversionError, PathStep};
pub(super) use possible::{Safety, convertible};
