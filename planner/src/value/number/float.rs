//! The number itself: its forms, comparison, and conversion from and to machine types.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use dashu_base::{BitTest, Signed};
use dashu_float::FBig;
use dashu_float::round::mode::HalfEven;
use dashu_int::IBig;

/// Bits of mantissa that a number keeps, unless it comes from an `f64`.
pub(super) const PRECISION: usize = 512;

/// Magnitudes of 2 to this power become infinite, the inverse of it zero. Far above anything a template holds, and low
/// enough that printing a number in full stays cheap.
pub(super) const EXPONENT_LIMIT: isize = 1 << 20;

/// The float that holds what a machine integer cannot.
pub(super) type Float = FBig<HalfEven, 2>;

/// A number of up to 512 bits of mantissa, or an infinity. Zero keeps its sign, but both zeros are equal.
///
/// What comes from an `f64` keeps 53 bits, and so does arithmetic among such numbers: it prints with the few digits that
/// identify an `f64`.
#[derive(Clone, Debug)]
pub struct Number(pub(super) Form);

/// How a number is held.
#[derive(Clone, Debug)]
pub(super) enum Form {
    /// Whole and within 64 bits.
    Small(i64),
    /// Zero with a minus sign.
    NegativeZero,
    /// Any other finite number, and one from an `f64` whatever it is.
    Big(Arc<Float>),
    /// Infinite; `true` below zero.
    Infinite(bool),
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self(Form::Small(value))
    }
}

impl From<usize> for Number {
    fn from(value: usize) -> Self {
        i64::try_from(value).map_or_else(|_| Self::from_parts(IBig::from(value), 0), Self::from)
    }
}

impl From<u64> for Number {
    fn from(value: u64) -> Self {
        i64::try_from(value).map_or_else(|_| Self::from_parts(IBig::from(value), 0), Self::from)
    }
}

impl Number {
    /// Above every other number.
    pub const INFINITY: Self = Self(Form::Infinite(false));
    /// Below every other number.
    pub const NEGATIVE_INFINITY: Self = Self(Form::Infinite(true));
    /// Zero.
    pub const ZERO: Self = Self(Form::Small(0));

    /// The nearest number to `significand` times 2 to the `exponent`.
    pub(super) fn from_parts(significand: IBig, exponent: isize) -> Self {
        let Some(trailing) = significand.trailing_zeros() else { return Self::ZERO };
        let top = exponent.saturating_add_unsigned(significand.bit_len());
        if top > EXPONENT_LIMIT {
            return Self(Form::Infinite(significand.is_negative()));
        }
        if top < -EXPONENT_LIMIT {
            return Self::ZERO;
        }
        if top <= 64 && exponent.saturating_add_unsigned(trailing) >= 0 {
            let whole =
                if exponent >= 0 { &significand << exponent as usize } else { &significand >> -exponent as usize };
            if let Ok(small) = i64::try_from(&whole) {
                return Self(Form::Small(small));
            }
        }
        Self::from_parts_within(significand, exponent, PRECISION)
    }

    /// The same with so many bits; for numbers within the limits of the exponent.
    fn from_parts_within(significand: IBig, exponent: isize, precision: usize) -> Self {
        Self(Form::Big(Arc::new(Float::from_parts(significand, exponent).with_precision(precision).value())))
    }

    /// The same number, rounded to what operands of this precision give.
    pub(super) fn rounded(self, precision: usize) -> Self {
        match self.parts() {
            Some((significand, exponent)) if precision != self.precision() && !significand.is_zero() => {
                Self::from_parts_within(significand, exponent, precision)
            }
            _ => self,
        }
    }

    /// How many bits of mantissa it keeps.
    pub(super) fn precision(&self) -> usize {
        if let Form::Big(float) = &self.0 { float.precision() } else { PRECISION }
    }

    /// Significand and exponent of a finite number; `None` for an infinity.
    pub(super) fn parts(&self) -> Option<(IBig, isize)> {
        match &self.0 {
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
            return Some(Self(Form::Infinite(value < 0.0)));
        }
        if value == 0.0 && value.is_sign_negative() {
            return Some(Self(Form::NegativeZero));
        }
        if value == 0.0 {
            return Some(Self::ZERO);
        }
        let float = Float::try_from(value).ok()?;
        let (significand, exponent) = float.into_repr().into_parts();
        Some(Self::from_parts_within(significand, exponent, f64::MANTISSA_DIGITS as usize))
    }

    /// The same as an `i64`, when it is whole and fits.
    pub fn to_i64(&self) -> Option<i64> {
        match &self.0 {
            Form::Small(value) => Some(*value),
            Form::NegativeZero => Some(0),
            Form::Big(_) => i64::try_from(self.to_big()?).ok(),
            Form::Infinite(_) => None,
        }
    }

    /// The same as a `u64`, when it is whole and fits.
    pub fn to_u64(&self) -> Option<u64> {
        match &self.0 {
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
        match &self.0 {
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
        match &self.0 {
            Form::Small(_) | Form::NegativeZero => true,
            Form::Big(float) => float.repr().exponent() >= 0,
            Form::Infinite(_) => false,
        }
    }

    /// Whether it is infinite.
    pub fn is_infinite(&self) -> bool {
        matches!(self.0, Form::Infinite(_))
    }

    /// Whether it is zero, of either sign.
    pub fn is_zero(&self) -> bool {
        matches!(self.0, Form::Small(0) | Form::NegativeZero)
    }

    /// Whether it carries a minus sign, negative zero included.
    pub fn is_negative(&self) -> bool {
        match &self.0 {
            Form::Small(value) => *value < 0,
            Form::NegativeZero => true,
            Form::Big(float) => float.repr().significand().is_negative(),
            Form::Infinite(negative) => *negative,
        }
    }
}

/// Equal is what prints the same. That decides between numbers of different precision: `0.1` from text is not quite the
/// `f64` that prints as `0.1`.
impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        if self.precision() == other.precision() || self.is_zero() {
            return self.cmp(other) == Ordering::Equal;
        }
        self.to_string() == other.to_string()
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
        match (&self.0, &other.0) {
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
        // What prints the same has the same nearest `f64`.
        let nearest = if self.is_zero() { 0.0 } else { self.to_f64() };
        nearest.to_bits().hash(state);
    }
}
