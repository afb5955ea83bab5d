//! The number itself: its forms, comparison, and conversion from and to machine types.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use dashu_base::{BitTest, Sign, Signed};
use dashu_float::FBig;
use dashu_float::round::mode::HalfEven;
use dashu_int::{IBig, UBig};

/// Bits of mantissa of a number read from text.
pub(super) const TEXT_PRECISION: u32 = 512;

/// Bits of mantissa of a number made from a machine integer.
const INTEGER_PRECISION: u32 = 64;

/// Bits of mantissa of a number made from an `f64`.
const FLOAT_PRECISION: u32 = f64::MANTISSA_DIGITS;

/// Magnitudes of 2 to this power become infinite, the inverse of it zero. Far above anything a template holds, and low
/// enough that printing a number in full stays cheap.
pub(super) const EXPONENT_LIMIT: isize = 1 << 20;

/// The float that holds what a machine integer cannot.
pub(super) type Float = FBig<HalfEven, 2>;

/// A number with the bits of mantissa that it keeps, or an infinity. Zero keeps its sign, but both zeros are equal.
///
/// How many bits it keeps depends on where it comes from, and arithmetic goes on with the most of its operands. Nothing
/// else shows it but the digits of a quotient: those of two lengths stop long before those of two literals.
#[derive(Clone, Debug)]
pub struct Number {
    pub(super) form: Form,
    pub(super) precision: u32,
}

/// How a number is held. Each number has exactly one form, so that comparing forms compares numbers.
#[derive(Clone, Debug)]
pub(super) enum Form {
    /// Whole and within 64 bits.
    Small(i64),
    /// Zero with a minus sign.
    NegativeZero,
    /// Any other finite number.
    Big(Arc<Float>),
    /// Infinite; `true` below zero.
    Infinite(bool),
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self { form: Form::Small(value), precision: INTEGER_PRECISION }
    }
}

impl From<usize> for Number {
    fn from(value: usize) -> Self {
        Self::from(value as u64)
    }
}

impl From<u64> for Number {
    fn from(value: u64) -> Self {
        i64::try_from(value).map_or_else(|_| Self::from_parts(IBig::from(value), 0, INTEGER_PRECISION), Self::from)
    }
}

impl Form {
    fn nearest(significand: IBig, exponent: isize, precision: u32) -> Self {
        let Some(trailing) = significand.trailing_zeros() else { return Self::Small(0) };
        let top = exponent.saturating_add_unsigned(significand.bit_len());
        if top > EXPONENT_LIMIT {
            return Self::Infinite(significand.is_negative());
        }
        if top < -EXPONENT_LIMIT {
            return Self::Small(0);
        }
        let bits = significand.bit_len() - trailing;
        let (significand, exponent) = if bits > precision as usize {
            Float::from_parts(significand, exponent).with_precision(precision as usize).value().into_repr().into_parts()
        } else {
            (significand >> trailing, exponent.saturating_add_unsigned(trailing))
        };
        if (0..64).contains(&exponent)
            && let Ok(small) = i64::try_from(&significand << exponent as usize)
        {
            return Self::Small(small);
        }
        Self::Big(Arc::new(Float::from_parts(significand, exponent)))
    }
}

impl Number {
    /// Above every other number.
    pub const INFINITY: Self = Self { form: Form::Infinite(false), precision: FLOAT_PRECISION };
    /// Below every other number.
    pub const NEGATIVE_INFINITY: Self = Self { form: Form::Infinite(true), precision: FLOAT_PRECISION };
    /// Zero.
    pub const ZERO: Self = Self { form: Form::Small(0), precision: FLOAT_PRECISION };

    /// The nearest number of so many bits to `significand` times 2 to the `exponent`.
    pub(super) fn from_parts(significand: IBig, exponent: isize, precision: u32) -> Self {
        Self { form: Form::nearest(significand, exponent, precision), precision }
    }

    /// The nearest number of so many bits, as far as numbers keep any, to a whole `magnitude` (the highest byte first)
    /// times 2 to the `exponent`.
    pub fn from_binary(is_negative: bool, magnitude: &[u8], exponent: i64, precision: u32) -> Self {
        let sign = if is_negative { Sign::Negative } else { Sign::Positive };
        let significand = IBig::from_parts(sign, UBig::from_be_bytes(magnitude));
        let exponent = isize::try_from(exponent).unwrap_or(if exponent < 0 { isize::MIN } else { isize::MAX });
        Self::from_parts(significand, exponent, precision.clamp(1, TEXT_PRECISION))
    }

    /// Significand and exponent of a finite number; `None` for an infinity.
    pub(super) fn parts(&self) -> Option<(IBig, isize)> {
        match &self.form {
            Form::Small(value) => Some((IBig::from(*value), 0)),
            Form::NegativeZero => Some((IBig::ZERO, 0)),
            Form::Big(float) => Some((float.repr().significand().clone(), float.repr().exponent())),
            Form::Infinite(_) => None,
        }
    }

    /// The number nearest to `value`; `None` when it is not a number.
    pub fn from_f64(value: f64) -> Option<Self> {
        if value.is_nan() {
            return None;
        }
        if value.is_infinite() {
            return Some(Self { form: Form::Infinite(value < 0.0), precision: FLOAT_PRECISION });
        }
        if value == 0.0 && value.is_sign_negative() {
            return Some(Self { form: Form::NegativeZero, precision: FLOAT_PRECISION });
        }
        let float = Float::try_from(value).ok()?;
        Some(Self::from_parts(float.repr().significand().clone(), float.repr().exponent(), FLOAT_PRECISION))
    }

    /// The same as an `i64`, when it is whole and fits.
    pub fn to_i64(&self) -> Option<i64> {
        match &self.form {
            Form::Small(value) => Some(*value),
            Form::NegativeZero => Some(0),
            Form::Big(_) | Form::Infinite(_) => None,
        }
    }

    /// The same as a `u64`, when it is whole and fits.
    pub fn to_u64(&self) -> Option<u64> {
        match &self.form {
            Form::Small(value) => u64::try_from(*value).ok(),
            Form::NegativeZero => Some(0),
            Form::Big(_) => u64::try_from(self.to_big()?).ok(),
            Form::Infinite(_) => None,
        }
    }

    /// The same as a `usize`, when it is whole and fits.
    pub fn to_usize(&self) -> Option<usize> {
        usize::try_from(self.to_u64()?).ok()
    }

    /// The nearest `f64`; infinite when it is too large for one.
    pub fn to_f64(&self) -> f64 {
        match &self.form {
            Form::Small(value) => *value as f64,
            Form::NegativeZero => -0.0,
            Form::Big(float) => float.to_f64().value(),
            Form::Infinite(negative) => {
                if *negative {
                    f64::NEG_INFINITY
                } else {
                    f64::INFINITY
                }
            }
        }
    }

    /// The integer it is, if it is one.
    pub(super) fn to_big(&self) -> Option<IBig> {
        let (significand, exponent) = self.parts()?;
        (exponent >= 0).then(|| significand << exponent as usize)
    }

    /// Whether it has no fraction and is finite.
    pub fn is_whole(&self) -> bool {
        match &self.form {
            Form::Small(_) | Form::NegativeZero => true,
            Form::Big(float) => float.repr().exponent() >= 0,
            Form::Infinite(_) => false,
        }
    }

    /// Whether it is infinite.
    pub fn is_infinite(&self) -> bool {
        matches!(self.form, Form::Infinite(_))
    }

    /// Whether it is zero, of either sign.
    pub fn is_zero(&self) -> bool {
        matches!(self.form, Form::Small(0) | Form::NegativeZero)
    }

    /// Whether it carries a minus sign, negative zero included.
    pub fn is_negative(&self) -> bool {
        match &self.form {
            Form::Small(value) => *value < 0,
            Form::NegativeZero => true,
            Form::Big(float) => float.repr().significand().is_negative(),
            Form::Infinite(negative) => *negative,
        }
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.form, &other.form) {
            (Form::Small(a), Form::Small(b)) => a.cmp(b),
            (Form::Big(a), Form::Big(b)) => a.as_ref().cmp(b.as_ref()),
            (Form::Infinite(a), Form::Infinite(b)) => b.cmp(a),
            (Form::Infinite(negative), _) => below_if(*negative),
            (_, Form::Infinite(negative)) => below_if(*negative).reverse(),
            (Form::Big(a), _) => a.as_ref().cmp(&Float::from(other.to_i64().unwrap_or(0))),
            (_, Form::Big(b)) => Float::from(self.to_i64().unwrap_or(0)).cmp(b.as_ref()),
            _ => self.to_i64().cmp(&other.to_i64()),
        }
    }
}

fn below_if(negative: bool) -> Ordering {
    if negative { Ordering::Less } else { Ordering::Greater }
}

impl Hash for Number {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.form {
            Form::Small(value) => value.hash(state),
            Form::NegativeZero => 0i64.hash(state),
            Form::Big(float) => (float.repr().significand(), float.repr().exponent()).hash(state),
            Form::Infinite(negative) => (2u8, negative).hash(state),
        }
    }
}
