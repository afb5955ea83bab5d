//! Exact numbers: binary floating point with up to 512 bits of mantissa, rounded half to even.

mod arithmetic;
mod float;
mod text;

pub use float::Number;
