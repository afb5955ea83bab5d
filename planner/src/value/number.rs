//! Exact numbers: binary floating point with 512 bits of mantissa, rounded half to even.

/// A number, or an infinity.
#[derive(Clone, Debug, PartialEq)]
pub struct Number(dashu_float::FBig<dashu_float::round::mode::HalfEven, 2>);

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self(dashu_float::FBig::from(value))
    }
}

impl Number {
    /// The same as an `i64`, when it is whole and fits.
    pub fn to_i64(&self) -> Option<i64> {
        i64::try_from(dashu_int::IBig::try_from(self.0.clone()).ok()?).ok()
    }
}
